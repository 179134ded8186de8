# follow.sh ID NUMBER NAME SECONDS LINES: waits for the end of a step whose connection was lost. Prints its log without the
# first LINES lines, and its answer, as step.sh does; exits as the step did.
id=$1 number=$2 name=$3 seconds=$4 lines=$5
base=$deployments/$id/steps/$number-$name
left=$((seconds * 5))
until [ -e "$base.rc" ]; do
	refuse_decided "$id"
	# A unit that does not run after a second was never started, or was ended.
	is_active "fleet-$id-$number.service" || [ -e "$base.rc" ] || sleep 1
	is_active "fleet-$id-$number.service" || [ -e "$base.rc" ] ||
		die step.ended "step $name was cut off with the connection, or ended from outside: see journalctl -u fleet-$id-$number there"
	[ "$left" -gt 0 ] || die step.still-running "step $name still runs after $seconds s"
	left=$((left - 1))
	sleep 0.2
done
cat "$base.answer" >&2
refuse_decided "$id"
extend "$id" "$(meta "$id" confirm)"
tail -n "+$((lines + 1))" "$base.log"
exit "$(cat "$base.rc")"
