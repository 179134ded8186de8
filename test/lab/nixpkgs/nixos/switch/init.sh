#!/bin/bash
# NixOS' stage 2: the first process of a boot activates its system, then becomes systemd.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo "<<< NixOS Stage 2: @toplevel@ >>>"
ln -sfn @toplevel@ /run/booted-system
@toplevel@/activate || echo 'activation reported a failure'
exec /usr/lib/systemd/systemd
