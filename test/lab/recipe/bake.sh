#!/bin/bash
# Fills the layer `host/` and the layers `slots/N/`. Runs in namespaces that recipe.sh makes.
set -euo pipefail
: "${LAYERS:?}" "${DEBIAN:?}" "${TARGET:?}" "${RECIPE:?}" "${SLOTS:?}"
work=$LAYERS/work
root=$work/root
mkdir -p "$work/overlay" "$root"
mount -t overlay overlay -o "lowerdir=$DEBIAN,upperdir=$LAYERS/host,workdir=$work/overlay" "$root"

mkdir -p "$root$TARGET/inputs" "$root/opt/lab"
mount --bind "$LAYERS/inputs" "$root$TARGET/inputs"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp -r "$RECIPE/guest" "$root/opt/lab/guest-source"
install "$RECIPE/host/bootloader.sh" "$root/opt/lab/bootloader"
install "$RECIPE/host/bake.sh" "$root/opt/lab/bake"
chroot "$root" /usr/bin/env -i HOME=/root INPUTS="$TARGET/inputs" SLOTS="$SLOTS" /opt/lab/bake

# The machine of one slot: generation 1 of the system profile is its system, and it boots that.
for slot in $(seq "$SLOTS"); do
  toplevel=$(readlink "$root/opt/lab/slots/$slot")
  profiles=$LAYERS/slots/$slot/nix/var/nix/profiles
  boot=$LAYERS/slots/$slot/boot/loader
  mkdir -p "$profiles" "$boot/entries"
  ln -s "$toplevel" "$profiles/system-1-link"
  ln -s system-1-link "$profiles/system"
  echo "$toplevel" > "$boot/entries/nixos-generation-1.conf"
  echo nixos-generation-1.conf > "$boot/default"
done
