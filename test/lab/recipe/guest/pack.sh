#!/bin/bash
# Makes the kernel and the initramfs of the guests, from what is installed in the root it runs in.
set -euo pipefail
source=$1
target=$2
tree=$(mktemp -d)

mkdir -p "$target" "$tree"/{bin,dev,mnt,modules,proc,sys}
cp /bin/busybox "$tree/bin/"
chroot "$tree" /bin/busybox --install -s /bin
for module in failover net_failover virtio_net virtio_blk; do
  find /lib/modules -name "$module.ko.xz" -exec xz -dc {} + > "$tree/modules/$module.ko"
done
install -m 755 "$source/init.sh" "$tree/init"
install -m 755 "$source/http.sh" "$tree/http.sh"

(cd "$tree" && find . | cpio --quiet -o -H newc) | gzip -1 > "$target/initrd"

# The kernel unpacked, which an emulated processor would take seconds for: where the packed part
# lies is said at fixed places of the boot protocol's header; its last four bytes are its size.
image=$(echo /boot/vmlinuz-*)
number() { od --address-radix=n --format="u$2" --skip-bytes="$1" --read-bytes="$2" "$image"; }
offset=$((($(number 0x1f1 1) + 1) * 512 + $(number 0x248 4)))
length=$(($(number 0x24c 4) - 4))
dd "if=$image" iflag=skip_bytes,count_bytes "skip=$offset" "count=$length" bs=1M status=none |
  zstd -dc > "$target/kernel"

# Stands where a guest's own store disk would be: volumes after it move by one letter.
truncate -s 1M "$target/store"
rm -r "$tree"
