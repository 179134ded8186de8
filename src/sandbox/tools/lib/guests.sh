# shellcheck shell=sh
# Guests: microvm@NAME with the units that belong to it. No process runs; what a guest does later,
# its kernel parameters say:
#   lab.mute         never answers
#   lab.die=S        dies S seconds after its start (also lab.crash=S)
#   lab.hang-stop    does not stop until it is killed
#   lab.tcp=P,P lab.http=P   ports that answer (src/sandbox/guest-ports.ts)
#   lab.says=TEXT    prints that when it starts
#   lab.shell        has a shell for run checks (bin/ssh)
#   lab.run=CODE     what every command inside of it ends with (bin/ssh)

# behaviour RUNNER: into the variables mute, dies, hangs, says.
behaviour() {
	mute='' dies='' hangs='' says=''
	[ -f "$1/sandbox/parameters" ] || return 0
	while read -r parameter; do
		case $parameter in
		lab.mute) mute=1 ;;
		lab.die=* | lab.crash=*) dies=${parameter#*=} ;;
		lab.hang-stop) hangs=1 ;;
		lab.says=*) says=${parameter#*=} ;;
		esac
	done <"$1/sandbox/parameters"
}

# say UNIT TEXT: what a unit prints, which the journal has.
say() { log stdout "$1.service" "$1" '' "$2"; }
# tell UNIT KIND TEXT: what systemd says about a unit, by the MESSAGE_ID that it has for this.
tell() {
	case $2 in
	started) kind=39f53479d3a045ac8e11786248231fbf ;;
	stopped) kind=9d1aaa27d60140bd96365438aad20286 ;;
	exited) kind=98e322203f7a4ed290d09fe03c09fe15 ;;
	failed) kind=d9b373ed55a64feb8242e02dbe79a49c ;;
	succeeded) kind=7ad2d189f7e94e70a38c781354912448 ;;
	again) kind=5eb03494b6584870a536b337290809b3 ;;
	memory) kind=fe6faa94e7774663a0da52717891d8ef ;;
	esac
	log journal "$1.service" systemd "$kind" "$3"
}
log() { # TRANSPORT UNIT IDENTIFIER KIND TEXT
	# BSD's date has no nanoseconds.
	written=$(date +%s%N)
	case $written in *N) written=${written%N}000000 ;; *) written=${written%???} ;; esac
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$written" "$@" >>"$box/journal"
}

# use_set NAME: what the kernel counts of its processes, as long as there are any.
use_set() {
	counted=$R/sys/fs/cgroup/system.slice/system-microvm.slice/microvm@$1.service
	mkdir -p "$counted"
	printf 'usage_usec 2000000\nuser_usec 1000000\nsystem_usec 1000000\n' >"$counted/cpu.stat"
	printf 'anon 8388608\nfile 67108864\nshmem 58720256\n' >"$counted/memory.stat"
}

# guest_start NAME [RESTARTS]: all of its units, in their order.
guest_start() {
	vm=$microvms/$1
	# microvm-set-booted@ has no condition: for a vm that is not there it fails.
	if ! runner=$(readlink "$vm/current"); then
		unit_now "microvm-set-booted@$1.service" failed failed exit-code
		say "microvm-set-booted@$1" 'readlink: missing operand'
		echo "A dependency job for microvm@$1.service failed. See 'journalctl -xe' for details." >&2
		return 1
	fi
	rm -f "$vm/booted"
	ln -s "$runner" "$vm/booted"
	unit_now "microvm-set-booted@$1.service" active exited
	if ! taps_up "$1"; then
		echo "A dependency job for microvm@$1.service failed. See 'journalctl -xe' for details." >&2
		return 1
	fi
	if ! guest_keys "$1"; then
		unit_now "fleet-guest-keys@$1.service" failed failed exit-code
		echo "A dependency job for microvm@$1.service failed. See 'journalctl -xe' for details." >&2
		return 1
	fi
	if [ ! -x "$runner/bin/virtiofsd-run" ]; then
		guest_run "$1" "${2:-0}"
		return
	fi
	# Under supervisord it takes its time; meanwhile microvm@ is inactive, and its start a job that waits.
	unit_load "microvm-virtiofsd@$1.service"
	active=activating sub=start id=$(new_id)
	unit_save "microvm-virtiofsd@$1.service"
	echo start >"$box/jobs/microvm@$1.service"
	rm -f "$box/units/microvm@$1.service"
	read -r seconds <"$box/virtiofsd-seconds"
	later "$seconds" guest_shared "$1" "${2:-0}" "$id"
}

