# facts.sh CHECKOUT [ADDRESS…]: everything fleet wants to know of a hypervisor, in one go.
# Reads only. Records are lines of tab-separated fields; two sections hold a tool's own output.
checkout=$R$1
shift

record() {
	printf '%s' "$1"
	shift
	for field; do printf '\t%s' "$field"; done
	printf '\n'
}

# Guests are asked in the background while the rest is read.
answers=
if [ $# -gt 0 ]; then
	answers=$(mktemp -d)
	trap 'rm -rf "$answers"' EXIT
	for address; do
		(ping -n -q -c 1 -W 1 "$address" >/dev/null 2>&1 && : >"$answers/$address") &
	done
fi

echo 'fleet-facts 1'
record now "$(date +%s)"
record machine "$(uname -m)"
record client "${SSH_CONNECTION:-}"
read -r boot_id <"$R/proc/sys/kernel/random/boot_id" && record boot "$boot_id"
record current-system "$(target "$R/run/current-system")"
record booted-system "$(target "$R/run/booted-system")"
record system-profile "$(readlink -f "$system_profile" 2>/dev/null || true)"
for part in kernel initrd kernel-modules; do
	record "part" "$part" "$(target "$R/run/current-system/$part")" "$(target "$R/run/booted-system/$part")"
done
for tool in git ip microvm nix nix-env ping systemctl systemd-run; do
	command -v "$tool" >/dev/null || record missing "$tool"
done
[ ! -e "$R/run/fleet/seen" ] || record seen
for disk in /nix/store /boot; do
	[ ! -d "$R$disk" ] || df -Pk "$R$disk" | {
		read -r _
		read -r _ _ _ free _
		record free "$disk" "$free"
	}
done
while read -r key value _; do
	[ "$key" != MemAvailable: ] || record memory "$value"
done <"$R/proc/meminfo"

if [ -f "$state/lock/info" ]; then
	while IFS= read -r line; do record lock "$line"; done <"$state/lock/info"
elif [ -d "$state/lock" ]; then
	record lock
fi

if [ -d "$checkout/.git" ]; then
	# One line each: "# branch.oid SHA", "# branch.head NAME", then whatever is dirty.
	git -C "$checkout" status --porcelain=v2 --branch 2>/dev/null |
		while IFS= read -r line; do record checkout "$line"; done
fi

for kind in deployed held; do
	for file in "$state/$kind"/*; do
		[ -f "$file" ] || continue
		while IFS= read -r line; do record "$kind" "${file##*/}" "$line"; done <"$file"
	done
done
for folder in "$state"/aside/*/*; do
	[ ! -d "$folder" ] || record aside "${folder##*/}" "${folder#"$R"}"
done
for folder in "$state"/deployments/*; do
	[ ! -d "$folder" ] || [ -f "$folder/result" ] || record open "${folder##*/}"
done

for folder in "$vms"/*; do
	[ -d "$folder" ] || continue
	flake=
	[ ! -f "$folder/flake" ] || read -r flake <"$folder/flake" || true
	declarative=no
	[ ! -e "$folder/toplevel" ] || declarative=yes
	record vm "${folder##*/}" "$(target "$folder/current")" "$(target "$folder/booted")" "$declarative" "$flake"
	for image in "$folder"/*.img; do
		[ ! -f "$image" ] || record volume "${folder##*/}" "${image##*/}"
	done
done

echo '== units'
# Patterns match units that are loaded; one that is not listed is inactive.
systemctl show --no-pager -p Id -p ActiveState -p SubState -p InvocationID -p NRestarts -p Result \
	'microvm@*.service' 'microvm-virtiofsd@*.service' 2>/dev/null || true
echo
echo '== failed'
systemctl list-units --no-pager --no-legend --plain --full --state=failed 2>/dev/null || true
echo '== addresses'
ip -j address show 2>/dev/null || true
echo
echo '== routes'
ip -j route show 2>/dev/null || true
echo
echo '== answers'
if [ -n "$answers" ]; then
	wait
	for address; do
		if [ -e "$answers/$address" ]; then echo "yes $address"; else echo "no $address"; fi
	done
fi
echo '== end'
