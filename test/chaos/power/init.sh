#!/bin/sh
# First process of the machine of machine.sh.
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
insmod /modules/virtio_blk.ko
mount -t ext4 /dev/vda /mnt
for folder in proc sys dev; do mount --bind /$folder /mnt/$folder; done
mount -t tmpfs tmpfs /mnt/run
# Disks end at a sector.
tr -d '\000' < /dev/vdb > /mnt/run/script
export PATH=/usr/sbin:/usr/bin
chroot /mnt /bin/bash /run/script < /dev/null
echo 'fleet-ended' > /dev/console
while :; do sleep 3600; done
