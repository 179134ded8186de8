#!/bin/bash
# The machine's firmware and boot loader: starts the default entry, as /boot holds it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
default=$(cat /boot/loader/default)
toplevel=$(cat "/boot/loader/entries/$default")
exec "$toplevel/init"
