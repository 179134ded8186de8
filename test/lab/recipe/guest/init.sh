#!/bin/sh
# First process of every guest. The kernel command line says all there is to know:
#   lab.net=MAC,ADDRESS[+ADDRESS…],GATEWAY   one per interface
#   lab.mount=DEVICE,MOUNT,FS                one per volume; a failing one stops the boot
#   lab.share=TAG,MOUNT                      one per share; a failing one stops the boot
#   lab.user=NAME                            one per user who may log in
#   lab.tcp=PORT[,PORT…]                     accepts connections
#   lab.http=PORT[:STATUS][,…]               answers every request, with 200 unless told otherwise
#   lab.shell=PORT                           runs what it is sent
#   lab.sshd=HOST_KEY[,HOST_KEY…]            starts sshd; makes the keys that are not there
#   lab.root                                 what of its system QEMU brings is laid over the root, and its services'
#                                            scripts run; so with lab.sshd
#   lab.mute                                 boots and never answers
#   lab.die=SECONDS                          powers off that long after its network is up
#   lab.reboot=SECONDS, lab.panic=SECONDS    reboots, or panics, that long after its network is up
#   lab.hang-stop                            does not heed ctrl-alt-del
# shellcheck disable=SC2013 # words are what is wanted
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in failover net_failover virtio_net virtio_blk; do
  insmod "/modules/$module.ko"
done

say() { echo "guest: $*" > /dev/console; }
# Every value that the kernel command line gives a key.
values() {
  for word in $(cat /proc/cmdline); do
    case $word in
      "$1") echo yes ;;
      "$1="*) echo "${word#*=}" ;;
    esac
  done
}
split() { echo "$1" | tr "$2" ' '; }
emergency() {
  say "cannot mount $1 on $2: emergency mode"
  while :; do sleep 3600; done
}

# Without this the kernel resets the machine; with it the first process is told, and must not mind.
if [ -n "$(values lab.hang-stop)" ]; then
  echo 0 > /proc/sys/kernel/ctrl-alt-del
  trap '' INT
fi

for volume in $(values lab.mount); do
  # shellcheck disable=SC2046 # three words
  set -- $(split "$volume" ,)
  device=$1
  case $device in LABEL=*) device=$(findfs "$device") ;; esac
  mkdir -p "$2"
  mount -t "$3" "$device" "$2" || emergency "$1" "$2"
  date >> "$2/boots"
  sync
done

for share in $(values lab.share); do
  # shellcheck disable=SC2046 # two words
  set -- $(split "$share" ,)
  mkdir -p "$2"
  mount -t virtiofs "$1" "$2" || emergency "$1" "$2"
done

if [ -n "$(values lab.mute)" ]; then
  say 'muted'
  while :; do sleep 3600; done
fi

ip link set lo up
for nic in $(values lab.net); do
  # shellcheck disable=SC2046
  set -- $(split "$nic" ,)
  for device in /sys/class/net/*; do
    [ "$(cat "$device/address")" = "$1" ] || continue
    device=${device##*/}
    ip link set "$device" up
    for address in $(split "$2" +); do ip address add "$address" dev "$device"; done
    [ -z "$3" ] || ip route add default via "$3"
    say "$device has $2"
  done
done

for port in $(split "$(values lab.tcp)" ,); do
  nc -ll -p "$port" -e true &
done
for port in $(split "$(values lab.http)" ,); do
  status=${port#*:}
  [ "$status" != "$port" ] || status=200
  nc -ll -p "${port%:*}" -e /http.sh "$status" &
done
for port in $(values lab.shell); do
  nc -ll -p "$port" -e sh &
done

if [ -n "$(values lab.sshd)$(values lab.root)" ]; then
  insmod /modules/qemu_fw_cfg.ko
  tar -x -C / < /sys/firmware/qemu_fw_cfg/by_name/opt/lab/root/raw
  cat /etc/lab/group >> /etc/group
fi

id=1000
for user in $(values lab.user); do
  echo "$user:x:$id:100::/home/$user:/bin/sh" >> /etc/passwd
  mkdir -p "/home/$user"
  chown "$id" "/home/$user"
  id=$((id + 1))
done
for keys in $(values lab.sshd); do
  for key in $(split "$keys" ,); do
    [ -e "$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$key"
  done
  # The text of the system's own configuration, but for what only a whole system has.
  /usr/sbin/sshd -f /etc/ssh/sshd_config -o UsePAM=no -o "SetEnv=PATH=$PATH $(cat /etc/lab/environment)"
done

for script in /etc/lab/services/*; do
  [ -x "$script" ] || continue
  { "$script" 2>&1 || { echo failed && mkdir -p /run/failed && : > "/run/failed/${script##*/}"; }; } < /dev/null | while read -r line; do say "${script##*/}: $line"; done &
done

say 'up'
for seconds in $(values lab.die); do
  sleep "$seconds"
  say 'dies'
  poweroff -f
done
for seconds in $(values lab.reboot); do
  sleep "$seconds"
  reboot -f
done
for seconds in $(values lab.panic); do
  sleep "$seconds"
  # As when its first process ends.
  echo c > /proc/sysrq-trigger
done
while :; do sleep 3600; done
