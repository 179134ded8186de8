# bridges.sh ID BRIDGE…: takes away bridges that left fleet.yaml; networkd never does.
id=$1
shift
# The way back has to make them again, which networkd does only when it starts.
: >"$deployments/$id/bridges-removed"
for bridge; do
	[ -e "$R/sys/class/net/$bridge/bridge" ] || continue
	# Hand-written Nix may have taken it over, and somebody may still be in it.
	! grep -qsx "Name=$bridge" "$R"/etc/systemd/network/*.netdev || continue
	if [ -n "$(ls -A "$R/sys/class/net/$bridge/brif" 2>/dev/null)" ]; then
		echo "$bridge is still in use and stays"
		continue
	fi
	ip link delete "$bridge" type bridge
done
