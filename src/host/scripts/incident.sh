# incident.sh: what a hypervisor's network, units and disks are like just now, for whoever looks into it later and
# elsewhere: rows of a part's name and a line of it, or `missing`, the part and why. Reads only. Each part is given five
# seconds and 200 KB. No environment or command line of a process is among it, nor what is in a file: there secrets are.
exec 3>&1
part() { # NAME COMMAND…
	name=$1 tool=$2
	shift
	command -v "$tool" >/dev/null || {
		answer missing "$name" "there is no $tool here"
		return 0
	}
	! command -v timeout >/dev/null || set -- timeout -k 1 5 "$@"
	# The status comes by a way of its own: the output is cut.
	code=$({
		{
			code=0
			LC_ALL=C "$@" 2>&1 3>&- 4>&- || code=$?
			echo "$code" >&4
		} | head -c 200000 | cut -c 1-500 | sed "s/^/$name$tab/" >&3
	} 4>&1)
	case $code in
	0) ;;
	124 | 137) answer missing "$name" 'it took longer than 5 s' ;;
	141) answer missing "$name" 'only the first 200 KB are here' ;;
	*) answer missing "$name" "$tool ended with $code" ;;
	esac
}

part links ip -d link show
part addresses ip address show
part routes ip route show table all
part routes6 ip -6 route show table all
part rules ip rule show
part neighbours ip neighbour show
part nft nft list ruleset
part units systemctl list-units --all --no-pager --plain --full 'microvm*' 'fleet-*' 'systemd-networkd*' \
	nftables.service dnsmasq.service sshd.service
part failed systemctl list-units --no-pager --plain --full --state=failed
set --
for disk in "$R/nix/store" "$state" "$vms" "$R/boot"; do [ ! -d "$disk" ] || set -- "$@" "$disk"; done
part disks df -Pk "$@"
part inodes df -Pi "$@"
set --
for folder in "$state" "$state/deployed" "$state/held" "$state/stopped" "$state/profiles" "$state/deployments" "$roots" "$vms" "$vms"/*; do
	[ ! -d "$folder" ] || [ -L "$folder" ] || set -- "$@" "$folder"
done
[ $# -eq 0 ] || part folders ls -lnAq "$@"
