# In front of the scripts that build machines of a flake: each target is evaluated and built in a process of its own. They
# set `flake`, the reference to it; `out`, a folder for out-links; `work`, an empty one for logs; and `jobs`, how many
# evaluations run at a time, or `auto`: as many as there are processors and free memory for.
flake='' out='' work='' jobs=''

attribute() {
	case $1 in
	hypervisor:*) echo "$flake#nixosConfigurations.${1#*:}.config.system.build.toplevel" ;;
	vm:*) echo "$flake#nixosConfigurations.${1#*:}.config.microvm.declaredRunner" ;;
	esac
}

# room: prints how many evaluations fit into free memory. Evaluating a NixOS system takes about 400 MiB, which the
# process frees only when it ends; so each target has its own. 512 MiB count for each, and 1 GiB is left free.
room() {
	# Not on every desk.
	[ -r "$R/proc/meminfo" ] || {
		echo 4
		return
	}
	available=$(while read -r key value _; do [ "$key" != MemAvailable: ] || echo "$value"; done <"$R/proc/meminfo")
	echo $(((${available:-0} - 1048576) / 524288))
}
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
# build_all ITEM…: builds every one of them, also where others fail: `fails` says which.
build_all() {
	mkdir -p "$work/of"
	if [ "$jobs" = auto ]; then
		jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
		free=$(room)
		[ "$jobs" -le "$free" ] || jobs=$free
	fi
	[ "$jobs" -ge 1 ] || jobs=1

	# The first target alone, because it fetches the flake's inputs for all.
	[ $# -gt 0 ] || return 0
	first=$1
	one "$first"
	shift
	number=0
	while [ "$number" -lt "$jobs" ]; do
		worker "$number" "$@" &
		number=$((number + 1))
	done
	wait
}

# fails ITEM: Nix said that it cannot be evaluated or built; what it said is in its log.
fails() { [ -e "$work/${1#*:}.log.failed" ]; }

# declared_in SYSTEM ITEM…: prints a vm among them that SYSTEM has in microvm.vms, if there is one.
declared_in() {
	system=$1
	shift
	for other; do
		case $other in vm:*) ! is_declared "$system" "${other#vm:}" || { echo "${other#vm:}" && return; } ;; esac
	done
}
