# Rendered by fleet from fleet.yaml: change it there.
# In front of every script that runs on a hypervisor. POSIX sh.
# shellcheck disable=SC2030,SC2031,SC2034,SC2317 # not every script uses all of it, nor in the same shell
set -eu
umask 022

# Empty on a hypervisor; the root of a pretend hypervisor in the sandbox.
R=${FLEET_ROOT:-}
state=$R/var/lib/fleet
vms=$R/var/lib/microvms
# Beside the vms, so that setting aside is a rename on whatever file system they are. For root only.
aside=$vms/.aside
gcroots=$R/nix/var/nix/gcroots
roots=$gcroots/fleet
# What fleet wants with the life of a guest that it stops: see intend in guest-state.sh.
intents=$R/run/fleet/intents
system_profile=$R/nix/var/nix/profiles/system
tab='	'

# The version of the files in $state that this fleet writes, and the newest that it reads; it reads all older ones.
# A format changes in two releases: the first reads the new format but writes the old one (raise state_reads), the
# next one writes it (raise state_writes). So each release reads what its neighbour wrote, also after it was itself
# rolled back. See docs/hypervisor-state.md.
state_writes=1 state_reads=1
# state_version: prints the version of the files there: nothing if they are older than versions, ? if it is unreadable.
state_version() {
	[ -e "$state/version" ] || [ -L "$state/version" ] || return 0
	said=
	read -r said 2>/dev/null <"$state/version" || true
	case $said in '' | *[!0-9]* | ??????*) echo '?' ;; *) echo "$said" ;; esac
}

# require_known_state: fails if what is there is of a newer fleet, or if nobody knows.
require_known_state() {
	version=$(state_version)
	[ "$version" != '?' ] || die preflight.state-unreadable "${state#"$R"}/version holds no version: see who wrote it; if no newer fleet deploys here, delete it"
	[ "${version:-0}" -le "$state_reads" ] ||
		die preflight.state-newer "a newer fleet wrote ${state#"$R"} (version $version, this one reads up to $state_reads): update fleet"
}

# die CODE MESSAGE: fails. fleet reads the last such line of standard error, or of a step's answer.
die() {
	printf 'fleet-error\t%s\t%s\n' "$1" "$2" >&"${FLEET_ANSWER:-2}"
	exit 70
}

# answer WORD FIELD…: prints a row for fleet. In a step it goes to a descriptor of its own (step.sh), so that output of
# Nix, git or a guest, which is the step's log, cannot forge one.
answer() {
	# No process is made for a row: some answers have hundreds.
	answer_ifs=$IFS IFS=$tab
	printf '%s\n' "$*" >&"${FLEET_ANSWER:-1}"
	IFS=$answer_ifs
}

# Prints where a link points, or nothing.
target() { readlink "$1" 2>/dev/null || true; }

# Prints the connection that we came by, as sshd has it: client, port, server, port. sudo does not pass the variable on.
connection() {
	if [ -n "${SSH_CONNECTION:-}" ]; then
		printf '%s\n' "$SSH_CONNECTION"
	else
		{ tr '\0' '\n' <"/proc/$PPID/environ" | sed -n 's/^SSH_CONNECTION=//p'; } 2>/dev/null
	fi
}

# rename FROM TO: replaces TO, a link or a file. If TO is a folder, this fails instead of moving FROM into it.
rename() {
	# -T in GNU and busybox, -h in BSD.
	mv -fT "$1" "$2" 2>/dev/null || mv -fh "$1" "$2"
}

# flip LINK TARGET: points the link there, atomically. Only for folders where nobody but root may write.
flip() {
	rm -f "$1.fleet"
	ln -s "$2" "$1.fleet"
	rename "$1.fleet" "$1"
}

# enter FOLDER: changes into that folder in the state directory of vms, without following links. Group kvm may replace
# any folder there by a link, so from here on root works on `.`, which nobody can replace.
enter() {
	base=$(cd -P "$vms" && pwd -P)
	cd -P "$vms/$1" 2>/dev/null || die vm.no-folder "${vms#"$R"}/$1 is not a folder"
	[ "$(pwd -P)" = "$base/$1" ] || die vm.link "${vms#"$R"}/$1 is behind a symbolic link"
}

# is_own FOLDER: a real folder, not a link, that belongs to root and that nobody else may write in.
is_own() {
	listed=$(ls -ldn "$1" 2>/dev/null) || return 1
	read -r rights _ whose _ <<-END
		$listed
	END
	[ "$whose" = "$(id -u)" ] && case $rights in d????-??-*) true ;; *) false ;; esac
}

