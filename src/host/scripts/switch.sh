# switch.sh TOPLEVEL test ID SECONDS [networkd] | switch.sh TOPLEVEL boot new|return
# test activates and leaves the boot default alone, so that a power cycle is a way back; boot makes
# it the default. The exit status of switch-to-configuration is told, not judged.
toplevel=$1 mode=$2
in_store "$toplevel" || die switch.not-in-store "$toplevel is not a store path"
[ -x "$toplevel/bin/switch-to-configuration" ] || die switch.gone "$toplevel is not in the store any more"
code=0
if [ "$mode" = boot ]; then
	set_profile "$system_profile" "$toplevel" "$3"
	"$toplevel/bin/switch-to-configuration" boot || code=$?
	[ "$code" = 0 ] || die switch.boot "switch-to-configuration boot ended with $code: the boot default is not set"
	exit 0
fi
id=$3 seconds=$4
"$toplevel/bin/switch-to-configuration" test || code=$?
# networkd makes a bridge that somebody deleted only when it starts.
[ "${5:-}" != networkd ] || systemctl restart systemd-networkd.service
echo "$code" >"$state/deployments/$id/switched"
printf 'switched\t%s\n' "$code"
# The time to confirm runs from now on, whoever is still listening.
systemd-run --quiet --collect --unit="fleet-back-$id-confirm" --description="fleet $id: way back" \
	--on-active="$seconds" --timer-property=AccuracySec=1s \
	"$(command -v sh)" "$state/deployments/$id/back.sh"
systemctl stop "fleet-back-$id.timer" 2>/dev/null || true
