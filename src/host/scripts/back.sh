# back.sh ID now|wait SECONDS: rolls the deployment back (now; also after it was confirmed), or waits until the hypervisor
# has. Prints how that ended, which guests it started, what each guest was before and returns to, and what else may be
# to blame: a reboot, a full disk, lost contact with fleet.
id=$1 when=$2 seconds=$3
deployment=$deployments/$id
[ -e "$deployment/back.sh" ] || exit 0
full=$(cat "$deployment/full" 2>/dev/null || true)
if [ "$when" = now ] && [ "$(target "$deployment/decided")" != back ] && [ ! -e "$deployment/result" ]; then
	# Before the way back frees its reserve. Saved, in case the connection is lost and fleet asks again.
	full=$(full_disks)
	printf '%s' "$full" 2>/dev/null >"$deployment/full" || true
	touch "$deployment/asked" || true
fi
if [ "$when" = now ] && [ ! -e "$deployment/result" ]; then
	# Fails if the hypervisor is rolling back by itself already, which is as good.
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
