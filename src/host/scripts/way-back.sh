# way-back.sh lease|lapsed|now|boot: rolls back a deployment. Before anything changes begin.sh saves it on the hypervisor
# as back.sh, with a header that sets id, PATH and root. It needs neither fleet, git, an evaluation nor the network.
#   lease   waits until nothing was heard from fleet for too long, then as lapsed
#   lapsed  completes the records of a confirmed deployment, rolls back any other, then ends it
#   now     rolls back, even if it was confirmed; fleet checks the result, and ends the deployment
#   boot    as lapsed, after a power cut, before any guest starts; exit 75: it reboots
mode=$1 stops_because='roll-back'
# shellcheck disable=SC2154 # the header has it
stops_for=$id
deployment=$deployments/$id
if [ ! -d "$deployment" ] || [ -e "$deployment/result" ]; then exit 0; fi

if [ "$mode" = lease ]; then
	tries=0
	until [ -e "$deployment/result" ]; do
		deadline=0
		read -r deadline 2>/dev/null <"$deployment/deadline" || true
		left=$((deadline - $(uptime_seconds)))
		if [ "$left" -gt 0 ]; then
			# In short intervals, because the deadline may also be moved nearer.
			[ "$left" -lt 2 ] || left=2
			sleep "$left"
		elif step_holds "$id" || is_active "fleet-back-$id-now.service"; then
			# A step has a time limit of its own, and only one way back runs at a time, whoever started it.
			sleep 1
		else
			tries=$((tries + 1))
			[ "$tries" -le 20 ] || die back.failed "deployment $id could not be finished or rolled back: see ${deployment#"$R"}"
			end_dead "$id"
			[ -e "$deployment/result" ] || sleep 2
		fi
	done
	exit 0
fi

# Whoever creates this link first, the way back or the confirmation, decides. If it cannot be created (a full disk), the
# deployment is not confirmed, and rolling back is safe.
rm -f "$deployment/reserve"
if [ "$mode" = now ]; then
	flip "$deployment/decided" back || true
elif ! ln -sn back "$deployment/decided" 2>/dev/null && [ "$(target "$deployment/decided")" = confirmed ]; then
	finish "$id"
	end_deployment "$id" "done"
	exit 0
fi

# From here on a failure is reported, and the rest is tried all the same.
set +e
on_disk "$deployment"
[ "$mode" = boot ] || systemctl stop "fleet-$id-*.service"
failed=
fail() {
	failed=yes
	echo "$1" | tee -a "$deployment/not-back" >&2
}
field() { sed -n "s/^$1$tab//p" "$deployment/before"; }
is_target() { field target | grep -qxF "$1"; }
runs() { printf '%s\n' "$running" | grep -qxF "$1"; }
# is_stopping NAME: a step that was just ended may have begun to stop the guest. At first the guest is still active, with
# a queued stop; later it is inactive. A guest in a crash loop is inactive, too, but with a queued start.
is_stopping() {
	jobs=$(systemctl list-jobs --no-legend --plain --full "microvm@$1.service" 2>/dev/null)
	case $(systemctl show -p ActiveState --value "microvm@$1.service") in
	deactivating) return 0 ;;
	inactive | failed) case $jobs in *start\ *) return 1 ;; esac ;;
	*) case $jobs in *' stop '*) ;; *) return 1 ;; esac ;;
	esac
}
# is_as_before: a target runs on its former runner, and would start on it again. A guest that is no target only has to run
# (or crash) on the runner that it was on.
is_as_before() {
	runs "$name" || return 1
	! is_stopping "$name" || return 1
	now=$(target "$vms/$name/current") on=$(target "$vms/$name/booted")
	# A runner that was collected: nobody can have started it since, and nobody can start it again.
	if [ -n "$on" ] && [ ! -e "$on" ]; then
		! is_target "$name" || [ ! -e "$now" ] || [ "$now" = "$former" ]
	elif is_target "$name"; then
		[ "$on" = "$former" ] && [ "$now" = "$former" ]
	else
		case ${on:-$now} in "$former" | "$booted") true ;; *) false ;; esac
	fi
}

