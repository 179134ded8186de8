# Put in front of every script that runs on a hypervisor. POSIX sh.
# shellcheck disable=SC2034,SC2317 # not every script uses all of it
set -eu
umask 022

# Empty on a hypervisor; the sandbox runs the same scripts in a folder of its own.
R=${FLEET_ROOT:-}
state=$R/var/lib/fleet
vms=$R/var/lib/microvms
# Beside the vms, so that setting aside is a rename, whatever file system they are on; root's alone.
aside=$vms/.aside
gcroots=$R/nix/var/nix/gcroots
roots=$gcroots/fleet
system_profile=$R/nix/var/nix/profiles/system
tab='	'

# Of what is under $state: the version that is written, and the newest that is read. Every older one is read, too.
# A format changes in two releases: the first reads the new one and writes the old (state_reads), the second writes
# it (state_writes). So each reads what its neighbour wrote, after a roll-back too. See docs/hypervisor-state.md.
state_writes=1 state_reads=1
# state_version: that of what is there; nothing: from before there were any; ?: its file does not say.
state_version() {
	[ -e "$state/version" ] || [ -L "$state/version" ] || return 0
	said=
	read -r said 2>/dev/null <"$state/version" || true
	case $said in '' | *[!0-9]* | ??????*) echo '?' ;; *) echo "$said" ;; esac
}

# die CODE MESSAGE: fleet reads the last such line of standard error; of a step, of what it answers.
die() {
	printf 'fleet-error\t%s\t%s\n' "$1" "$2" >&"${FLEET_ANSWER:-2}"
	exit 70
}

# answer WORD FIELD…: a row for fleet. A step has a descriptor for it (step.sh): what Nix, git or a guest's stop
# print is its log, and says nothing in its name.
answer() { (IFS=$tab && printf '%s\n' "$*") >&"${FLEET_ANSWER:-1}"; }

# Prints where a link points, or nothing.
target() { readlink "$1" 2>/dev/null || true; }

# What sshd said of the connection that we came by: client, port, server, port. sudo keeps it to itself.
connection() {
	if [ -n "${SSH_CONNECTION:-}" ]; then
		printf '%s\n' "$SSH_CONNECTION"
	else
		{ tr '\0' '\n' <"/proc/$PPID/environ" | sed -n 's/^SSH_CONNECTION=//p'; } 2>/dev/null
	fi
}

# rename FROM TO: TO, a link or a file, becomes FROM; never a folder into which it would move.
rename() {
	# -T is GNU's and busybox's word for it, -h is BSD's.
	mv -fT "$1" "$2" 2>/dev/null || mv -fh "$1" "$2"
}

# flip LINK TARGET: atomic. For links in folders where only root writes.
flip() {
	rm -f "$1.fleet"
	ln -s "$2" "$1.fleet"
	rename "$1.fleet" "$1"
}

# enter FOLDER: into that folder below the state directory of vms, and nowhere else. Group kvm may put a link in
# the place of any folder there: what root then does is done to `.`, which nobody can exchange any more.
enter() {
	base=$(cd -P "$vms" && pwd -P)
	cd -P "$vms/$1" 2>/dev/null || die vm.no-folder "${vms#"$R"}/$1 is not a folder"
	[ "$(pwd -P)" = "$base/$1" ] || die vm.link "${vms#"$R"}/$1 is behind a symbolic link"
}

# is_own FOLDER: a real folder that root made and nobody else can write in.
is_own() {
	listed=$(ls -ldn "$1" 2>/dev/null) || return 1
	read -r rights _ whose _ <<-END
		$listed
	END
	[ "$whose" = "$(id -u)" ] && case $rights in d????-??-*) true ;; *) false ;; esac
}

# was_set_aside ID NAME: deployment ID did so, by records that are where only root writes. The second and third
# are of deployments that wrote no first.
was_set_aside() {
	[ -e "$state/aside/$1/$2.aside" ] || [ -e "$state/aside/$1/$2.deployed" ] ||
		grep -qxF "target$tab$2" "$state/deployments/$1/before" 2>/dev/null
}

# last_blocks: may processes of ours take what a file system keeps for root (CAP_SYS_RESOURCE)? Containers do not let them.
last_blocks() {
	bounds=$(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status 2>/dev/null)
	[ $((0x${bounds:-0} >> 24 & 1)) = 1 ]
}

