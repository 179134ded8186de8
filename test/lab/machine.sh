#!/bin/bash
# Becomes systemd-nspawn for one host. Called in a mount namespace of its own, which takes the
# root's mounts with it when the host ends, however it ends.
#   machine.sh NAME HOSTNAME SLOT_DIR LOWER_LAYERS INPUTS CGROUP…
set -euo pipefail
name=$1 hostname=$2 dir=$3 lower=$4 inputs=$5
shift 5

for group; do
  mkdir -p "$group"
  echo $$ > "$group/cgroup.procs"
done

mkdir -p "$dir/root"
if [ -e "$dir/disk" ]; then
  # Mounted twice it would be ruined: whoever had it before lets go a moment after its processes.
  for _ in {1..100}; do
    [ -n "$(losetup --associated "$dir/disk")" ] || break
    sleep 0.1
  done
  [ -z "$(losetup --associated "$dir/disk")" ]
  mount -o loop "$dir/disk" "$dir/root"
  mkdir -p "$dir/root$inputs"
else
  mkdir -p "$dir/upper$inputs" "$dir/work"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
fi

# Nodes of the lab's own: inside everybody may open them, as on NixOS; outside nothing changes.
devices=()
node() {
  [ -e "$dir/$1" ] || mknod "$dir/$1" c 10 "$2"
  chmod 666 "$dir/$1"
  devices+=("--bind=$dir/$1:/dev/$3")
}
node tun 200 net/tun
if [ "${FLEET_LAB_KVM:-}" = 1 ]; then node kvm 232 kvm; fi

# The boot loader is the first process; it ends up being systemd, so the signals are systemd's.
exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --console=pipe \
  --directory="$dir/root" --machine="$name" --hostname="$hostname" \
  --network-veth-extra="$name:host0" --bind-ro="$inputs" "${devices[@]}" \
  --kill-signal=SIGRTMIN+3 /opt/lab/bootloader
