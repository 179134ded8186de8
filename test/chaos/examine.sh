#!/bin/sh
# What is so on a hypervisor, read with its own tools: `KIND<tab>NAME<tab>VALUE` a line.
#   examine.sh BOOT_DEFAULT_COMMAND ADDRESS…
# KIND is `is`, `volume`, `aside`, `marker` (something that no deployment may leave) or `ip`.
R=${FLEET_ROOT:-}
state=$R/var/lib/fleet
vms=$R/var/lib/microvms

say() { printf '%s\t%s\t%s\n' "$1" "$2" "${3#"$R"}"; }

boot_default=$1
shift
for address; do
	{
		answer=no
		ping -n -q -c 1 -W 1 "$address" >/dev/null 2>&1 && answer=yes
		say is "$address answers" "$answer"
	} &
done

say is system "$(readlink "$R/run/current-system")"
say is profile "$(readlink -f "$R/nix/var/nix/profiles/system")"
say is 'boot default' "$(eval "$boot_default")"

for folder in "$vms"/*; do
	[ -d "$folder" ] || continue
	name=${folder##*/}
	runs=$(systemctl show -p ActiveState --value "microvm@$name.service")
	current=$(readlink "$folder/current")
	booted=$(readlink "$folder/booted")
	say is "$name runs" "$runs"
	say is "$name current" "$current"
	[ "$runs" != active ] || say is "$name booted" "$booted"
	[ "$runs" != active ] || [ "$current" = "$booted" ] || say marker "$name" 'current differs from booted'
done

# A file system that a guest has mounted changes all the time: it has to be the same one. Of anything else
# the last MiB counts, which no guest writes to.
fingerprint() {
	if [ "$(dd if="$1" bs=1 skip=1080 count=2 2>/dev/null | od -An -tx1 | tr -d ' ')" = 53ef ]; then
		dd if="$1" bs=1 skip=1128 count=16 2>/dev/null
	else
		tail -c 1048576 "$1"
	fi | git hash-object --stdin
}
volumes() {
	kind=$1
	shift
	for image; do
		[ -f "$image" ] || continue
		folder=${image%/*}
		say "$kind" "${folder##*/} ${image##*/}" "$(fingerprint "$image")"
	done
}
volumes aside "$vms"/.aside/*/*/*.img
volumes volume "$vms"/*/*.img

if [ -e "$state/lock" ] || [ -L "$state/lock" ]; then say marker lock "$(readlink "$state/lock")"; fi
for folder in "$state"/deployments/*; do
	if [ ! -d "$folder" ] || [ -f "$folder/result" ]; then continue; fi
	# Cut off before it had a way back, or the lock: nobody waits for it, and the next one tidies it up.
	[ -e "$folder/begun" ] || [ -e "$folder/back.sh" ] || continue
	say marker "${folder##*/}" "no result, decided: $(readlink "$folder/decided")"
done
systemctl list-units --no-legend --plain 'fleet-*.service' 'fleet-*.timer' |
	while read -r unit _ active sub _; do
		case $unit in fleet-autostart.service | fleet-recover.service) ;; *) say marker "$unit" "$active $sub" ;; esac
	done

wait
printf 'ip\t\t%s\n' "$(ip -j address show | tr -d '\n')"
