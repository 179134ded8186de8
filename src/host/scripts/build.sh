# build.sh ID CHECKOUT JOBS KIND:NAME…: builds all targets, JOBS evaluations at a time; `auto`: as many as there are
# processors and free memory for. Nothing is activated yet. The flake reference is the one that `microvm -u` uses, so
# that it finds the result in Nix's evaluation cache later.
id=$1 flake=git+file://$R$2 jobs=$3
shift 3
out=$deployments/$id/roots
work=$deployments/$id/eval
rm -rf "$work"
mkdir -p "$work/of"

attribute() {
	case $1 in
	hypervisor:*) echo "$flake#nixosConfigurations.${1#*:}.config.system.build.toplevel" ;;
	vm:*) echo "$flake#nixosConfigurations.${1#*:}.config.microvm.declaredRunner" ;;
	esac
}

# room: prints how many evaluations fit into free memory. Evaluating a NixOS system takes about 400 MiB, which the
# process frees only when it ends; so each target has its own. 512 MiB count for each, and 1 GiB is left free.
room() {
	available=$(while read -r key value _; do [ "$key" != MemAvailable: ] || echo "$value"; done <"$R/proc/meminfo")
	echo $(((${available:-0} - 1048576) / 524288))
}
if [ "$jobs" = auto ]; then
	jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
	free=$(room)
	[ "$jobs" -le "$free" ] || jobs=$free
fi
[ "$jobs" -ge 1 ] || jobs=1

# one ITEM: builds it and makes an out-link.
one() {
	log=$work/${1#*:}.log
	{ nix build -L -o "$out/${1#*:}" "$(attribute "$1")" 3>&- || : >"$log.failed"; } 2>&1 | tee "$log"
}
# Processes that write to one evaluation cache at the same time lose most of it. So each worker but the first has a cache
# of its own, where `evaluated` (deployments.sh) finds the result.
worker() { # WORKER ITEM…: every JOBSth of them
	number=$1 turn=0
	shift
	if [ "$number" -gt 0 ]; then
		XDG_CACHE_HOME=$work/$number
		export XDG_CACHE_HOME
		mkdir -p "$XDG_CACHE_HOME"
	fi
	for item; do
		if [ $((turn % jobs)) = "$number" ]; then
			one "$item"
			[ "$number" = 0 ] || ln -sfn "../$number" "$work/of/${item#*:}"
		fi
		turn=$((turn + 1))
	done
}
# The first target alone, because it fetches the flake's inputs for all.
[ $# -gt 0 ] || exit 0
first=$1
one "$first"
shift
number=0
while [ "$number" -lt "$jobs" ]; do
	worker "$number" "$@" &
	number=$((number + 1))
done
wait
set -- "$first" "$@"
for log in "$work"/*.log.failed; do
	[ -e "$log" ] || continue
	# Other builds went on, and what they printed came after this error.
	tail -n 15 "${log%.failed}"
	exit 1
done

for item; do
	case $item in
	hypervisor:*) now=$(target "$R/run/current-system") ;;
	vm:*) now=$(target "$vms/${item#*:}/current") ;;
	*) continue ;;
	esac
	built=$(target "$out/${item#*:}")
	# There is no out-link if Nix was killed, or could not write.
	in_store "$built" || die build.ended "the build of ${item#*:} was cut off before it gave a store path: see journalctl -k (out of memory?) and df -h there, then deploy again"
	case $item in hypervisor:*)
		for other; do
			case $other in vm:*) ! is_declared "$built" "${other#vm:}" || die build.declarative "${other#vm:} is in microvm.vms of the new system, too: take it out there" ;; esac
		done
		;;
	esac
	answer built "${item#*:}" "$built"
	if in_store "$now" && [ "$now" != "$built" ]; then
		nix store diff-closures "$now" "$built" 2>/dev/null |
			while IFS= read -r line; do answer closure "${item#*:}" "$line"; done || true
	fi
done
