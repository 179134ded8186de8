# Rendered by fleet from fleet.yaml: change it there.
# After deployments.sh and before.sh, in front of the scripts that take a lock or wait for one.
#
# There are two levels of locks. An operation on one vm holds an exclusive lock of its vm and a shared lock of the
# hypervisor for as long as it runs; both are flocks, which go with their holder. A deployment locks the hypervisor from
# its first changing step to its end: the file `locked` in its folder keeps operations from beginning, whatever is killed
# meanwhile, and it waits for those that are under way. Flocks are in /run, because no operation survives a reboot.
# Why: docs/decisions/locks.md.
locks=$R/run/fleet/locks
operations=$state/operations
# No vm has a dot in its name.
hypervisor_lock=$locks/hypervisor.

# make_locks: creates the folder for root only, because whoever can open a file can lock it.
make_locks() {
	mkdir -p "$R/run/fleet"
	mkdir -m 700 "$locks" 2>/dev/null || [ -d "$locks" ]
}

# operation_meta ID KEY
operation_meta() { sed -n "s/^$2$tab//p" "$operations/$1/meta" 2>/dev/null; }

# operations_at_work [VM]: prints the ids of operations whose unit runs, on that vm or on any.
operations_at_work() {
	for operation in "$operations"/*; do
		if [ ! -f "$operation/meta" ] || [ -e "$operation/result" ]; then continue; fi
		operation=${operation##*/}
		[ -z "${1:-}" ] || [ "$(operation_meta "$operation" vm)" = "$1" ] || continue
		! is_active "fleet-operation-$operation.service" || echo "$operation"
	done
}

# operation_row ID: describes an operation, as deployment_row does a deployment. Without an id it prints nothing.
operation_row() {
	[ -z "$1" ] || printf '%s\t%s\t%s %s\t%s\n' "$1" "$(operation_meta "$1" operator)" "$(operation_meta "$1" kind)" \
		"$(operation_meta "$1" vm)" "$(operation_meta "$1" started)"
}

# own_row VM: the same for what the hypervisor itself does to it (try_lock_vm), as long as the process lives that wrote it.
own_row() {
	process='' row=
	IFS=$tab read -r process row 2>/dev/null <"$locks/$1" || true
	if [ -n "$row" ] && kill -0 "$process" 2>/dev/null; then printf '%s\t%s\n' - "$row"; fi
}

# deployment_row ID: id, operator, what it does, start: for the message that names the owner of a lock.
deployment_row() { printf '%s\t%s\t%s\t%s\n' "$1" "$(meta "$1" operator)" "$(meta "$1" operation)" "$(meta "$1" started)"; }

# locking_deployment: prints the row of a deployment that keeps operations out, even if nobody works at it any more. One
# of an older fleet, which does not wait for operations (no `locks` in its meta), keeps them out from its beginning.
locking_deployment() {
	for deployment in "$deployments"/*; do
		is_open "${deployment##*/}" || continue
		if [ -e "$deployment/locked" ] || [ "$(meta "${deployment##*/}" locks)" != 2 ]; then
			deployment_row "${deployment##*/}"
			return
		fi
	done
}

# lock_hypervisor ID: locks the hypervisor for the deployment until its end. Waits for operations that are under way, for
# as long as a guest may take to stop; no new ones begin. A roll-back returns guests to how operations left them.
lock_hypervisor() (
	fresh=
	if [ ! -e "$deployments/$1/locked" ]; then
		fresh=yes
		: >"$deployments/$1/locked"
		on_disk "$deployments/$1"
	fi
	# Without flock no operation can have begun.
	if command -v flock >/dev/null; then
		make_locks
		seconds=$(meta "$1" stop)
		seconds=$((${seconds:-30} + 15))
		# Taken for a moment only: once we get it, no operation is under way.
		flock -n -x "$hypervisor_lock" true || {
			extend "$1" $(($(meta "$1" confirm) + seconds))
			flock -w "$seconds" -x "$hypervisor_lock" true || {
				holder=$(operation_row "$(operations_at_work | head -n 1)")
				for file in "$locks"/*; do [ -n "$holder" ] || holder=$(own_row "${file##*/}"); done
				die lock.operation "$holder"
			}
			# Meanwhile a person may have interrupted the deployment.
			refuse_decided "$1"
		}
	fi
	[ -z "$fresh" ] || deployment_event locked "$1"
	hold_again "$1"
	[ ! -s "$deployments/$1/operated" ] || look_again "$1"
)