# guest_shared NAME RESTARTS INVOCATION: virtiofsd is ready, and microvm@ need not wait any more.
guest_shared() {
	unit_load "microvm-virtiofsd@$1.service"
	[ "$active$id" = "activating$3" ] || return 0
	active=active sub=running since=$(monotonic)
	unit_save "microvm-virtiofsd@$1.service"
	guest_run "$1" "$2"
	rm -f "$box/jobs/microvm@$1.service"
}

# guest_run NAME RESTARTS: microvm@ itself, when its helpers are there. It runs what `current` is by now.
guest_run() {
	vm=$microvms/$1
	runner=$(readlink "$vm/current") || return 0
	# A condition that is not met is no failure: nothing runs, and systemctl says that all is well.
	[ -x "$runner/bin/microvm-run" ] || return 0
	(cd "$vm" && "$runner/bin/microvm-run")
	unit_load "microvm@$1.service"
	active=active sub=running id=$(new_id) restarts=$2 result=success since=$(monotonic)
	unit_save "microvm@$1.service"
	tell "microvm@$1" started "Started MicroVM '$1'."
	say "microvm@$1" '[    0.000000] Linux version 6.12.41 (sandbox)'
	use_set "$1"
	while read -r tap _ address; do
		echo "$1 $tap" >"$box/addresses/${address%/*}"
		: >"$box/carriers/$tap"
	done <"$runner/sandbox/nics"
	read -r boot_seconds <"$box/boot-seconds"
	behaviour "$runner"
	[ -z "$says" ] || say "microvm@$1" "$says"
	[ -n "$mute" ] || later "$boot_seconds" guest_up "$1" "$id"
	[ -z "$dies" ] || later "$dies" guest_dies "$1" "$id"
}

# taps_up NAME: microvm-tap-interfaces@, which stays active until its guest stops.
taps_up() {
	unit_load "microvm-tap-interfaces@$1.service"
	[ "$active" != active ] && [ -x "$microvms/$1/current/bin/tap-up" ] || return 0
	if "$microvms/$1/current/bin/tap-up"; then
		unit_now "microvm-tap-interfaces@$1.service" active exited
	else
		unit_now "microvm-tap-interfaces@$1.service" failed failed exit-code
		return 1
	fi
}

# guest_keys NAME: fleet-guest-keys@, the script that the active system has for it.
guest_keys() {
	[ -d "$microvms/$1/current/share/microvm/virtiofs/fleet-keys" ] || return 0
	sh -e "$R/run/current-system/sandbox/keys-script" "$1" </dev/null
}

# guest_up NAME INVOCATION: it has booted, and answers.
guest_up() {
	unit_load "microvm@$1.service"
	[ "$active$id" = "active$2" ] || return 0
	: >"$box/up/$1"
	# A console paints.
	say "microvm@$1" "$(printf '[\033[0;32m  OK  \033[0m] Reached target Multi-User System.')"
}

# guest_gone NAME: nobody is at the other end of its TAPs any more.
guest_gone() {
	rm -f "$box/up/$1"
	rm -rf "$R/sys/fs/cgroup/system.slice/system-microvm.slice/microvm@$1.service"
	[ -f "$microvms/$1/booted/sandbox/nics" ] || return 0
	while read -r tap _ address; do
		rm -f "$box/carriers/$tap" "$box/addresses/${address%/*}"
	done <"$microvms/$1/booted/sandbox/nics"
}

