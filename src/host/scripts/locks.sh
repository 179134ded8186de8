# Behind deployments.sh and before.sh, in front of the scripts that take a lock, or wait for one.
#
# Locks have two levels. An operation on one vm holds its vm's lock exclusively and the hypervisor's shared, for as long
# as it runs: each a flock on an open file, gone with whoever holds it. A deployment locks the hypervisor from its first
# changing step to its end: `locked` in its folder keeps operations from beginning, whatever is killed meanwhile, and
# those that are under way are waited for. Flocks are in /run, for no operation outlives a boot.
locks=$R/run/fleet/locks
operations=$state/operations
# No vm has a dot in its name.
hypervisor_lock=$locks/hypervisor.

# Not for others to open: who can open a file can lock it.
make_locks() {
	mkdir -p "$R/run/fleet"
	mkdir -m 700 "$locks" 2>/dev/null || [ -d "$locks" ]
}

# operation_meta ID KEY
operation_meta() { sed -n "s/^$2$tab//p" "$operations/$1/meta" 2>/dev/null; }

# operations_at_work [VM]: ids of those whose unit runs, of that vm.
operations_at_work() {
	for operation in "$operations"/*; do
		if [ ! -f "$operation/meta" ] || [ -e "$operation/result" ]; then continue; fi
		operation=${operation##*/}
		[ -z "${1:-}" ] || [ "$(operation_meta "$operation" vm)" = "$1" ] || continue
		! is_active "fleet-operation-$operation.service" || echo "$operation"
	done
}

# operation_row ID: who it is, as deployment_row says it of a deployment. Nothing of nobody.
operation_row() {
	[ -z "$1" ] || printf '%s\t%s\t%s %s\t%s\n' "$1" "$(operation_meta "$1" operator)" "$(operation_meta "$1" kind)" \
		"$(operation_meta "$1" vm)" "$(operation_meta "$1" started)"
}

# deployment_row ID: who has the lock.
deployment_row() { printf '%s\t%s\t%s\t%s\n' "$1" "$(meta "$1" operator)" "$(meta "$1" operation)" "$(meta "$1" started)"; }

# locking_deployment: the row of one that keeps operations away, whether anybody works at it or not. A fleet that knows of
# no operations waits for none: its deployments do so from their beginning.
locking_deployment() {
	for deployment in "$deployments"/*; do
		is_open "${deployment##*/}" || continue
		if [ -e "$deployment/locked" ] || [ "$(meta "${deployment##*/}" locks)" != 2 ]; then
			deployment_row "${deployment##*/}"
			return
		fi
	done
}

# lock_hypervisor ID: the deployment has it from now to its end. Waits for operations that are under way, as long as a
# guest may take to stop; none begins meanwhile. Guests on which there were some go back to how those left them.
lock_hypervisor() (
	if [ ! -e "$deployments/$1/locked" ]; then
		: >"$deployments/$1/locked"
		on_disk "$deployments/$1"
	fi
	# Without flock there are no operations.
	if command -v flock >/dev/null; then
		make_locks
		seconds=$(meta "$1" stop)
		seconds=$((${seconds:-30} + 15))
		# Held for a moment: then nobody is left.
		flock -n -x "$hypervisor_lock" true || {
			extend "$1" $(($(meta "$1" confirm) + seconds))
			flock -w "$seconds" -x "$hypervisor_lock" true ||
				die lock.operation "$(operation_row "$(operations_at_work | head -n 1)")"
			# Somebody may have been asked to stop meanwhile, and waits no more.
			refuse_decided "$1"
		}
	fi
	[ ! -s "$deployments/$1/operated" ] || look_again "$1"
)

# lock_vm ID VM SECONDS: an operation has it, and the hypervisor with others, for as long as this process lives. Waits
# that long for whoever has them.
lock_vm() {
	command -v flock >/dev/null || die preflight.missing-tools 'not on the PATH of this hypervisor: flock (add util-linux to environment.systemPackages)'
	make_locks
	exec 8>>"$locks/$2" 9>>"$hypervisor_lock"
	# A lock that is taken for a moment, with nobody to name, is no refusal.
	until=$(($(uptime_seconds) + $3)) moment=$(($(uptime_seconds) + 3))
	while :; do
		if flock -n -x 8; then
			# In this order: a deployment says that it locks, then waits for us.
			free=
			! flock -n -s 9 || free=yes
			holder=$(locking_deployment)
			[ -z "$free" ] || [ -n "$holder" ] || break
			flock -u 9
		else
			holder=$(operation_row "$(operations_at_work "$2" | grep -vxF "$1" | head -n 1)")
		fi
		if [ "$(uptime_seconds)" -ge "$until" ] && { [ -n "$holder" ] || [ "$(uptime_seconds)" -ge "$moment" ]; }; then
			die lock.held "${holder:--}"
		fi
		sleep 0.3
	done
	! is_booting || die begin.starting 'guests are still being started after the reboot: wait for it'
	# Also of one that has only just begun to look at what there is.
	for deployment in "$deployments"/*; do
		if [ ! -d "$deployment" ] || [ -e "$deployment/result" ]; then continue; fi
		echo "$2" >>"$deployment/operated" || true
	done
}

# is_booting: what was cut off is put in order, or guests are started one by one, after a reboot.
is_booting() {
	for unit in fleet-recover.service fleet-autostart.service; do
		[ "$(systemctl show -p ActiveState --value "$unit" 2>/dev/null)" != activating ] || return 0
	done
	systemctl list-jobs --no-legend 2>/dev/null | grep -q 'fleet-\(autostart\|recover\)\.service '
}

# prune_operations: the youngest hundred stay, and those at work; deployments are counted for themselves.
prune_operations() {
	# shellcheck disable=SC2012 # ids have neither spaces nor line ends
	ls -1t "$operations" | tail -n +101 | while read -r operation; do
		is_active "fleet-operation-$operation.service" || rm -rf "${operations:?}/$operation"
	done
}
