#!/bin/sh
# In place of systemctl in a guest that has no systemd: lists its services whose scripts have failed.
case "$*" in
  list-units*--state=failed*)
    for file in /run/failed/*; do
      [ ! -e "$file" ] || echo "${file##*/}.service loaded failed failed"
    done
    ;;
  *)
    echo "systemctl: the lab's cannot $*" >&2
    exit 1
    ;;
esac