# guest_dies NAME INVOCATION: Restart=always brings it back after RestartSec.
guest_dies() {
	unit_load "microvm@$1.service"
	[ "$active$id" = "active$2" ] || return 0
	guest_gone "$1"
	case ${3:-} in
	signal | oom-kill)
		[ "$3" = signal ] || tell "microvm@$1" memory "microvm@$1.service: A process of this unit has been killed by the OOM killer."
		tell "microvm@$1" exited "microvm@$1.service: Main process exited, code=killed, status=9/KILL"
		;;
	*) tell "microvm@$1" exited "microvm@$1.service: Main process exited, code=exited, status=1/FAILURE" ;;
	esac
	tell "microvm@$1" failed "microvm@$1.service: Failed with result '${3:-exit-code}'."
	active=activating sub=auto-restart result=${3:-exit-code}
	unit_save "microvm@$1.service"
	later 5 guest_returns "$1" "$2"
}

# virtiofsd_dies NAME: Restart=always brings it back after RestartSec, and with it the guest that needs it; nothing does where
# a file in sandbox/no-restart says Restart=no.
virtiofsd_dies() {
	unit=microvm-virtiofsd@$1
	unit_load "$unit.service"
	[ "$active" = active ] || return 0
	tell "$unit" exited "$unit.service: Main process exited, code=killed, status=9/KILL"
	tell "$unit" failed "$unit.service: Failed with result 'signal'."
	if [ -e "$box/no-restart/$unit.service" ]; then
		unit_now "$unit.service" failed failed signal
		return 0
	fi
	active=activating sub=auto-restart result=signal
	unit_save "$unit.service"
	later 5 virtiofsd_returns "$1" "$id"
}
virtiofsd_returns() {
	unit_load "microvm-virtiofsd@$1.service"
	[ "$sub$id" = "auto-restart$2" ] || return 0
	unit_load "microvm@$1.service"
	[ "$active" != active ] || tell "microvm@$1" succeeded "microvm@$1.service: Deactivated successfully."
	guest_clear "$1"
	guest_start "$1"
}

# A restart by systemd itself takes the units that are PartOf= along: `current` is booted.
guest_returns() {
	unit_load "microvm@$1.service"
	[ "$sub$id" = "auto-restart$2" ] || return 0
	next=$((restarts + 1))
	tell "microvm@$1" again "microvm@$1.service: Scheduled restart job, restart counter is at $next."
	guest_clear "$1"
	guest_start "$1" "$next"
}

# What belongs to a guest and goes with it.
guest_clear() {
	guest_gone "$1"
	rm -f "$box/jobs/microvm@$1.service" "$box/units/microvm-virtiofsd@$1.service"
	[ ! -x "$microvms/$1/booted/bin/tap-down" ] || "$microvms/$1/booted/bin/tap-down"
	rm -f "$box/units/microvm-tap-interfaces@$1.service" "$box/units/microvm-set-booted@$1.service"
	rm -f "$microvms/$1/booted"
}

# helpers_up NAME: some of the units that belong to a guest are up, though it may never have come up itself.
helpers_up() {
	for unit in "$box"/units/microvm-*"@$1.service"; do [ ! -f "$unit" ] || return 0; done
	return 1
}

# guest_stop NAME: fails when the guest hangs; then it is deactivating until it is killed.
guest_stop() {
	unit_load "microvm@$1.service"
	case $active in
	active) behaviour "$microvms/$1/booted" ;;
	activating) hangs='' ;;
	deactivating) return 1 ;;
	*)
		! helpers_up "$1" || guest_clear "$1"
		return 0
		;;
	esac
	if [ -n "$hangs" ]; then
		active=deactivating sub=stop-sigterm
		unit_save "microvm@$1.service"
		return 1
	fi
	active=deactivating sub=stop
	unit_save "microvm@$1.service"
	guest_clear "$1"
	unit_now "microvm@$1.service" inactive dead
	tell "microvm@$1" succeeded "microvm@$1.service: Deactivated successfully."
	tell "microvm@$1" stopped "Stopped MicroVM '$1'."
}

# guest_kill NAME: its processes get SIGKILL. One that was stopping has failed; another restarts.
guest_kill() {
	unit_load "microvm@$1.service"
	case $active in
	deactivating)
		guest_clear "$1"
		tell "microvm@$1" exited "microvm@$1.service: Main process exited, code=killed, status=9/KILL"
		tell "microvm@$1" failed "microvm@$1.service: Failed with result 'signal'."
		unit_now "microvm@$1.service" failed failed signal
		;;
	active) guest_dies "$1" "$id" signal ;;
	esac
}
