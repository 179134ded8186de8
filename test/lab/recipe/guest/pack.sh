#!/bin/bash
# Makes the kernel and the initramfs of the guests, from what is installed in the root it runs in.
set -euo pipefail
source=$1
target=$2
tree=$(mktemp -d)

mkdir -p "$target" "$tree"/{bin,dev,mnt,modules,proc,sys}
chmod 755 "$tree"
cp /bin/busybox "$tree/bin/"
chroot "$tree" /bin/busybox --install -s /bin
for module in failover net_failover virtio_net virtio_blk qemu_fw_cfg; do
  find /lib/modules -name "$module.ko.xz" -exec xz -dc {} + > "$tree/modules/$module.ko"
done
install -m 755 "$source/init.sh" "$tree/init"
install -m 755 "$source/http.sh" "$tree/http.sh"
install -m 755 "$source/systemctl.sh" "$tree/bin/systemctl"

pack() { (cd "$1" && find . | cpio --quiet -o -H newc); }
pack "$tree" | gzip -1 > "$target/initrd"

# For guests with an sshd of their own, Debian's with its libraries. Not packed, and not in what all
# have: an emulated processor would take its time for it.
programs=(/usr/sbin/sshd /usr/lib/openssh/sshd-{auth,session} /usr/bin/ssh-keygen)
more=$(mktemp -d)
chmod 755 "$more"
mapfile -t libraries < <(ldd "${programs[@]}" | grep -o '/lib[^ ]*\.so[^ :]*' | sort -u)
cp --dereference --parents "${programs[@]}" "${libraries[@]}" "$more"
mkdir -p "$more"/{etc/ssh,run/sshd,home,root,tmp,var}
printf 'root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n' > "$more/etc/passwd"
printf 'root:x:0:\nusers:x:100:\nnogroup:x:65534:\n' > "$more/etc/group"
pack "$more" | cat - "$target/initrd" > "$target/initrd-sshd"

# As it is installed, for machines that find their ACPI tables only when a boot loader brings the kernel.
cp /boot/vmlinuz-* "$target/bzImage"

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
rm -r "$tree" "$more"