# enter_known_aside: changes into .aside as fleet made it. Fails if it is not there, or if group kvm put another folder of
# root's in its place. Nobody else can move it into another folder, so one that was renamed lies beside it.
enter_known_aside() {
	{ cd -P "$aside" && is_own . && [ -e .fleet ]; } 2>/dev/null || return 1
	for folder in "$vms"/* "$vms"/.*; do
		case ${folder##*/} in . | .. | .aside) continue ;; esac
		if [ -e "$folder/.fleet" ] && [ ! -L "$folder" ] && is_own "$folder"; then return 1; fi
	done
}

# was_set_aside ID NAME: deployment ID set this vm aside. Only records that root wrote count; the second and third are
# what older deployments left.
was_set_aside() {
	[ -e "$state/aside/$1/$2.aside" ] || [ -e "$state/aside/$1/$2.deployed" ] ||
		grep -qxF "target$tab$2" "$state/deployments/$1/before" 2>/dev/null
}

# last_blocks: may our processes use the blocks that a file system reserves for root (CAP_SYS_RESOURCE)? Not in containers.
last_blocks() {
	bounds=$(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status 2>/dev/null)
	[ $((0x${bounds:-0} >> 24 & 1)) = 1 ]
}

# as_vms COMMAND…: runs it as user microvm, who owns the vms' folders. If a member of group kvm swaps a file for a link
# in time, the command reaches nothing that group kvm could not reach anyway.
as_vms() {
	if [ -z "$R" ] && id -u microvm >/dev/null 2>&1 && command -v setpriv >/dev/null; then
		set -- --reuid="$(id -u microvm)" --regid="$(id -g microvm)" --clear-groups -- "$@"
		! last_blocks || set -- --inh-caps=+sys_resource --ambient-caps=+sys_resource "$@"
		setpriv "$@"
	else
		"$@"
	fi
}

# in_vm NAME COMMAND…: runs it in the vm's folder, as user microvm.
in_vm() (
	enter "$1"
	shift
	# A `microvm -c` that was interrupted leaves the folder to root alone. So is .aside, but that has to stay so.
	if ! as_vms test -w . && [ -z "$R" ]; then
		[ ! -e .fleet ] || die vm.no-folder "${vms#"$R"}/$1 is not a vm's folder but fleet's .aside, which somebody renamed"
		chgrp kvm .
		chmod g+rwx .
	fi
	as_vms "$@"
)

# flake_of NAME: prints the flake that `microvm -u` builds it from; fails if there is no such file.
flake_of() (
	enter "$1"
	[ -f flake ] && [ ! -L flake ] && as_vms head -c 4096 flake
)

# put_flake NAME FLAKE: writes that file, unless it says so already.
put_flake() {
	[ "$(flake_of "$1" 2>/dev/null)" != "$2" ] || return 0
	# shellcheck disable=SC2016
	in_vm "$1" sh -c 'new=$(mktemp .flake.XXXXXX) && printf %s "$1" >"$new" && chmod 644 "$new" &&
		{ mv -fT "$new" flake 2>/dev/null || mv -fh "$new" flake; }' fleet "$2"
}

# flip_current NAME RUNNER: points `current` there, atomically: a guest that starts now gets the old or the new runner.
flip_current() {
	# shellcheck disable=SC2016
	in_vm "$1" sh -c 'new=$(mktemp -u .current.XXXXXX) && ln -s "$1" "$new" &&
		{ mv -fT "$new" current 2>/dev/null || mv -fh "$new" current; }' fleet "$2"
}

# write FILE: writes standard input to FILE, whole or not at all.
write() {
	cat >"$1.new" && mv -f "$1.new" "$1"
}

# record_health NAME RUNNER: records that the guest was last seen healthy on that runner; `-`: that it was not healthy.
# fleet-autostart reads this for `autostart: healthy`.
record_health() {
	if [ "$2" = - ]; then
		rm -f "$state/healthy/$1"
	else
		mkdir -p "$state/healthy"
		printf '%s\n' "$2" | write "$state/healthy/$1"
	fi
}

# table_print: prints a checksum of fleet's nftables table, which is the same after every reload (handles are not).
table_print() {
	rules=$(nft list table inet fleet 2>/dev/null) || return 0
	printf '%s\n' "$rules" | cksum
}

# table_file TOPLEVEL: prints the file with the checksum of the table as this system loads it.
table_file() { echo "$state/tables/${1##*/}"; }

# table_loaded TOPLEVEL [PRINT SYSTEM]: records the checksum after this system has loaded the table, so that a later
# change by somebody else shows. PRINT is the checksum before, under SYSTEM. If it is still the same, the table was not
# loaded again, and what counts is the checksum recorded for SYSTEM.
table_loaded() {
	print=$(table_print)
	[ -n "$print" ] || return 0
	loaded=
	[ "$print" != "${2:-}" ] || read -r loaded 2>/dev/null <"$(table_file "$3")" || true
	print=${loaded:-$print}
	mkdir -p "$state/tables"
	printf '%s\n' "$print" | write "$(table_file "$1")"
}

