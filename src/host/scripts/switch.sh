# switch.sh ID TOPLEVEL test networkd|- | switch.sh ID TOPLEVEL boot new|return
# test activates and leaves the boot default alone, so that a power cycle is a way back; boot makes it
# the default. The exit status of switch-to-configuration is told, not judged.
id=$1 toplevel=$2 mode=$3 how=$4
in_store "$toplevel" || die switch.not-in-store "$toplevel is not a store path"
[ -x "$toplevel/bin/switch-to-configuration" ] || die switch.gone "$toplevel is not in the store any more"
code=0
if [ "$mode" = boot ]; then
	: >"$deployments/$id/booting"
	set_profile "$system_profile" "$toplevel" "$how"
	"$toplevel/bin/switch-to-configuration" boot || code=$?
	[ "$code" = 0 ] || die switch.boot "switch-to-configuration boot ended with $code: the boot default is not set"
	exit 0
fi
for bridge in $(bridges_of "$toplevel"); do
	[ -e "$R/sys/class/net/$bridge" ] || echo "$bridge"
done >>"$deployments/$id/bridges-new"
! meets_strangers "$toplevel" || how=networkd
: >"$deployments/$id/switching"
on_disk "$deployments/$id"
"$toplevel/bin/switch-to-configuration" test || code=$?
# networkd makes a bridge that somebody deleted only when it starts.
table_loaded "$toplevel"
[ "$how" != networkd ] || systemctl restart systemd-networkd.service
echo "$code" >"$deployments/$id/switched"
printf 'switched\t%s\n' "$code"
