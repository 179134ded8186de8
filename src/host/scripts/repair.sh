# repair.sh WHAT NAME [ADDRESS]: restores one thing that is part of the running system and that somebody removed. Touches
# no guest.
what=$1 name=$2
case $what in
link) ip link set dev "$name" up ;;
address) ip address replace "$3" dev "$name" ;;
forward4) echo 1 >"$R/proc/sys/net/ipv4/conf/$name/forwarding" ;;
forward6) echo 1 >"$R/proc/sys/net/ipv6/conf/$name/forwarding" ;;
unit)
	systemctl reset-failed "$name" 2>/dev/null || true
	# nftables reloads its tables in one transaction; a restart would leave the host without rules for a moment.
	systemctl reload-or-restart "$name"
	[ "$name" != nftables.service ] || table_loaded "$(target "$R/run/current-system")"
	;;
*) die repair.unknown "nothing is known of repairing $what" ;;
esac
