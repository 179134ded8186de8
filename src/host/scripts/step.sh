# step.sh ID NUMBER NAME SECONDS build|harmless|change [ARGUMENT…]: runs the script on standard input as a transient unit,
# which a closed laptop or a lost connection does not interrupt. Prints its log to standard output while it runs, and
# then its answer to standard error.
#   build     limited in memory and CPU, so that the kernel does not kill guests for it
#   harmless  may be interrupted anywhere, so the way back does not wait for it
#   change    may change something that runs: locks the hypervisor first
id=$1 number=$2 name=$3 seconds=$4 kind=$5
shift 5
deployment=$deployments/$id
base=$deployment/steps/$number-$name
confirm=$(meta "$id" confirm)
# Of a repair the journal also has the arguments: the name of the step does not say what is repaired.
about=
[ "$name" != repair ] || about=$tab$*

cannot_write() {
	full=$(full_disk) || full=$state
	die step.no-space "the disk of $full is full, step $name $1: $(make_room "$full")"
}
# quoted WORD…: prints them quoted for a shell.
quoted() {
	quote="'"
	for rest; do
		printf " '"
		while
			printf %s "${rest%%"$quote"*}"
			case $rest in *"$quote"*) true ;; *) false ;; esac
		do
			printf %s "'\\''"
			rest=${rest#*"$quote"}
		done
		printf "'"
	done
}
# The arguments go into the script, because every user can see those of a process or a unit.
words=$(quoted "$@")
{ printf 'set --%s\n' "$words" && cat; } 2>/dev/null >"$base.sh" || cannot_write 'did not begin'
# If the connection died meanwhile, the script may be cut short, and would succeed.
[ "$(tail -n 1 "$base.sh")" = '# end of step' ] || die step.cut "the script of step $name did not arrive"
: >"$base.log"
: >"$base.answer"
refuse_decided "$id"
extend "$id" "$confirm" 2>/dev/null || cannot_write 'did not begin'
if [ "$kind" = change ] && [ ! -e "$deployment/changing" ]; then
	lock_hypervisor "$id"
	: >"$deployment/changing"
	on_disk "$deployment"
fi

# While it runs the way back waits for it; the lease runs from its end.
[ "$kind" = harmless ] || : >"$base.holds"
# Inside the unit, so that journal and lease do not depend on the connection.
# shellcheck disable=SC2016
wrapper='
base=$1 number=$2 name=$3 deployment=$4 confirm=$5 about=$6
lease() {
	read -r up _ </proc/uptime || up=$(date +%s)
	echo "$((${up%.*} + confirm))" >"$deployment/deadline.$$" && mv -f "$deployment/deadline.$$" "$deployment/deadline"
} 2>/dev/null
[ ! -L "$deployment/decided" ] || exit 1
lease
printf "%s\t%s\t%s\tbegin%s\n" "$(date +%s)" "$number" "$name" "$about" >>"$deployment/journal"
code=0
FLEET_ANSWER=3 sh "$base.sh" 3>"$base.answer" >"$base.log" 2>&1 </dev/null || code=$?
printf "%s\t%s\t%s\tend\t%s\n" "$(date +%s)" "$number" "$name" "$code" >>"$deployment/journal"
echo "$code" >"$base.rc.new"
mv -f "$base.rc.new" "$base.rc"
lease
'
unit() {
	systemd-run --quiet --collect --wait --expand-environment=no --unit="fleet-$id-$number" --description="fleet $id: $name" \
		--setenv=PATH="$PATH" --setenv=HOME="${HOME:-/root}" --setenv=FLEET_ROOT="$R" \
		-p RuntimeMaxSec="$seconds" -p TimeoutStopSec=10 "$@" >"$base.unit" 2>&1 || true
}
memory=
if [ "$kind" = build ]; then
	available=$(while read -r key value _; do [ "$key" != MemAvailable: ] || echo "$value"; done <"$R/proc/meminfo")
	memory=$((available * 4 / 5))
	set -- -p OOMScoreAdjust=800 -p CPUWeight=20 -p IOWeight=20 -p MemoryMax="${memory}K" \
		sh -c "$wrapper" fleet-step "$base" "$number" "$name" "$deployment" "$confirm" "$about"
else
	set -- sh -c "$wrapper" fleet-step "$base" "$number" "$name" "$deployment" "$confirm" "$about"
fi
# In a subshell: otherwise dash keeps our standard output open in the background, and with it the connection.
(unit "$@") </dev/null >/dev/null 2>&1 &
waiter=$!

shown=0
show() {
	size=$(($(wc -c <"$base.log")))
	[ "$size" -gt "$shown" ] || return 0
	tail -c "+$((shown + 1))" "$base.log" | head -c $((size - shown))
	shown=$size
}
pause=0.05
rounds=0
# systemd ends the unit earlier, unless systemd itself hangs.
until=$(($(uptime_seconds) + seconds + 45))
# Waits for systemd-run as well as for the file, because on a full disk the file cannot be written.
until [ -e "$base.rc" ] || ! kill -0 "$waiter" 2>/dev/null; do
	[ "$(uptime_seconds)" -lt "$until" ] || die step.hung "step $name is over its limit of $seconds s, and systemd does not end it: see systemctl status fleet-$id-$number there"
	sleep "$pause"
	rounds=$((rounds + 1))
	[ "$rounds" -lt 6 ] || pause=0.1
	[ "$rounds" -lt 20 ] || pause=0.2
	[ $((rounds % 2)) -ne 0 ] || show
done
show
cat "$base.answer" >&2
refuse_decided "$id"
extend "$id" "$confirm" 2>/dev/null || cannot_write 'has ended, but its end cannot be recorded'
code=
[ ! -e "$base.rc" ] || code=$(cat "$base.rc")
if [ "$code" != 0 ] && full_disk >/dev/null; then cannot_write failed; fi
if [ -z "$code" ]; then
	cat "$base.unit" >&2
	[ -z "$memory" ] || ! grep -qi 'oom\|signal' "$base.unit" ||
		die step.no-memory "step $name was killed: it had $((memory / 1024)) MiB, four fifths of what was free: free memory or add swap there, then deploy again"
	die step.ended "step $name was ended from outside, or ran longer than $seconds s: see journalctl -u fleet-$id-$number there"
fi
exit "$code"
