#!/bin/bash
# Becomes QEMU for one emulated host, with the QEMU and the kernel of the lab's Debian. Called in a mount
# namespace of its own.
#   machine.sh SLOT_DIR DEBIAN TAP
set -euo pipefail
dir=$1 debian=$2 tap=$3

mkdir -p "$dir/root"
mount --bind "$debian" "$dir/root"
mount --rbind /dev "$dir/root/dev"
mount --bind "$dir" "$dir/root/mnt"
kernel=$(cd "$debian/boot" && echo vmlinuz-*)

# What was written and not synced is in the guest's memory alone: SIGKILL of QEMU is a power cut.
exec chroot "$dir/root" qemu-system-x86_64 -M q35,accel=tcg -cpu max -smp 2 -m 2048 \
  -nodefaults -no-user-config -nographic -serial stdio -device virtio-rng-pci \
  -kernel "/boot/$kernel" -initrd "/boot/initrd.img-${kernel#vmlinuz-}" \
  -append 'root=/dev/vda rw console=ttyS0 quiet loglevel=3 mitigations=off init=/opt/lab/bootloader' \
  -drive file=/mnt/disk,format=raw,if=virtio,cache=writeback \
  -netdev "tap,id=net,ifname=$tap,script=no,downscript=no" -device virtio-net-pci,netdev=net