# in_store PATH: group kvm may write in the state directory of vms, so a runner there counts only if it is in the store. No
# path there that is a runner or a system has spaces, or anything that a shell takes for a pattern.
in_store() {
	case $1 in
	*/../* | */..) return 1 ;;
	"$R"/nix/store/*) ;;
	*) return 1 ;;
	esac
	case ${1#"$R"} in *[![:graph:]]* | *[*?[\\]*) return 1 ;; esac
}

# store_text FILE [BYTES]: prints a file of a runner or of a guest's system, and no more of it than such a file has. Whoever
# may use Nix can put a link into the store, to what others must not read or to what has no end.
store_text() (
	file=$(readlink -f "$1" 2>/dev/null) && [ -f "$file" ] || exit 1
	case $file in "$(cd -P "$R/nix/store" && pwd -P)"/*) head -c "${2:-4096}" "$file" ;; *) exit 1 ;; esac
)

# is_vm FOLDER: a directory whose name a vm can have. Group kvm may create others. They are ignored, because one could
# have the name of the hypervisor's own record (`system.`).
is_vm() {
	[ -d "$1" ] && [ ! -L "$1" ] || return 1
	case ${1##*/} in -* | *[!a-z0-9-]* | '') return 1 ;; esac
}

# is_guest FOLDER: as is_vm, but also with a name that fleet.yaml does not allow (`Web_1`).
is_guest() {
	[ -d "$1" ] && [ ! -L "$1" ] || return 1
	case ${1##*/} in -* | *[!A-Za-z0-9_.@-]*) return 1 ;; esac
}

# is_declared SYSTEM NAME: SYSTEM has the guest in `microvm.vms`. The link `toplevel` in its folder proves nothing:
# microvm.nix never removes it.
is_declared() { [ -e "$1/etc/systemd/system/install-microvm-$2.service" ]; }

# has_flakes: are they enabled for whoever runs Nix here?
has_flakes() {
	[ "$(nix eval --raw --expr 'if builtins ? getFlake then "yes" else "no"' 2>/dev/null)" = yes ]
}

is_active() { systemctl is-active -q "$1"; }

# Every unit of a guest: microvm@NAME and its helpers, microvm-virtiofsd@NAME and so on.
guest_units='microvm*@'
# The helpers' templates, microvm.nix's and fleet's; src/model/guest-units.ts has the same.
guest_helpers='microvm-set-booted microvm-pci-devices microvm-virtiofsd microvm-tap-interfaces microvm-macvtap-interfaces fleet-guest-keys'

# busy_guests: prints the names of guests that run, start or stop, one per line. Between two tries a crashing guest is
# inactive, with a queued start that waits for virtiofsd; so a queued job or an active helper counts, too. Fails if
# systemd does not answer, because then no guest may be taken for stopped.
busy_guests() {
	listed=$(systemctl list-units --no-legend --plain --full \
		--state=active,activating,reloading,deactivating "$guest_units*.service") || return
	queued=$(systemctl list-jobs --no-legend --plain --full "$guest_units*.service" 2>/dev/null) || return
	# list-jobs prints the number of the job first.
	printf '%s\n' "$listed" "$queued" | sed -n 's/^[ 0-9]*microvm[a-z-]*@\([a-z0-9-]*\)\.service .*/\1/p' | sort -u
}
is_busy() {
	listed=$(busy_guests) || return 0
	printf '%s\n' "$listed" | grep -qxF "$1"
}

# root_vm NAME: makes garbage-collection roots of its runners, as `microvm -c` does.
root_vm() {
	mkdir -p "$gcroots/microvm"
	ln -sfn "$vms/$1/current" "$gcroots/microvm/$1"
	ln -sfn "$vms/$1/booted" "$gcroots/microvm/booted-$1"
}

# bridges_of SYSTEM: prints the bridges that networkd creates for that system.
bridges_of() {
	for file in "$1"/etc/systemd/network/*.netdev; do
		[ -f "$file" ] || continue
		made='' called=''
		while IFS='=' read -r key value; do
			case $key in Kind) made=$value ;; Name) called=$value ;; esac
		done <"$file"
		[ "$made" != bridge ] || echo "$called"
	done
}

# bridge_of INTERFACE: prints the bridge that it is in, or nothing.
bridge_of() {
	master=$(target "$R/sys/class/net/$1/master")
	[ -z "$master" ] || [ ! -d "$R/sys/class/net/${master##*/}/bridge" ] || echo "${master##*/}"
}

# root_found: makes roots for guests without any. Those of `microvm.vms` are kept only by the system that declares them,
# which is collected once it is replaced.
root_found() {
	for folder in "$vms"/*; do
		if ! is_guest "$folder" || [ -L "$gcroots/microvm/${folder##*/}" ]; then continue; fi
		root_vm "${folder##*/}"
	done
}

