# bridges.sh ID BRIDGE…: takes away bridges that left fleet.yaml; networkd never does.
id=$1
shift
# The way back has to make them again, which networkd does only when it starts.
: >"$state/deployments/$id/bridges-removed"
for bridge; do
	[ ! -e "$R/sys/class/net/$bridge/bridge" ] || ip link delete "$bridge" type bridge
done
