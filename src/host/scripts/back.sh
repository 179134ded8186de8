# back.sh ID now|wait SECONDS: takes the way back (now, also after it was confirmed), or waits for the
# hypervisor to have taken it; prints how it ended, which guests it started, what each guest was and goes
# back to, and what else may be to blame: another boot, a full disk, a hypervisor that did not hear of fleet.
id=$1 when=$2 seconds=$3
deployment=$deployments/$id
[ -e "$deployment/back.sh" ] || exit 0
full=$(cat "$deployment/full" 2>/dev/null || true)
if [ "$when" = now ] && [ "$(target "$deployment/decided")" != back ] && [ ! -e "$deployment/result" ]; then
	# Before the way back makes room; written down for when the link is lost meanwhile.
	full=$(full_disks)
	printf '%s' "$full" 2>/dev/null >"$deployment/full" || true
	touch "$deployment/asked" || true
fi
if [ "$when" = now ] && [ ! -e "$deployment/result" ]; then
	# Refused while the hypervisor is on its way back by itself: that one is as good.
	systemd-run --quiet --collect --unit="fleet-back-$id-now" --description="fleet $id: way back" \
		"$(command -v sh)" "$deployment/back.sh" now 2>/dev/null || true
fi
left=$((seconds * 10))
until [ -e "$deployment/back.rc" ] || [ -e "$deployment/result" ]; do
	[ "$left" -gt 0 ] || die back.not-yet "the roll-back of deployment $id has not ended after $seconds s: see journalctl -u 'fleet-back-$id*' there"
	left=$((left - 1))
	sleep 0.1
done
read -r boot_id <"$R/proc/sys/kernel/random/boot_id" && printf 'boot\t%s\n' "$boot_id"
[ -e "$deployment/asked" ] || [ "$(target "$deployment/decided")" != back ] || echo alone
[ -z "$full" ] || printf '%s\n' "$full" | sed "s/^/full$tab/"
grep "^\(vm\|target\)$tab" "$deployment/before" 2>/dev/null || true
[ ! -e "$deployment/changing" ] || echo changed
[ ! -e "$deployment/result" ] || printf 'result\t%s\n' "$(cat "$deployment/result")"
[ ! -e "$deployment/back.rc" ] || printf 'back\t%s\n' "$(cat "$deployment/back.rc")"
for list in put-back not-back; do
	[ ! -e "$deployment/$list" ] || sed "s/^/$list$tab/" "$deployment/$list"
done
