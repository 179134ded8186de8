# Rendered by fleet from fleet.yaml: change it there.
# After guest-state.sh and spool.sh, in front of ended.sh, again.sh and the watch: who ended a guest and why, how often
# it ended against anybody's will, and what the policy of fleet.yaml makes of that. docs/decisions/ends.md says why.
# A folder for each vm, with a file for each end. For root only: consoles may show secrets.
ends=$state/ends
# A file for each vm: when it ended unintended (seconds of uptime), since it last ran for `interval` on end. And which
# helper failed last. No need to outlive a boot: guests begin anew then.
tries=$R/run/fleet/tries
failing=$R/run/fleet/failing
# A file for each vm that ended while somebody else was at work: what its policy makes of that, and why it ended.
unsettled=$R/run/fleet/unsettled

# recovery_of NAME: sets restart, attempts, interval, delay, backoff (in hundredths), longest, per_hour and give_up as the
# policy says. Fails for a guest that it does not know.
recovery_of() {
	# shellcheck disable=SC2016 # jq's variables
	said=$(jq -r --arg vm "$1" '.vms[$vm].recovery // empty |
		[.restart // "always", .attempts // 5, .interval // 600, .delay // 5, ((.backoff // 2) * 100 | floor),
			.maxDelay // 300, .maxPerHour // 20, .giveUp // "fail"] | map(tostring) | join(" ")' \
		"$R/etc/fleet/watch.json" 2>/dev/null) && [ -n "$said" ] || return 1
	read -r restart attempts interval delay backoff longest per_hour give_up <<-END
		$said
	END
	# They become numbers of the shell.
	case $attempts$interval$delay$backoff$longest$per_hour in *[!0-9]*) return 1 ;; esac
}

# console_says: what the last lines of a guest's console, on standard input, say about its end: power-off, reboot, panic,
# terminated (the VMM was asked to end by a signal), or nothing. The last that is said counts. Anybody in the guest may
# have written it: it decides about that guest only.
console_says() {
	sed -n \
		-e 's/^.*Kernel panic - not syncing.*$/panic/p' \
		-e 's/^\(\[[ 0-9.]*\] \)\{0,1\}reboot: Restarting system.*$/reboot/p' \
		-e 's/^\(\[[ 0-9.]*\] \)\{0,1\}reboot: \(Power down\|Power off\|System halted\).*$/power-off/p' \
		-e 's/^.*: terminating on signal [0-9].*$/terminated/p' | tail -n 1
}

# oom_killed NUMBER: the kernel's log, on standard input, says that its OOM killer chose that process: because the machine was
# short of memory, or the unit's control group. Older kernels say Kill.
oom_killed() { grep -q "ut of memory[a-z_ ()]*: Kill\(ed\)\{0,1\} process $1 (\|^oom-kill:.*,pid=$1,uid="; }

# judge RESULT CODE STATUS JOB INTENT SHUTDOWN HELPER CONSOLE: sets who, why and intended. RESULT, CODE and STATUS are
# systemd's; JOB: the queued job of the guest's unit (stop, restart), nothing, or unknown; INTENT: what fleet wants with this life of
# it, or nothing; SHUTDOWN: yes while the hypervisor goes down; HELPER: a unit that failed just now, or nothing;
# CONSOLE: what console_says says, or unknown. The exit status alone proves nothing: SIGTERM, panic, reboot and power-off are all 0.
judge() {
	intended=true
	# An intent without a job was never carried out, and proves nothing.
	case $4:$5 in
	stop:?* | restart:?* | unknown:?*)
		who=fleet why=$5
		return
		;;
	esac
	case $4 in
	stop | restart)
		if [ "$6" = yes ]; then
			who=shutdown why='the hypervisor shuts down'
		elif [ -n "$7" ]; then
			who=helper why="$7 failed" intended=false
		else
			who=person why="systemctl $4"
		fi
		return
		;;
	esac
	who=vmm intended=false
	case $1:$2:$3 in
	oom-kill:*) why='out of memory' ;;
	timeout:* | watchdog:*) why=$1 ;;
	*:dumped:SEGV | *:killed:SEGV) why=segfault ;;
	*:dumped:*) why="dumped core ($3)" ;;
	*:killed:KILL) why=killed ;;
	*:killed:*) why="ended by SIG$3" ;;
	*:exited:0 | success:*)
		case $8 in
		power-off | reboot | panic) who=guest why=$8 ;;
		terminated) why='ended by a signal' ;;
		unknown) who=guest why=unknown ;;
		# A guest that resets its machine says nothing.
		*) who=guest why=reset ;;
		esac
		;;
	*:exited:*)
		why="exit $3"
		# Some VMMs tell a panic by their exit status.
		[ "$8" != panic ] || who=guest why=panic
		;;
	# Its command before the start failed, or systemd itself.
	*) why="did not start (${1:-unknown})" ;;
	esac
	# Nobody knows whether somebody asked for it.
	[ "$4" != unknown ] || who=unknown intended=null
}

# count_end NAME SECONDS: after recovery_of. Writes down an unintended end after a life of so many seconds. Sets ended (how
# often within `interval`, this one included), in_hour, and waits (how often it already had to wait for its next try).
count_end() {
	mkdir -p "$tries"
	now=$(uptime_seconds) ended=1 in_hour=1 waits=0
	# It ran for long enough: what was before is forgotten.
	[ "$2" -lt "$interval" ] || rm -f "$tries/$1"
	{
		[ ! -f "$tries/$1" ] || while IFS=$tab read -r kind at; do
			case $at in '' | *[!0-9]*) continue ;; esac
			case $kind in
			waits) waits=$at ;;
			end)
				[ $((now - at)) -ge "$interval" ] || ended=$((ended + 1))
				[ $((now - at)) -ge 3600 ] || in_hour=$((in_hour + 1))
				if [ $((now - at)) -lt 3600 ] || [ $((now - at)) -lt "$interval" ]; then
					printf 'end\t%s\n' "$at"
				fi
				;;
			esac
		done <"$tries/$1"
		printf 'end\t%s\nwaits\t%s\n' "$now" "$waits"
	} >"$tries/$1.new"
	mv -f "$tries/$1.new" "$tries/$1"
}

