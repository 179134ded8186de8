# After lib.sh, in front of facts.sh and health.sh: prints the health of guests. Both scripts print it in the same way, and
# fleet reads both with the same function.

# Whatever language root has: fleet reads what tools say.
# shellcheck disable=SC2031
export LC_ALL=C

record() {
	printf '%s' "$1"
	shift
	for field; do printf '\t%s' "$field"; done
	printf '\n'
}

# ask_guests OPTIONS ADDRESS…: pings them in the background, while the rest is read.
ask_guests() {
	pings='' patience=$1
	shift
	for address; do
		# shellcheck disable=SC2086 # words
		ping -n -q -c 1 $patience "$address" >/dev/null 2>&1 &
		pings="$pings $!"
	done
}

# print_answers ADDRESS…: prints which of them answered the ping, in the shell that asked them.
print_answers() {
	echo '== answers'
	for ping in $pings; do
		if wait "$ping"; then echo "yes $1"; else echo "no $1"; fi
		shift
	done
}

# of_vms "/LINK…" COMMAND…: runs the command with these links of each vm as arguments; `/` is its folder. What else group
# kvm may have put there is left out.
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

# Group kvm may write the targets of these links; -q keeps each on one line.
print_runners() {
	echo '== runners'
	of_vms '/current /booted' ls -ldq
}

# print_units PATTERN…: prints the units of guests, and these. Patterns match only loaded units; one that is not listed is
# inactive, with no queued job.
# shellcheck disable=SC2120
print_units() {
	echo '== units'
	patiently show_units "$guest_units*.service" "$@"
	printf '%s\n\n' "$listed"
}

# print_judged_units: the same of guests, for whoever asks each second. systemd tells all that it knows of a unit that it is
# asked for, which takes it a while: only what a guest is judged by is asked for. Of other helpers it counts whether one is
# left of a guest that is down, so they are listed only where one is.
print_judged_units() {
	echo '== units'
	patiently show_units 'microvm@*.service' 'microvm-virtiofsd@*.service'
	printf '%s\n\n' "$listed"
	some_down "$listed" || return 0
	patiently list_helpers
	printf '%s\n' "$listed" | while read -r unit _ active sub _; do
		case $unit in '' | microvm-virtiofsd@*) continue ;; esac
		printf 'Id=%s\nActiveState=%s\nSubState=%s\n\n' "$unit" "$active" "$sub"
	done
	printf '%s\n' "$queued" | while read -r _ unit _; do
		case $unit in '' | microvm-virtiofsd@*) continue ;; esac
		printf 'Id=%s\nJob=yes\n\n' "$unit"
	done
}

show_units() {
	listed=$(systemctl show --no-pager -p Id -p ActiveState -p SubState -p InvocationID -p ActiveEnterTimestampMonotonic -p Job \
		"$@" 2>/dev/null)
}

# list_helpers: those that are up, and those that have a job.
list_helpers() {
	listed=$(systemctl list-units --no-legend --no-pager --plain --full \
		--state=active,activating,reloading,deactivating 'microvm-*@*.service' 2>/dev/null) &&
		queued=$(systemctl list-jobs --no-legend --no-pager --plain --full 'microvm-*@*.service' 2>/dev/null)
}

# patiently COMMAND…: systemd may not answer for a moment, as when a switch re-executes it: then this waits, because no guest
# may be taken for stopped.
patiently() {
	tries=5
	until "$@"; do
		# A missing systemctl is reported elsewhere.
		command -v systemctl >/dev/null || break
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] ||
			die host.no-units "systemd does not say which guests run here: see systemctl list-units there, then try again"
		sleep 1
	done
}

# some_down UNITS: is there a vm whose own unit is not active?
some_down() {
	running=' ' unit='' active=
	while IFS='=' read -r key value; do
		case $key in Id) unit=$value ;; ActiveState) active=$value ;; '') unit='' active='' ;; esac
		[ "$active" != active ] || [ -z "$unit" ] || running="$running$unit "
	done <<-END
		$1
	END
	for folder in "$vms"/*; do
		is_vm "$folder" || continue
		case $running in *" microvm@${folder##*/}.service "*) ;; *) return 0 ;; esac
	done
	return 1
}

print_addresses() {
	echo '== addresses'
	ip -j address show 2>/dev/null || true
	echo
}
