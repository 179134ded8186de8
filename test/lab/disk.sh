#!/bin/bash
# The disk of one host: an ext4 file system with everything in it. Called in a mount namespace of its own.
#   disk.sh SLOT_DIR LOWER_LAYERS
set -euo pipefail
dir=$1 lower=$2

mkdir -p "$dir/upper" "$dir/work" "$dir/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
mke2fs -q -t ext4 -L nixos -d "$dir/root" "$dir/disk" 6G
