# bridges.sh BRIDGE…: takes away bridges that left fleet.yaml; networkd never does.
for bridge; do
	[ ! -e "$R/sys/class/net/$bridge/bridge" ] || ip link delete "$bridge" type bridge
done