# kill_guest NAME: kills a guest that does not stop. systemd would do so only after its TimeoutSec (150 s).
kill_guest() {
	# Only its VMM: what writes down its end is in the unit, too.
	systemctl kill --kill-whom=main --signal=KILL "microvm@$1.service" 2>/dev/null ||
		[ "$(systemctl show -p SubState --value "microvm@$1.service")" = stop-post ] ||
		systemctl kill --signal=KILL "microvm@$1.service" || true
	answer killed "$1"
}

# kill_units NAME: kills the guest, and virtiofsd, for which systemd would wait another 90 s.
kill_units() {
	kill_guest "$1"
	systemctl kill --signal=KILL "microvm-virtiofsd@$1.service" 2>/dev/null || true
}

# is_stopping NAME: the guest or one of its helpers is stopping.
is_stopping() { [ -n "$(systemctl list-units --no-legend --plain --state=deactivating "$guest_units$1.service")" ]; }

# Whose doing the stop of a guest is: an operation's id, or else the deployment that has the lock; and why.
stops_for='' stops_because='deployment'
stop_intended() {
	stopper=$(target "$state/lock")
	intend "$1" "${stops_for:-${stopper##*/}}" "$stops_because"
}
# not_stopped NAME: it runs on, or its end is written down by now: a later end is another matter.
not_stopped() { rm -f "$intents/$1"; }

# stop_units NAME: begins to stop a guest and its helpers, including those of a guest that never came up. A queued start
# is cancelled by it.
stop_units() {
	systemctl stop --no-block "microvm@$1.service" || return
	systemctl stop --no-block "microvm-*@$1.service" 2>/dev/null || true
}

# stop_guests SECONDS NAME…: as stop_guest, for all at once and with one time limit. One that does not stop does not hold
# up the others.
stop_guests() {
	until=$(($(uptime_seconds) + ${1:-30})) code=0
	shift
	for name; do stop_intended "$name" && stop_units "$name" || code=1; done
	for name; do
		seconds=$((until - $(uptime_seconds)))
		[ "$seconds" -gt 0 ] || seconds=0
		(stop_guest "$name" "$seconds") || code=1
	done
	return "$code"
}

# stop_guest NAME SECONDS: stops a guest, and kills it after that time. Waits for its helpers, too: they stop a moment
# later, and with them `booted` and the TAP go.
stop_guest() {
	stop_intended "$1"
	stop_units "$1"
	left=$(($2 * 5)) killed=
	while is_busy "$1"; do
		if [ "$left" -le 0 ]; then
			[ -z "$killed" ] || die vm.not-stopped "microvm@$1 does not stop, even when killed: see systemctl status microvm@$1 there (a process that hangs in the kernel may need a reboot)"
			kill_units "$1"
			killed=yes left=75
		fi
		# What else is in its unit has had its time.
		[ -z "$killed" ] || [ "$left" != 25 ] || systemctl kill --signal=KILL "microvm@$1.service" 2>/dev/null || true
		left=$((left - 1))
		sleep 0.2
	done
}

# set_profile PROFILE PATH new|return: makes a new generation, or returns to the youngest one with that path, so that the
# generation before it stays the previous one.
set_profile() {
	[ "$(readlink -f "$1" 2>/dev/null)" != "$2" ] || return 0
	found=
	if [ "$3" = return ]; then
		for link in "$1"-*-link; do
			[ "$(target "$link")" = "$2" ] || continue
			number=${link#"$1"-}
			number=${number%-link}
			# `web-2-1-link` is another vm's.
			case $number in '' | *[!0-9]*) continue ;; esac
			[ "${found:-0}" -gt "$number" ] || found=$number
		done
	fi
	if [ -n "$found" ]; then
		nix-env -p "$1" --switch-generation "$found"
	else
		nix-env -p "$1" --set "$2"
	fi
}

# plain_lines COUNT: passes on the last COUNT lines, cut, without colours and without control characters: anybody may have
# written to a journal, and consoles paint.
plain_lines() {
	esc=$(printf '\033')
	LC_ALL=C sed "s|$esc\[[0-?]*[ -/]*[@-~]||g" | tr -d '\000-\010\013-\037\177' | cut -c 1-300 | tail -n "$1"
}
