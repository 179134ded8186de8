# shellcheck shell=sh
# Network interfaces, one file each in sandbox/net, and what systemd-networkd does with them.

conf4=$R/proc/sys/net/ipv4/conf

# forwarding_on: for all interfaces there are, and those that come. Whoever reads such a file byte by byte finds no end of
# line in it.
forwarding_on() {
	for file in "$conf4"/*/forwarding; do printf 1 >"$file"; done
}

# table_load SYSTEM: what nftables.service does at its start and its reload.
table_load() {
	rm -f "$box/nft/inet fleet"
	[ -s "$1/sandbox/firewall" ] || return 0
	{
		echo 'table inet fleet {'
		cat "$1/sandbox/firewall"
		echo '}'
	} >"$box/nft/inet fleet"
}

# network_services OLD NEW: sysctl and nftables are heeded where they changed, services that stopped start again.
network_services() {
	if [ -f "$2/etc/fleet/autostart" ] && [ ! -f "$1/etc/fleet/autostart" ]; then forwarding_on; fi
	cmp -s "$1/sandbox/firewall" "$2/sandbox/firewall" || table_load "$2"
	while read -r service; do
		[ -f "$box/units/$service" ] || unit_now "$service" active running
	done <"$2/sandbox/services"
	[ ! -f "$1/sandbox/services" ] || while read -r service; do
		grep -qx "$service" "$2/sandbox/services" || rm -f "$box/units/$service"
	done <"$1/sandbox/services"
}

# link_load NAME: into the variables kind, up, master, address, mac.
link_load() {
	kind='' up='' master='' address='' mac=''
	[ -f "$box/net/$1" ] || return 1
	. "$box/net/$1" 2>/dev/null || return 1
}

link_save() {
	printf '%s\n' "kind=$kind" "up=$up" "master=$master" "address=$address" "mac=$mac" >"$box/net/.$1.$$"
	mv -f "$box/net/.$1.$$" "$box/net/$1"
	if [ -n "$up" ]; then echo 0x1003; else echo 0x1002; fi >"$R/sys/class/net/$1/flags"
	if [ -n "$master" ]; then ln -sfn "../$master" "$R/sys/class/net/$1/master"; elif [ -L "$R/sys/class/net/$1/master" ]; then rm -f "$R/sys/class/net/$1/master"; fi
}

# link_add NAME KIND
link_add() {
	kind=$2 up='' master='' address='' mac=02 digits=$(new_id)
	for _ in 1 2 3 4 5; do
		rest=${digits#??}
		mac=$mac:${digits%"$rest"}
		digits=$rest
	done
	link=$R/sys/class/net/$1
	[ "$2" != bridge ] || link=$link/bridge
	mkdir -p "$conf4/${1:?}" "$link"
	forwards=
	read -r forwards <"$conf4/all/forwarding" || true
	printf %s "$forwards" >"$conf4/$1/forwarding"
	link_save "$1"
	# networkd is told of a new TAP by the kernel and takes its time.
	[ "$2" != tun ] || later 0.2 tap_join "$1"
}

link_delete() {
	rm -rf "$box/net/$1" "$R/sys/class/net/$1" "$conf4/${1:?}"
	for other in "$box"/net/*; do
		[ -f "$other" ] || continue
		link_load "${other##*/}" && [ "$master" = "$1" ] || continue
		master=
		link_save "${other##*/}"
	done
}

# tap_join NAME: the TAP enters the bridge that the active system has for it, if there is one.
tap_join() {
	while read -r pattern bridge; do
		# shellcheck disable=SC2254 # it is a pattern
		case $1 in $pattern) ;; *) continue ;; esac
		[ -e "$box/net/$bridge" ] && [ ! -e "$box/refused/$bridge" ] && link_load "$1" || return 0
		master=$bridge up=1
		link_save "$1"
		return 0
	done <"$R/run/current-system/sandbox/taps"
}

taps_join() {
	for tap in "$box"/net/*; do
		[ -f "$tap" ] || continue
		link_load "${tap##*/}" && [ "$kind" = tun ] && tap_join "${tap##*/}"
	done
}

# networkd OLD NEW: reads the configuration of the system NEW. A bridge that OLD had, too, is not
# made again if somebody deleted it, and none is ever taken away. OLD `/`: it starts, and takes over what
# is there; otherwise it refuses a bridge that somebody else made, and puts nobody into it.
networkd() {
	known=' '
	if [ -f "$1/sandbox/bridges" ]; then
		while read -r bridge _; do known="$known$bridge "; done <"$1/sandbox/bridges"
	fi
	while read -r bridge wanted; do
		made=
		if ! link_load "$bridge"; then
			made=yes
			case $known in *" $bridge "*) continue ;; esac
			link_add "$bridge" bridge
		fi
		case $1$known in
		/\ * | *" $bridge "*) rm -f "$box/refused/$bridge" ;;
		*)
			[ -n "$made" ] || {
				mkdir -p "$box/refused" && : >"$box/refused/$bridge"
				echo "$bridge: Failed to create netdev: File exists" >&2
			}
			;;
		esac
		[ "$up$address" != "1$wanted" ] || continue
		up=1 address=$wanted
		link_save "$bridge"
	done <"$2/sandbox/bridges"
	[ ! -s "$2/sandbox/taps" ] || later 0.3 taps_join
}
