# health.sh [ADDRESS…]: prints the health of all guests: runners, units, TAPs, bridges, and whether those at these
# addresses answer a ping. This is the part of facts.sh that changes from one second to the next, in the same format.
# Changes nothing. A deployment calls it every second, so it starts hardly a process besides the tools that it needs.
look() {
	ask_guests '-W 1' "$@"
	record root "$R"
	read -r up _ 2>/dev/null </proc/uptime && record uptime "${up%.*}"
	read -r boot_id <"$R/proc/sys/kernel/random/boot_id" && record boot "$boot_id"
	record system "$(target "$R/run/current-system")"
	for folder in "$vms"/*; do ! is_vm "$folder" || record vm "${folder##*/}"; done
	print_runners
	print_judged_units
	print_addresses
	print_answers "$@"
	echo '== end'
}

# Written at once: sshd sends each line that is written by itself as a packet of its own.
seen=$(look "$@")
printf '%s\n' "$seen"
