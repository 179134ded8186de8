# bridges.sh ID BRIDGE…: removes bridges that are no longer declared, because networkd never does.
id=$1
shift
# The way back has to restart networkd then: it creates a missing bridge only when it starts.
: >"$deployments/$id/bridges-removed"
for bridge; do
	[ -e "$R/sys/class/net/$bridge/bridge" ] || continue
	# Hand-written Nix may declare it now, and it may still have ports.
	! grep -qsx "Name=$bridge" "$R"/etc/systemd/network/*.netdev || continue
	if [ -n "$(ls -A "$R/sys/class/net/$bridge/brif" 2>/dev/null)" ]; then
		echo "$bridge is still in use and stays"
		continue
	fi
	ip link delete "$bridge" type bridge
done
