# build-only.sh UNIT|- SECONDS KIB BYTES SCRIPT [ARGUMENT…]: runs SCRIPT, which is build-tree.sh, on the bundle of so many
# BYTES that standard input begins with, in a folder that goes with it. Where guests run it is a unit, which the kernel ends
# before them, and the store needs so many KIB free; `-`: here. Its log is standard output, its answer standard error.
# When standard input ends nobody waits any more, and all of it ends.
unit=$1 seconds=$2 need=$3 bytes=$4 script=$5
shift 5
missing=
for tool in git nix; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || die build.no-tools "not on the PATH there:$missing"
if [ "$unit" != - ]; then
	free=$(df -Pk "$R/nix/store" | { read -r _ && read -r _ _ _ free _ && echo "$free"; })
	[ "$free" -ge "$need" ] ||
		die preflight.no-space "/nix/store has $((free / 1024)) MiB free, $((need / 1024)) MiB are needed: run nix-collect-garbage there"
fi
folder=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/fleet-build.XXXXXX")
folder=$(cd -P "$folder" && pwd -P)
worker='' watcher=''
leave() {
	code=$?
	trap '' EXIT TERM INT HUP
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
	if [ -n "$worker" ]; then
		# Here we lead a group of processes: all of it ends.
		if [ "$unit" = - ]; then kill -TERM 0; else systemctl stop "$unit.service"; fi 2>/dev/null || true
		wait "$worker" 2>/dev/null || true
	fi
	rm -rf "$folder"
	exit "$code"
}
trap leave EXIT
trap 'exit 143' TERM INT HUP
head -c "$bytes" >"$folder/bundle"
printf '%s\n' "$script" >"$folder/script.sh"

# shellcheck disable=SC2016 # it is for the other shell
set -- sh -c 'FLEET_ANSWER=3 sh "$@" 3>&2 2>&1' fleet "$folder/script.sh" "$folder" "$@"
if [ "$unit" != - ]; then
	available=$(while read -r key value _; do [ "$key" != MemAvailable: ] || echo "$value"; done <"$R/proc/meminfo")
	set -- systemd-run --quiet --collect --wait --pipe --expand-environment=no --unit="$unit" \
		--description="fleet build" --setenv=PATH="$PATH" --setenv=HOME="${HOME:-/root}" --setenv=FLEET_ROOT="$R" \
		-p RuntimeMaxSec="$seconds" -p TimeoutStopSec=10 \
		-p OOMScoreAdjust=800 -p CPUWeight=20 -p IOWeight=20 -p MemoryMax="$((available * 4 / 5))K" "$@"
fi
exec 8<&0
"$@" </dev/null 8<&- &
worker=$!
{ cat <&8 && kill -TERM "$$"; } >/dev/null 2>&1 &
watcher=$!
code=0
wait "$worker" || code=$?
worker=
case $code in
0 | 70) exit "$code" ;;
137 | 143) die build.ended "the build was ended from outside: it took longer than $seconds s, or more memory than there was" ;;
*) die build.ended "the build could not be begun, or was cut off (exit $code): see what it printed last, and df -h there" ;;
esac