# as_vms COMMAND…: as the user whose folders these are, who may write there anyway. A name that somebody in
# group kvm foresees, or sees in time, leads that user nowhere that group kvm could not go by itself.
as_vms() {
	if [ -z "$R" ] && id -u microvm >/dev/null 2>&1 && command -v setpriv >/dev/null; then
		set -- --reuid="$(id -u microvm)" --regid="$(id -g microvm)" --clear-groups -- "$@"
		! last_blocks || set -- --inh-caps=+sys_resource --ambient-caps=+sys_resource "$@"
		setpriv "$@"
	else
		"$@"
	fi
}

# in_vm NAME COMMAND…: in the vm's folder, as its user.
in_vm() (
	enter "$1"
	shift
	# A `microvm -c` that was cut short left it to root alone; .aside, moved here, is to stay so.
	if ! as_vms test -w . && [ -z "$R" ]; then
		[ ! -e .fleet ] || die vm.no-folder "${vms#"$R"}/$1 is not a vm's folder but fleet's .aside, which somebody renamed"
		chgrp kvm .
		chmod g+rwx .
	fi
	as_vms "$@"
)

# flake_of NAME: what `microvm -u` builds it from; fails where it has no such file.
flake_of() (
	enter "$1"
	[ -f flake ] && [ ! -L flake ] && as_vms head -c 4096 flake
)

# put_flake NAME FLAKE: makes it that, if it is not.
put_flake() {
	[ "$(flake_of "$1" 2>/dev/null)" != "$2" ] || return 0
	# shellcheck disable=SC2016
	in_vm "$1" sh -c 'new=$(mktemp .flake.XXXXXX) && printf %s "$1" >"$new" && chmod 644 "$new" &&
		{ mv -fT "$new" flake 2>/dev/null || mv -fh "$new" flake; }' fleet "$2"
}

# flip_current NAME RUNNER: atomic, so that a guest starting just now sees the old or the new runner.
flip_current() {
	# shellcheck disable=SC2016
	in_vm "$1" sh -c 'new=$(mktemp -u .current.XXXXXX) && ln -s "$1" "$new" &&
		{ mv -fT "$new" current 2>/dev/null || mv -fh "$new" current; }' fleet "$2"
}

# write FILE: standard input becomes FILE, whole or not at all.
write() {
	cat >"$1.new" && mv -f "$1.new" "$1"
}

# looked_well NAME RUNNER: a guest looked well on that runner when it was last looked at; `-`: it did not.
# fleet-autostart starts `autostart: healthy` by it.
looked_well() {
	if [ "$2" = - ]; then
		rm -f "$state/healthy/$1"
	else
		mkdir -p "$state/healthy"
		printf '%s\n' "$2" | write "$state/healthy/$1"
	fi
}

# table_print: fleet's nftables table, as a number. The same after every reload, which its handles are not.
table_print() {
	rules=$(nft list table inet fleet 2>/dev/null) || return 0
	printf '%s\n' "$rules" | cksum
}

# table_file TOPLEVEL: where the number stands that the table has when this system has loaded it.
table_file() { echo "$state/tables/${1##*/}"; }

# table_loaded TOPLEVEL [PRINT SYSTEM]: this system has loaded it just now; who looks later sees whether somebody changed
# it. PRINT is what it was before, under SYSTEM: still the same, it was not loaded anew, and what SYSTEM loaded counts.
table_loaded() {
	print=$(table_print)
	[ -n "$print" ] || return 0
	loaded=
	[ "$print" != "${2:-}" ] || read -r loaded 2>/dev/null <"$(table_file "$3")" || true
	print=${loaded:-$print}
	mkdir -p "$state/tables"
	printf '%s\n' "$print" | write "$(table_file "$1")"
}

# The state directory is writable for group kvm: believe a runner only where root has built it.
in_store() {
	case $1 in
	*/../* | */..) return 1 ;;
	"$R"/nix/store/*) return 0 ;;
	*) return 1 ;;
	esac
}

# is_vm FOLDER: a directory whose name a vm can have. Group kvm may make others there: they are not
# looked into, lest one is called as the hypervisor's own record.
is_vm() {
	[ -d "$1" ] && [ ! -L "$1" ] || return 1
	case ${1##*/} in -* | *[!a-z0-9-]* | '') return 1 ;; esac
}

