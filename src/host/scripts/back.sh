# back.sh ID now|wait SECONDS: takes the way back that arm.sh laid (now, also after it was
# confirmed), or waits for it; prints how switch-to-configuration ended.
id=$1 when=$2 seconds=$3
deployment=$state/deployments/$id
# Nothing was armed, so nothing was switched.
[ -e "$deployment/back.sh" ] || exit 0
if [ "$when" = now ]; then
	[ "$(target "$deployment/decided")" != confirmed ] || rm -f "$deployment/decided"
	systemd-run --quiet --collect --unit="fleet-back-$id-now" --description="fleet $id: way back" \
		"$(command -v sh)" "$deployment/back.sh"
fi
left=$((seconds * 5))
until [ -e "$deployment/back.rc" ]; do
	[ "$left" -gt 0 ] || die back.not-yet "the way back of deployment $id has not ended after $seconds s"
	left=$((left - 1))
	sleep 0.2
done
systemctl stop "fleet-back-$id.timer" "fleet-back-$id-confirm.timer" 2>/dev/null || true
printf 'back\t%s\n' "$(cat "$deployment/back.rc")"
