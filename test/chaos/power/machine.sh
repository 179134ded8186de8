#!/bin/bash
# A small machine with a kernel and a disk of its own, in QEMU by emulation: no systemd, no network. It runs one script from
# its second disk, and its console is our output. Called in a mount namespace of its own.
#   machine.sh FOLDER DEBIAN GUEST
# FOLDER has disk, script and init; GUEST the kernel and the initramfs of the lab's guests.
set -euo pipefail
dir=$1 debian=$2 guest=$3

[ -e "$dir/disk" ] || mke2fs -q -t ext4 -d "$debian/." "$dir/disk" 1G
[ -e "$dir/initrd" ] || {
  mkdir "$dir/tree" && install -m 755 "$dir/init" "$dir/tree/init"
  (cd "$dir/tree" && find . | cpio --quiet -o -H newc | gzip -1) | cat "$guest/initrd" - >"$dir/initrd"
}
mkdir -p "$dir/root"
mount --bind "$debian" "$dir/root"
mount --rbind /dev "$dir/root/dev"
mount --bind "$dir" "$dir/root/mnt"
cp --reflink=auto "$guest/kernel" "$dir/kernel" 2>/dev/null || true
# What was written and not synced is in the machine's memory alone: SIGKILL of QEMU is a power cut.
exec chroot "$dir/root" qemu-system-x86_64 -M q35,accel=tcg -cpu max -m 384 -nodefaults -no-user-config -no-reboot \
  -nographic -serial stdio -device virtio-rng-pci -kernel /mnt/kernel -initrd /mnt/initrd \
  -append 'console=ttyS0 quiet loglevel=1 mitigations=off panic=-1' \
  -drive file=/mnt/disk,format=raw,if=none,id=disk,cache=writeback -device virtio-blk-pci,drive=disk \
  -drive file=/mnt/script,format=raw,if=none,id=script,readonly=on -device virtio-blk-pci,drive=script