# is_guest FOLDER: as is_vm, also of a name that fleet cannot have (`Web_1`).
is_guest() {
	[ -d "$1" ] && [ ! -L "$1" ] || return 1
	case ${1##*/} in -* | *[!A-Za-z0-9_.@-]*) return 1 ;; esac
}

# is_declared SYSTEM NAME: SYSTEM has the guest in `microvm.vms`. The link `toplevel` in its folder proves
# nothing: microvm.nix makes it, and never takes it away.
is_declared() { [ -e "$1/etc/systemd/system/install-microvm-$2.service" ]; }

is_active() { systemctl is-active -q "$1"; }

# Every unit of a guest: microvm@NAME and its helpers, microvm-virtiofsd@NAME and so on.
guest_units='microvm*@'

# busy_guests: the names of guests that run, start or stop, one a line. One that crashes is, between
# two tries, inactive with a start that waits for virtiofsd: a queued job counts, and so does a helper.
# Fails when systemd does not say: nobody is taken for stopped then.
busy_guests() {
	listed=$(systemctl list-units --no-legend --plain --full \
		--state=active,activating,reloading,deactivating "$guest_units*.service") || return
	queued=$(systemctl list-jobs --no-legend --plain --full "$guest_units*.service" 2>/dev/null) || return
	# The first column of jobs is their number.
	printf '%s\n' "$listed" "$queued" | sed -n 's/^[ 0-9]*microvm[a-z-]*@\([a-z0-9-]*\)\.service .*/\1/p' | sort -u
}
is_busy() {
	listed=$(busy_guests) || return 0
	printf '%s\n' "$listed" | grep -qxF "$1"
}

# root_vm NAME: keeps its runners from being collected, as `microvm -c` does.
root_vm() {
	mkdir -p "$gcroots/microvm"
	ln -sfn "$vms/$1/current" "$gcroots/microvm/$1"
	ln -sfn "$vms/$1/booted" "$gcroots/microvm/booted-$1"
}

# bridges_of SYSTEM: names of the bridges that networkd makes for it.
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

# bridge_of PORT: prints the bridge that an interface is in, or nothing.
bridge_of() {
	master=$(target "$R/sys/class/net/$1/master")
	[ -z "$master" ] || [ ! -d "$R/sys/class/net/${master##*/}/bridge" ] || echo "${master##*/}"
}

# root_found: guests of `microvm.vms` were kept by the system that declared them, which is soon collected.
root_found() {
	for folder in "$vms"/*; do
		if ! is_guest "$folder" || [ -L "$gcroots/microvm/${folder##*/}" ]; then continue; fi
		root_vm "${folder##*/}"
	done
}

# kill_guest NAME: a guest that will not stop would otherwise hold its unit for TimeoutSec (150 s).
kill_guest() {
	systemctl kill --signal=KILL "microvm@$1.service" || true
	answer killed "$1"
}

# kill_units NAME: the guest, and virtiofsd, to which systemd gives 90 s.
kill_units() {
	kill_guest "$1"
	systemctl kill --signal=KILL "microvm-virtiofsd@$1.service" 2>/dev/null || true
}

# is_stopping NAME: the guest, or one of its helpers.
is_stopping() { [ -n "$(systemctl list-units --no-legend --plain --state=deactivating "$guest_units$1.service")" ]; }

# stop_units NAME: begins to stop a guest, which also takes back a start that is queued, and its helpers,
# also those of a guest that never came up.
stop_units() {
	systemctl stop --no-block "microvm@$1.service" || return
	systemctl stop --no-block "microvm-*@$1.service" 2>/dev/null || true
}

# stop_guests SECONDS NAME…: all at once, each as stop_guest does it; one that does not stop keeps no other, and
# the time of all is the same.
stop_guests() {
	until=$(($(uptime_seconds) + ${1:-30})) code=0
	shift
	for name; do stop_units "$name" || code=1; done
	for name; do
		seconds=$((until - $(uptime_seconds)))
		[ "$seconds" -gt 0 ] || seconds=0
		(stop_guest "$name" "$seconds") || code=1
	done
	return "$code"
}

# stop_guest NAME SECONDS: whatever the guest thinks of it. Its helpers stop a moment after it, and
# take `booted` and the TAP with them: they are waited for, too.
stop_guest() {
	stop_units "$1"
	left=$(($2 * 5)) killed=
	while is_busy "$1"; do
		if [ "$left" -le 0 ]; then
			[ -z "$killed" ] || die vm.not-stopped "microvm@$1 does not stop, even when killed: see systemctl status microvm@$1 there (a process that hangs in the kernel may need a reboot)"
			kill_units "$1"
			killed=yes left=75
		fi
		left=$((left - 1))
		sleep 0.2
	done
}

# set_profile PROFILE PATH new|return: a new generation, or the youngest there is with that path, so
# that the generation before it stays the one before it.
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
