#!/bin/bash
# The disk of an emulated host: an ext4 file system with everything in it. Called in a mount namespace
# of its own.
#   disk.sh SLOT_DIR LOWER_LAYERS INPUTS
set -euo pipefail
dir=$1 lower=$2 inputs=$3

mkdir -p "$dir/upper$inputs" "$dir/work" "$dir/root" "$dir/upper/usr/lib/systemd/network"
cp -r "$inputs/." "$dir/upper$inputs/"
# Its network card goes by the name that the cable of a container has.
printf '[Match]\nDriver=virtio_net\n[Link]\nName=host0\n' > "$dir/upper/usr/lib/systemd/network/10-host0.link"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
rm -f "$dir/disk"
mke2fs -q -t ext4 -L nixos -d "$dir/root" "$dir/disk" 6G