# list_running: the guests that run now. systemd may not answer for a moment, as when a switch re-executes it.
list_running() {
	tries=10
	until running=$(busy_guests); do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			fail 'systemd does not say which guests run'
			return
		}
		sleep 1
	done
}

# guests_back: stops guests that are not as before, and points their links at the former runners. A list of units is true
# for a moment only, so every target is stopped whatever the list says.
guests_back() {
	running=''
	[ "$mode" = boot ] || list_running
	starting='' stopping='' turning=''
	while IFS=$tab read -r name current booted was former; do
		# Without any vms there is one empty line.
		[ -n "$name" ] || continue
		# By its record, too: group kvm may have put another .aside there.
		if [ ! -e "$vms/$name" ] && { is_vm "$aside/$id/$name" || [ -e "$state/aside/$id/$name.aside" ]; }; then
			(bring_back "$id" "$name") || fail "$name is still set aside"
		fi
		if [ "$was" = active ]; then
			# Also guests that are no targets: a switch may have stopped them.
			! is_as_before || continue
			starting="$starting $name"
		else
			is_target "$name" || continue
		fi
		stopping="$stopping $name"
		turning="$turning $name"
	done <<-END
		$(field vm)
	END
	new=
	for name in $(field target); do
		if field vm | grep -q "^$name$tab"; then continue; fi
		# Its units may run even if its folder is gone.
		stopping="$stopping $name"
		! is_vm "$vms/$name" || new="$new $name"
	done
	# After a power cut nothing runs yet.
	if [ "$mode" != boot ] && [ -n "$stopping" ]; then
		# shellcheck disable=SC2086 # names have no spaces
		stop_guests "$(meta "$id" stop)" $stopping
		list_running
		for name in $stopping; do ! runs "$name" || fail "$name did not stop"; done
	fi
	for name in $new; do
		# Never under a guest that runs.
		runs "$name" || (set_aside "$id" "$name") || fail "$name is new and was not set aside"
	done
	while IFS=$tab read -r name current booted was former; do
		case " $turning " in *" ${name:-none} "*) ;; *) continue ;; esac
		if [ ! -d "$vms/$name" ] || [ "$(target "$vms/$name/current")" = "$former" ]; then continue; fi
		if [ "$former" = - ]; then
			# There was none, or it was collected. The new one must not start either.
			in_vm "$name" rm -f current || fail "$name is still on its new runner"
		elif [ ! -e "$former" ]; then
			fail "the former runner of $name, $former, is gone"
		else
			(flip_current "$name" "$former") || fail "$name is not on its former runner"
		fi
	done <<-END
		$(field vm)
	END
	for name in $(field target); do
		! is_vm "$vms/$name" || flake_back "$name" || echo "$name: microvm -u would build it from another flake than before" >&2
	done
}

# flake_back NAME: restores the flake that a `microvm -u` by hand would build it from.
flake_back() {
	if [ -f "$deployment/flake.$1" ]; then
		put_flake "$1" "$(cat "$deployment/flake.$1")"
	else
		! flake_of "$1" >/dev/null || in_vm "$1" rm -f flake
	fi
}

# ports_back: puts TAPs back into their bridges. The switch re-creates a bridge that a script made, without the TAPs of
# guests that keep running.
ports_back() {
	tries=25
	until
		out=
		while IFS=$tab read -r port bridge; do
			# A guest that stopped has no TAP any more.
			if [ -z "$port" ] || [ ! -e "$R/sys/class/net/$port" ]; then continue; fi
			[ "$(bridge_of "$port")" != "$bridge" ] || continue
			ip link set dev "$port" master "$bridge" 2>/dev/null || out="$out $port(${bridge})"
		done <<-END
			$(field port)
		END
		[ -z "$out" ]
	do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || break
		sleep 0.2
	done
	[ -z "$out" ] || fail "not back in their bridges:$out"
}

