# vm-restart.sh ID NAME LOCK_SECONDS STOP_SECONDS: an operation. Restarts a guest, on what its `current` says. One that
# does not stop in time is killed.
name=$2 left=$(($4 * 5)) killed=
lock_vm "$1" "$name" "$3"
let_start
# One that had failed too often starts all the same.
systemctl reset-failed "microvm*@$name.service" 2>/dev/null || true
# One job of systemd's, which whoever ends us does not end: a guest that has stopped starts again.
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
