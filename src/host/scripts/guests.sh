# Behind lib.sh, in front of facts.sh and health.sh: how guests are. Both say it in the same words, and fleet reads
# both by the same function.

record() {
	printf '%s' "$1"
	shift
	for field; do printf '\t%s' "$field"; done
	printf '\n'
}

# ask_guests OPTIONS ADDRESS…: asks them in the background, while the rest is read, whether they answer.
ask_guests() {
	answers='' patience=$1
	shift
	[ $# -gt 0 ] || return 0
	answers=$(mktemp -d)
	trap 'rm -rf "$answers"' EXIT
	for address; do
		# shellcheck disable=SC2086 # words
		(ping -n -q -c 1 $patience "$address" >/dev/null 2>&1 && : >"$answers/$address") &
	done
}

# print_answers ADDRESS…: of those that were asked.
print_answers() {
	echo '== answers'
	[ -n "$answers" ] || return 0
	wait
	for address; do
		if [ -e "$answers/$address" ]; then echo "yes $address"; else echo "no $address"; fi
	done
}

# of_vms "/LINK…" COMMAND…: with these of each vm behind it; `/` is its folder. Group kvm may have made more there.
of_vms() {
	what=$1 found=
	shift
	for folder in "$vms"/*; do
		is_vm "$folder" || continue
		for link in $what; do
			[ "$link" = / ] || [ -L "$folder$link" ] || continue
			found=yes
			set -- "$@" "$folder$link"
		done
	done
	[ -z "$found" ] || "$@" 2>/dev/null || true
}

# Targets are whatever somebody in group kvm wrote: -q keeps each on its line.
print_runners() {
	echo '== runners'
	of_vms '/current /booted' env LC_ALL=C ls -ldq
}

# print_units PATTERN…: of guests, and these. Patterns match units that are loaded; one that is not listed is
# inactive, and no job waits for it. For a moment, as when it starts itself anew in a switch, systemd may not say:
# nobody is taken for stopped then.
# shellcheck disable=SC2120
print_units() {
	echo '== units'
	tries=5
	until
		listed=$(systemctl show --no-pager -p Id -p ActiveState -p SubState -p InvocationID -p ActiveEnterTimestampMonotonic -p Job \
			"$guest_units*.service" "$@" 2>/dev/null)
	do
		# Whose systemctl is missing is told so.
		command -v systemctl >/dev/null || break
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] ||
			die host.no-units "systemd does not say which guests run here: see systemctl list-units there, then try again"
		sleep 1
	done
	printf '%s\n\n' "$listed"
}

print_addresses() {
	echo '== addresses'
	ip -j address show 2>/dev/null || true
	echo
}
