#!/bin/bash
# A small machine with a kernel and a disk of its own, in QEMU by emulation: no systemd, no network. It runs one script; QEMU writes down
# whatever its disk is told to write and to flush, in its order. Called in a mount namespace of its own.
#   machine.sh FOLDER DEBIAN GUEST
# FOLDER has script and disk, an ext4 file system with room for notes behind it, and gets log; GUEST has the kernel and the
# initramfs of the lab's guests.
set -euo pipefail
dir=$1 debian=$2 guest=$3

# Debian's own programs, with their libraries: busybox' sync and mv are others.
programs=(base64 bash cat cut date dash dd df find flock grep head id jq ln ls mkdir mount mv od rm sed setpriv sync tail touch tr wc)
tree=$dir/tree
mkdir -p "$tree"/root/{dev,proc,run,sys,tmp,usr/bin,var/lib/fleet}
for name in bin lib lib64; do ln -s "usr/$name" "$tree/root/$name"; done
libraries=$(chroot "$debian" ldd "${programs[@]/#//usr/bin/}" | sed -n 's|^.*[[:space:]]\(/lib[^ ]*\) (0x.*$|/usr\1|p' | sort -u)
(cd "$debian" && printf '%s\n' "${programs[@]/#//usr/bin/}" "$libraries" | sed 's|^/||' | xargs cp --parents -L -t "$tree/root")
ln -s dash "$tree/root/usr/bin/sh"
install -m 755 "$dir/script" "$tree/root/script"
cat >"$tree/init" <<'END'
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
insmod /modules/virtio_blk.ko
for folder in proc sys dev; do mount --bind /$folder /root/$folder; done
mount -t ext4 /dev/vda /root/var/lib/fleet
PATH=/usr/bin chroot /root /usr/bin/bash /script </dev/null >/dev/console 2>&1
echo "fleet-ended $?"
echo o >/proc/sysrq-trigger
sleep 1000
END
chmod 755 "$tree/init"
(cd "$tree" && find . | cpio --quiet -o -H newc | gzip -1) | cat "$guest/initrd" - >"$dir/initrd"
cp --reflink=auto "$guest/kernel" "$dir/kernel"
: >"$dir/log"

mkdir "$dir/root"
mount --bind "$debian" "$dir/root"
mount --rbind /dev "$dir/root/dev"
mount --bind "$dir" "$dir/root/mnt"
exec chroot "$dir/root" qemu-system-x86_64 -M q35,accel=tcg -cpu max -m 256 -nodefaults -no-user-config -no-reboot \
  -nographic -serial stdio -device virtio-rng-pci -kernel /mnt/kernel -initrd /mnt/initrd \
  -append 'console=ttyS0 quiet loglevel=1 mitigations=off noreplace-smp cryptomgr.notests initcall_blacklist=jent_mod_init panic=-1' \
  -blockdev driver=file,node-name=disk,filename=/mnt/disk -blockdev driver=file,node-name=log,filename=/mnt/log \
  -blockdev driver=blklogwrites,node-name=logged,file=disk,log=log,log-sector-size=512 \
  -device virtio-blk-pci,drive=logged,write-cache=on,discard=off,write-zeroes=off