# lock_vm ID VM SECONDS: locks the vm for an operation, exclusively, and the hypervisor, shared, for as long as this
# process lives. Waits that long for others.
lock_vm() {
	command -v flock >/dev/null || die preflight.missing-tools 'not on the PATH of this hypervisor: flock (add util-linux to environment.systemPackages)'
	make_locks
	exec 8>>"$locks/$2" 9>>"$hypervisor_lock"
	began=$(uptime_seconds)
	while :; do
		if flock -n -x 8; then
			# The flock first, then `locked`; a deployment does it in the opposite order. So one sees the other.
			free=
			! flock -n -s 9 || free=yes
			holder=$(locking_deployment)
			[ -z "$free" ] || [ -n "$holder" ] || break
			flock -u 9
		else
			holder=$(operation_row "$(operations_at_work "$2" | grep -vxF "$1" | head -n 1)")
			[ -n "$holder" ] || holder=$(own_row "$2")
		fi
		# A lock without a known owner is held only for a moment, and the hypervisor itself is soon done.
		case $holder in '') patience=3 ;; -*) patience=45 ;; *) patience=0 ;; esac
		[ "$patience" -ge "$3" ] || patience=$3
		[ "$(uptime_seconds)" -lt $((began + patience)) ] || die lock.held "${holder:--}"
		sleep 0.3
	done
	! is_booting || die begin.starting 'guests are still being started after the reboot: wait for it'
	note_operated "$2"
}

# try_lock_vm VM WHAT [ended]: as lock_vm, for what the hypervisor does by itself, such as restart: without waiting, and not
# while autostart still tries, unless a guest has ended, of which autostart takes note. Fails when somebody else is at work:
# then whoever asks only looks. unlock_vm, or its end, frees it.
try_lock_vm() {
	command -v flock >/dev/null || return 1
	make_locks
	exec 8>>"$locks/$1" 9>>"$hypervisor_lock"
	# The flocks first, then `locked`: see lock_vm.
	if flock -n -x 8 && flock -n -s 9 && [ -z "$(locking_deployment)" ] && { [ "${3:-}" = ended ] ||
		{ ! is_booting && [ "$(systemctl show -p SubState --value fleet-autostart.service 2>/dev/null)" != running ]; }; }; then
		note_operated "$1"
		own_lock=$locks/$1
		printf '%s\t%s\t%s %s\t%s\n' $$ 'the hypervisor itself' "$2" "$1" "$(date +%s)" >"$own_lock" || true
		return 0
	fi
	unlock_vm
	return 1
}
unlock_vm() {
	[ -z "${own_lock:-}" ] || : >"$own_lock"
	own_lock=
	exec 8>&- 9>&-
}

