# vm-restart.sh ID NAME LOCK_SECONDS STOP_SECONDS LIFE TAP…: an operation. Restarts a guest, or starts one that does not
# run, on its `current` runner, after what is left of it is cleared, unless somebody else has its images; kills it if it does
# not stop in time. LIFE: the invocation that was seen unhealthy; another one that runs by now is left alone. -: any is
# restarted.
id=$1 name=$2 left=$(($4 * 5)) life=$5 killed=
stops_for=$1 stops_because='fleet restart'
lock_vm "$1" "$name" "$3"
shift 5
runs=
if [ "$life" != - ] && is_active "microvm@$name.service" &&
	[ "$(systemctl show -p InvocationID --value "microvm@$name.service")" != "$life" ]; then
	runs=yes
fi
[ -n "$runs" ] || refuse_held "$name" "$@"
if [ -e "$state/stopped/$name" ]; then
	rm -f "$state/stopped/$name"
	on_disk "$state/stopped"
	event_soon vm.released "$name" "id=$id" || true
fi
if [ -n "$runs" ]; then
	answer runs "$name"
	exit 0
fi
let_start
end_strays "$name" "$@"
guest_starting "$name" "$(operation_meta "$id" operator) started it"
stop_intended "$name"
# One systemd job, which goes on if we are killed: the guest cannot stay stopped. Its helpers are PartOf= it and start
# anew with it, also those that were up without it.
systemctl restart "microvm@$name.service" 8>&- 9>&- &
job=$!
while kill -0 "$job" 2>/dev/null; do
	if [ "$left" -le 0 ] && [ -z "$killed" ] && is_stopping "$name"; then
		kill_units "$name"
		killed=yes
	fi
	left=$((left - 1))
	sleep 0.2
done
wait "$job"
