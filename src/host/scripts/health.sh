# health.sh [ADDRESS…]: how the guests of a hypervisor are: runners, units, TAPs, bridges, and whether those at these
# addresses answer. The part of facts.sh that may change from one second to the next, in the same words. Reads
# only. A deployment asks every second, once for all guests: hardly a process more than the tools that it takes.
look() {
	ask_guests '-W 1' "$@"
	record root "$R"
	read -r up _ 2>/dev/null </proc/uptime && record uptime "${up%.*}"
	read -r boot_id <"$R/proc/sys/kernel/random/boot_id" && record boot "$boot_id"
	record system "$(target "$R/run/current-system")"
	for folder in "$vms"/*; do ! is_vm "$folder" || record vm "${folder##*/}"; done
	print_runners
	# shellcheck disable=SC2119
	print_units
	print_addresses
	print_answers "$@"
	echo '== end'
}

# At once: line by line, each would be a packet of its own, sealed there and opened here.
seen=$(look "$@")
printf '%s\n' "$seen"