# system_back: restores the system that ran, bridges that were removed, and the boot default.
boot=0 reboot=
system_back() {
	[ -e "$deployment/switching" ] || return 0
	IFS=$tab read -r old profile number <<-END
		$(field system)
	END
	if [ "$mode" = boot ]; then
		[ "$(readlink -f "$R/run/current-system")" = "$old" ] || reboot=yes
	else
		strangers=
		! meets_strangers "$old" || strangers=yes
		# Limited, because guests stay down while a switch hangs. Retried, because somebody else's switch may hold the lock.
		tries=12
		until
			timeout -k 10 300 "$old/bin/switch-to-configuration" test
			code=$?
			# 4: a unit failed, perhaps one that had failed before; 100: a reboot is needed. fleet checks the result.
			case $code in 0 | 4 | 100 | 124 | 137) true ;; *) false ;; esac
		do
			tries=$((tries - 1))
			[ "$tries" -gt 0 ] || break
			sleep 5
		done
		echo system. >>"$deployment/put-back"
		case $code in 0 | 4 | 100) ;; *) fail "switch-to-configuration test of the previous system ended with $code" ;; esac
		# networkd takes over an existing bridge, or creates one that was removed, only when it starts.
		if [ -n "$strangers" ] || [ -e "$deployment/bridges-removed" ] || [ -s "$deployment/bridges-new" ]; then
			systemctl restart systemd-networkd.service
		fi
		# networkd removes no bridge. One that the new system brought could hold the subnet of a previous one.
		[ ! -f "$deployment/bridges-new" ] || while read -r bridge; do
			[ -n "$(ls -A "$R/sys/class/net/$bridge/brif" 2>/dev/null)" ] || ip link delete "$bridge" type bridge
		done <"$deployment/bridges-new"
		ports_back
	fi
	[ -e "$deployment/booting" ] || [ "$(readlink -f "$system_profile")" != "$profile" ] || return 0
	[ "$(readlink -f "$system_profile")" = "$profile" ] ||
		nix-env -p "$system_profile" --switch-generation "$number" ||
		nix-env -p "$system_profile" --set "$profile" || boot=1
	"$profile/bin/switch-to-configuration" boot || boot=1
	[ "$boot" = 0 ] || fail "a reboot may still boot the system that was rolled back"
}

if [ ! -e "$deployment/back.rc" ]; then
	note "$id" - way-back begin
	deployment_event way-back "$id" "why=$mode"
	[ "$mode" = now ] || [ -e "$deployment/failure" ] || {
		case $mode in
		boot) printf 'code\tback.boot\nmessage\tthe hypervisor went down in the middle of it, and booted again\n' ;;
		*) printf 'code\tback.unheard\nmessage\tthe hypervisor no longer heard from fleet\n' ;;
		esac
		printf 'blames\tworld\n'
	} | write "$deployment/failure"
	rm -f "$deployment/not-back" "$deployment/put-back"
	if [ -e "$deployment/changing" ]; then
		guests_back
		system_back
		# Does not wait until they have booted: fleet checks them.
		[ "$mode" = boot ] || for name in $starting; do
			echo "$name" >>"$deployment/put-back"
			start_guest "$name" --no-block || fail "$name was not started"
		done
	fi
	# Otherwise a `microvm -u` by hand would build what was just rolled back. If git fails, the checkout stays as it is.
	former=$(meta "$id" former)
	if [ "$mode" != boot ] && [ -e "$deployment/checked-out" ] && [ -n "$former" ]; then
		checkout=$R$(meta "$id" checkout)
		(free_checkout "$checkout" && git -C "$checkout" checkout -q --force -B fleet "$former") 2>/dev/null
	fi
	note "$id" - way-back end "${failed:+1}"
	if [ "$reboot" = yes ] && [ ! -e "$deployment/rebooted" ]; then
		# It booted a system that nobody confirmed. The boot default is the former one again by now.
		: >"$deployment/rebooted"
		on_disk "$deployment"
		systemctl reboot
		exit 75
	fi
	[ "$reboot" != yes ] || fail "it booted again into the system that was rolled back"
	echo "${failed:-no} $boot" | write "$deployment/back.rc"
fi
if [ "$mode" = now ]; then
	# fleet checks the result and ends the deployment; if fleet is gone, the lease does.
	extend "$id" "$(meta "$id" confirm)"
	exit 0
fi
result=rolled-back
[ -e "$deployment/changing" ] || result=untouched
[ ! -e "$deployment/not-back" ] || result=rollback-failed
end_deployment "$id" "$result"