# note_operated VM: tells each deployment that has not ended, also one that is just beginning and may be recording the
# guests now, that this guest is not as it saw it.
note_operated() {
	for deployment in "$deployments"/*; do
		if [ ! -d "$deployment" ] || [ -e "$deployment/result" ]; then continue; fi
		echo "$1" >>"$deployment/operated" || true
	done
}

# is_booting: after a reboot, recovery or the first pass of autostart is not over yet.
is_booting() {
	for unit in fleet-recover.service fleet-autostart.service; do
		[ "$(systemctl show -p ActiveState --value "$unit" 2>/dev/null)" != activating ] || return 0
	done
	systemctl list-jobs --no-legend 2>/dev/null | grep -q 'fleet-\(autostart\|recover\)\.service '
}

# prune_operations: keeps the youngest hundred, and those at work.
prune_operations() {
	# shellcheck disable=SC2012 # ids have neither spaces nor line ends
	ls -1t "$operations" | tail -n +101 | while read -r operation; do
		is_active "fleet-operation-$operation.service" || rm -rf "${operations:?}/$operation"
	done
}

# is_elsewhere NUMBER: the process is in another network namespace than systemd, which starts guests: a container, or what
# `ip netns` made. Interfaces there may have the names of those here.
# shellcheck disable=SC3013 # dash, bash and busybox know -ef
is_elsewhere() {
	network=$R/proc/1/ns/net
	# systemd's is not for everybody to see.
	[ -e "$network" ] || network=$R/proc/self/ns/net
	[ -e "$network" ] && [ -e "$R/proc/$1/ns/net" ] && ! [ "$R/proc/$1/ns/net" -ef "$network" ]
}

# holders: prints the number of each process that has a TAP open, and the TAP. One that was made or moved elsewhere is none.
holders() {
	find "$R"/proc/[0-9]*/fd -lname /dev/net/tun 2>/dev/null | while IFS= read -r file; do
		process=${file%/fd/*}
		tap=$(sed -n "s/^iff:[[:space:]]*//p" "$process/fdinfo/${file##*/}" 2>/dev/null) || continue
		if [ -z "$tap" ] || is_elsewhere "${process##*/}"; then continue; fi
		if [ -d "$R/sys/class/net" ] && [ ! -e "$R/sys/class/net/$tap" ]; then continue; fi
		echo "${process##*/} $tap"
	done 2>/dev/null | sort -u
}

# in_guest NUMBER: the process is in a unit of a guest that runs. What is left in the group of a unit that does not run is
# no more systemd's than any other.
in_guest() {
	unit=$(sed -n 's|.*/microvm[a-z-]*@\([A-Za-z0-9_.-]*\)\.service\(/.*\)*$|\1|p' "$R/proc/$1/cgroup" 2>/dev/null | head -n 1)
	[ -n "$unit" ] && is_busy "$unit"
}

# is_stray NUMBER: the process has a TAP open, and is in no guest's unit. Asked in this order: one that ends is in no unit
# any more, but has lost its files before.
is_stray() {
	! is_elsewhere "$1" && ! in_guest "$1" && [ -n "$(find "$R/proc/$1/fd" -lname /dev/net/tun 2>/dev/null)" ]
}

# strays NAME TAP…: numbers of processes that have a TAP of the guest open, and are in no guest's units: a runner that
# somebody started by hand, or that outlived its unit. While one is there no other can have the TAP, or the disks.
strays() {
	shift
	holders | while read -r process tap; do
		for own; do
			if [ "$own" = "$tap" ] && is_stray "$process"; then echo "$process"; fi
		done
	done | sort -u
}

# end_process NUMBER: with SIGKILL when it does not end. Fails if it is not there.
end_process() {
	kill -TERM "$1" 2>/dev/null || return
	tries=25
	while kill -0 "$1" 2>/dev/null && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.2
	done
	kill -KILL "$1" 2>/dev/null || true
}

# end_strays NAME TAP…: by their numbers.
end_strays() {
	[ $# -gt 1 ] || return 0
	for number in $(strays "$@"); do
		what=
		read -r what 2>/dev/null <"$R/proc/$number/comm" || true
		end_process "$number" || continue
		answer stray "$number" "$what"
	done
}

# refuse_open CODE: a deployment that is open may return to whatever nobody seems to need.
refuse_open() {
	for folder in "$deployments"/*; do
		! is_open "${folder##*/}" ||
			die "$1" "deployment ${folder##*/} of $(meta "${folder##*/}" operator) has not ended, and may need any of it: see fleet history, then try again"
	done
}

# lock_to_delete CODE: for what deletes things that nobody needs: as root, in a state that is known, and while no deployment
# changes anything, for as long as this process lives or closes descriptor 9.
lock_to_delete() {
	[ "$(id -u)" = 0 ] || [ -n "$R" ] || die preflight.not-root "commands run as $(id -un), not as root"
	command -v flock >/dev/null || die preflight.missing-tools 'not on the PATH of this hypervisor: flock (add util-linux to environment.systemPackages)'
	make_locks
	exec 9>>"$hypervisor_lock"
	flock -s -w 15 9 || die "$1" 'something is being changed there just now: try again'
	refuse_open "$1"
	# A newer fleet may have deployed while this waited.
	require_known_state
}