# count_wait NAME: it has to wait for its next try once more.
count_wait() { printf 'waits\t%s\n' "$((waits + 1))" >>"$tries/$1"; }

# forget_ends NAME: it begins anew.
forget_ends() { rm -f "$tries/$1" "$failing/$1" "$unsettled/$1"; }

# next_step WHY: after recovery_of and count_end, what becomes of a guest that ended so: prints again (at once: systemd
# does it), rest (it stays off, and that is no failure), `later SECONDS`, or `fail REASON`.
next_step() {
	case $restart:$1 in
	never:power-off | on-failure:power-off) echo rest && return ;;
	never:*) echo 'fail recovery.restart is never' && return ;;
	esac
	if [ "$waits" = 0 ] && [ "$ended" -le "$attempts" ] && [ "$in_hour" -le "$per_hour" ]; then
		echo again
	elif [ "$give_up" = keep-trying ]; then
		wait=$delay turn=$waits
		while [ "$turn" -ge 0 ] && [ "$wait" -lt "$longest" ]; do
			wait=$((wait * backoff / 100)) turn=$((turn - 1))
		done
		[ "$wait" -le "$longest" ] || wait=$longest
		echo "later $wait"
	elif [ "$ended" -gt "$attempts" ]; then
		echo "fail it ended $ended times within $interval s"
	else
		echo "fail it ended $in_hour times within an hour"
	fi
}

# keep_step NAME STEP WHY: a guest that its policy does not have started again (recovery.restart) ended while a deployment or
# an operation was at work, and systemd starts it as ever.
keep_step() {
	case $restart:$2 in never:* | *:rest) ;; *) return 0 ;; esac
	mkdir -p "$unsettled" && printf '%s\t%s\n' "$2" "$3" | write "$unsettled/$1"
}

# settle_ends: does what was kept, where nobody is at work any more, and nobody has started or stopped the guest since.
settle_ends() {
	for file in "$unsettled"/*; do
		case $file in *.new | *'/*') continue ;; esac
		name=${file##*/} step='' why=
		try_lock_vm "$name" stop || continue
		{ IFS=$tab read -r step why <"$file"; } 2>/dev/null || true
		rm -f "$file"
		if [ -n "$step" ] && [ "$(desired "$name")" = running ] && [ "$(guest_get "$name" state)" != Failed ]; then
			intend "$name" recovery "$why while others were at work"
			case $step in
			fail\ *) fail_guest "$name" "$why: ${step#fail }" ;;
			*)
				guest_set "$name" state=Terminated "why=$why" || true
				stop_units "$name"
				;;
			esac
		fi
		unlock_vm
	done
}

# keep_end NAME FILE: on standard input what is known of an end. Keeps the last fifty of a vm, of 64 KiB each at most;
# systemd-tmpfiles removes what is older than thirty days.
keep_end() {
	{ [ -d "$ends" ] || mkdir -m 700 "$ends"; } && mkdir -p "$ends/$1" || return
	(umask 077 && head -c 65536 | write_through "$ends/$1/$2") || return
	# The names sort by time.
	set -- "$ends/$1"/*
	while [ $# -gt 50 ]; do
		rm -f "$1"
		shift
	done
}

# fail_guest NAME REASON: it is left alone until somebody starts it. On disk before it is done.
fail_guest() {
	guest_set "$1" state=Failed "why=$2" || true
	event guest.failed "$1" "why=$2" || true
	cancel_again "$1"
	stop_units "$1"
}

# ends_of NAME COUNT: prints the last ends of a guest and its helpers, the youngest first: unit, when, who, why, for how long
# it had run, the file, and its last line.
ends_of() {
	for file in "$ends/$1"/*; do case $file in *.new) ;; *) echo "$file" ;; esac done | sort -r | head -n "$2" | while IFS= read -r file; do
		[ -f "$file" ] || continue
		(
			unit='' at='' who='' why='' lived=
			while IFS=$tab read -r key value && [ -n "$key" ]; do
				case $key in
				unit) unit=$value ;;
				at) at=$value ;;
				who) who=$value ;;
				why) why=$value ;;
				uptime) lived=$value ;;
				esac
			done <"$file"
			last=$(sed '1,/^$/d' "$file" | plain_lines 60 | grep -v '^ *$' | tail -n 1 | tr '\t' ' ') || true
			answer end "$unit" "$at" "$who" "$why" "$lived" "$1/${file##*/}" "$last"
		)
	done
}

# cores_of NAME: prints the core dumps of its VMM that systemd-coredump kept: when, signal, whether the file is there yet.
cores_of() {
	command -v coredumpctl >/dev/null && command -v jq >/dev/null || return 0
	timeout 5 coredumpctl -q --no-pager --json=short -n 20 list "COREDUMP_UNIT=microvm@$1.service" 2>/dev/null |
		jq -r '.[] | ["core", (.time / 1000000 | floor), .sig, .corefile] | map(tostring) | join("\t")' 2>/dev/null |
		plain_lines 20 || true
}
