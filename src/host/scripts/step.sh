# step.sh ID NUMBER NAME SECONDS WEIGHT [ARGUMENT…], the step's own script on standard input.
# Runs it as a transient unit, which neither a closed laptop nor a cut link stops half-way, and
# follows its output. WEIGHT light: it must not make the kernel kill guests (DESIGN, traps, 16).
id=$1 number=$2 name=$3 seconds=$4 weight=$5
shift 5
deployment=$state/deployments/$id
base=$deployment/steps/$number-$name

cat >"$base.sh"
# A link that dies just now must not make an empty step that succeeds.
[ "$(tail -n 1 "$base.sh")" = '# end of step' ] || die step.cut "the script of step $name did not arrive"
: >"$base.log"

# Inside the unit, so that the journal is written without us, too.
# shellcheck disable=SC2016
wrapper='
base=$1 number=$2 name=$3 journal=$4
shift 4
printf "%s\t%s\t%s\tbegin\n" "$(date +%s)" "$number" "$name" >>"$journal"
code=0
sh "$base.sh" "$@" >"$base.log" 2>&1 </dev/null || code=$?
printf "%s\t%s\t%s\tend\t%s\n" "$(date +%s)" "$number" "$name" "$code" >>"$journal"
echo "$code" >"$base.rc.new"
mv -f "$base.rc.new" "$base.rc"
'
unit() {
	systemd-run --quiet --collect --wait --expand-environment=no --unit="fleet-$id-$number" --description="fleet $id: $name" \
		--setenv=PATH="$PATH" --setenv=HOME="${HOME:-/root}" --setenv=FLEET_ROOT="$R" \
		-p RuntimeMaxSec="$seconds" -p TimeoutStopSec=10 "$@" >"$base.unit" 2>&1 || true
	: >"$base.gone"
}
if [ "$weight" = light ]; then
	available=$(while read -r key value _; do [ "$key" != MemAvailable: ] || echo "$value"; done <"$R/proc/meminfo")
	set -- -p OOMScoreAdjust=800 -p CPUWeight=20 -p IOWeight=20 -p MemoryMax="$((available * 4 / 5))K" \
		sh -c "$wrapper" fleet-step "$base" "$number" "$name" "$deployment/journal" "$@"
else
	set -- sh -c "$wrapper" fleet-step "$base" "$number" "$name" "$deployment/journal" "$@"
fi
unit "$@" &

shown=0
show() {
	size=$(($(wc -c <"$base.log")))
	[ "$size" -gt "$shown" ] || return 0
	tail -c "+$((shown + 1))" "$base.log" | head -c $((size - shown))
	shown=$size
}
pause=0.03
rounds=0
until [ -e "$base.rc" ] || [ -e "$base.gone" ]; do
	sleep "$pause"
	rounds=$((rounds + 1))
	[ "$rounds" -lt 30 ] || pause=0.2
	[ $((rounds % 4)) -ne 0 ] || show
done
show
if [ ! -e "$base.rc" ]; then
	cat "$base.unit" >&2
	die step.ended "step $name was ended from outside, or ran longer than $seconds s"
fi
exit "$(cat "$base.rc")"
