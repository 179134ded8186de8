# switch.sh ID TOPLEVEL test networkd|- | switch.sh ID TOPLEVEL boot new|return
# test: activates the system but leaves the boot default alone, so that a power cycle boots the previous one. Reports the
# exit status of switch-to-configuration, which decides nothing. boot: makes it the boot default.
id=$1 toplevel=$2 mode=$3 how=$4
in_store "$toplevel" || die switch.not-in-store "$toplevel is not a store path"
[ -x "$toplevel/bin/switch-to-configuration" ] || die switch.gone "$toplevel is no longer in the store (collected as garbage?): deploy again, or see what is left with fleet rollback --list"
code=0
if [ "$mode" = boot ]; then
	: >"$deployments/$id/booting"
	set_profile "$system_profile" "$toplevel" "$how"
	"$toplevel/bin/switch-to-configuration" boot || code=$?
	[ "$code" = 0 ] || die switch.boot "switch-to-configuration boot ended with $code: the boot default is not set (is /boot full, or not mounted?)"
	exit 0
fi
for bridge in $(bridges_of "$toplevel"); do
	[ -e "$R/sys/class/net/$bridge" ] || echo "$bridge"
done >>"$deployments/$id/bridges-new"
! meets_strangers "$toplevel" || how=networkd
: >"$deployments/$id/switching"
on_disk "$deployments/$id"
# It stops guests of \`microvm.vms\` that the new system does not have.
leaving=
for folder in "$vms"/*; do
	name=${folder##*/}
	if ! is_guest "$folder" || ! is_declared "$R/run/current-system" "$name" || is_declared "$toplevel" "$name"; then continue; fi
	stops_for=$id
	stop_intended "$name"
	leaving="$leaving $name"
done
table=$(table_print) former=$(target "$R/run/current-system")
"$toplevel/bin/switch-to-configuration" test || code=$?
for name in $leaving; do not_stopped "$name"; done
table_loaded "$toplevel" "$table" "$former"
# networkd creates a bridge that somebody deleted only when it starts.
[ "$how" != networkd ] || systemctl restart systemd-networkd.service
# If a script makes a bridge, the switch re-creates it, without the TAPs of guests that keep running.
while IFS=$tab read -r kind port bridge _; do
	if [ "$kind" != port ] || [ ! -e "$R/sys/class/net/$port/tun_flags" ] || [ -n "$(bridge_of "$port")" ]; then continue; fi
	[ ! -e "$R/sys/class/net/$bridge/bridge" ] || ip link set dev "$port" master "$bridge" 2>/dev/null || true
done <"$deployments/$id/before"
echo "$code" >"$deployments/$id/switched"
answer switched "$code"
