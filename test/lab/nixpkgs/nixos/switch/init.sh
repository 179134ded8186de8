#!/bin/bash
# NixOS' stage 2: the first process of a boot activates its system, then becomes systemd.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo "<<< NixOS Stage 2: @toplevel@ >>>"
# Nobody writes into the store but Nix, which makes it writable for itself.
mount --bind /nix/store /nix/store && mount -o remount,ro,bind /nix/store
ln -sfn @toplevel@ /run/booted-system
@toplevel@/activate || echo 'activation reported a failure'
exec /usr/lib/systemd/systemd
