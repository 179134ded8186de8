# vm-restart.sh ID NAME LOCK_SECONDS STOP_SECONDS: an operation. Restarts a guest, on its `current` runner; kills it if it
# does not stop in time.
name=$2 left=$(($4 * 5)) killed=
lock_vm "$1" "$name" "$3"
let_start
# So that a unit that hit its start limit starts all the same.
systemctl reset-failed "microvm*@$name.service" 2>/dev/null || true
# One systemd job, which goes on if we are killed: the guest cannot stay stopped.
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
