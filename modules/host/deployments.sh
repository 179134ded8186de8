# Rendered by fleet from fleet.yaml: change it there.
# After lib.sh, in front of the scripts that are about a deployment: its folder, its lease, its end.
# docs/hypervisor-state.md lists the files in a deployment's folder.
deployments=$state/deployments

# uptime_seconds: prints a time in seconds that does not move when the clock is set.
uptime_seconds() {
	if read -r up _ 2>/dev/null </proc/uptime; then echo "${up%.*}"; else date +%s; fi
}

# extend ID SECONDS: the hypervisor rolls itself back unless it hears from fleet within that time.
extend() {
	# By rename: on a full disk the old deadline stays.
	echo $(($(uptime_seconds) + $2)) >"$deployments/$1/deadline.$$" && mv -f "$deployments/$1/deadline.$$" "$deployments/$1/deadline"
}

# full_disks: prints the folders whose disk is full for everybody but root.
full_disks() {
	for disk in "$R/nix/store" "$state" "$vms" "$R/boot"; do
		[ -d "$disk" ] || continue
		# A disk that does not answer must not hold up the way back.
		free=$(df -Pk "$disk" 2>/dev/null | { read -r _ && read -r _ _ _ free _ && echo "$free"; }) || continue
		[ "${free:-64}" -ge 64 ] || echo "${disk#"$R"}"
	done
}

# meta ID KEY: prints one field of the deployment's `meta`.
meta() { sed -n "s/^$2$tab//p" "$deployments/$1/meta" 2>/dev/null | tail -n 1; }

# note ID NUMBER NAME begin|end [CODE]: appends a line to the journal. That it cannot, on a full disk, is no error.
note() {
	printf '%s\t%s\t%s\t%s%s\n' "$(date +%s)" "$2" "$3" "$4" "${5:+$tab$5}" >>"$deployments/$1/journal" || true
}

# evaluated NAME COMMAND…: runs a command that evaluates NAME, with the evaluation cache that has it already if the
# deployment that holds the lock built it (build.sh).
evaluated() {
	cache=$state/$(target "$state/lock")/eval/of/$1
	shift
	if [ -d "$cache" ]; then XDG_CACHE_HOME=$cache "$@"; else "$@"; fi
}

# take_room FILE KIB: makes a file of that size. Of random bytes, because some file systems do not store zeros.
take_room() {
	dd if=/dev/urandom of="$1" bs=1024 count="$2" 2>/dev/null || {
		rm -f "$1"
		return 1
	}
}

# disks_below LEAST k|i: prints the mount points of fleet's disks with less than LEAST KiB (k) or inodes (i) free.
disks_below() {
	df "-P$2" "$state" "$vms" "$R/nix/store" 2>/dev/null | while read -r _ all _ free _ at; do
		# Some file systems print no number of inodes, or 0.
		case $all$free in *[!0-9]* | '') continue ;; esac
		if [ "$all" != 0 ] && [ "$free" -lt "$1" ]; then echo "$at"; fi
	done
}

# full_disk: prints the mount point of one of fleet's disks that is full for everybody but root; fails if none is.
full_disk() { { disks_below 1024 k && disks_below 16 i; } | head -n 1 | grep .; }

# let_start: on a full disk no guest starts, because microvm-set-booted@ writes as user microvm. So until the next boot it
# may use the blocks that are reserved for root.
let_start() {
	if full_disk >/dev/null && last_blocks; then
		extra=$R/run/systemd/system/microvm-set-booted@.service.d
		mkdir -p "$extra"
		printf '[Service]\nAmbientCapabilities=CAP_SYS_RESOURCE\n' >"$extra/fleet.conf"
		systemctl daemon-reload
	fi
}

# start_guest NAME [--no-block]
start_guest() {
	let_start
	guest_starting "$1" 'fleet started it'
	systemctl start ${2:+"$2"} "microvm@$1.service"
}

# A guest that has to wait for its next try has a timer, fleet-again@NAME; again.sh looks at what is so by then.
# arm_again NAME SECONDS
arm_again() {
	cancel_again "$1"
	left=20
	# A transient timer that was stopped takes a moment to go.
	until systemd-run --quiet --unit="fleet-again@$1.service" --on-active="$2" --timer-property=AccuracySec=1s 2>/dev/null; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return
		sleep 0.05
	done
}
cancel_again() { systemctl stop "fleet-again@$1.timer" 2>/dev/null || true; }

# hold_again ID: the deployment decides from now on what runs; arm_held: at its end the others have their next try again.
hold_again() {
	systemctl list-units --no-legend --plain --full --state=active 'fleet-again@*.timer' 2>/dev/null |
		sed -n 's/^fleet-again@\([a-z0-9-]*\)\.timer .*/\1/p' | while read -r name; do
		echo "$name" >>"$deployments/$1/again"
		cancel_again "$name"
	done
}
arm_held() {
	[ -f "$deployments/$1/again" ] || return 0
	sort -u "$deployments/$1/again" | while read -r name; do
		is_active "microvm@$name.service" || arm_again "$name" 5 || true
	done
}

# make_room MOUNT: prints what a person can do about this full disk.
make_room() {
	if disks_below 16 i | grep -qxF "$1"; then
		echo "it has no inode left (df -i $1); what holds most files: du -x --inodes $1 | sort -n | tail"
		return
	fi
	echo "make room on it with nix-collect-garbage or journalctl --vacuum-size=100M, or see what fills it: du -xh $1 | sort -h | tail"
}

# explain: whichever command failed, a full disk is reported as the cause. A script with a trap of its own has to do so
# itself.
explain() {
	case $? in 0 | 70) return ;; esac
	! full=$(full_disk) || die host.disk-full "the disk of $full is full: $(make_room "$full")"
}
trap explain EXIT

# on_disk FILE…: syncs them, so that they survive a power cut.
on_disk() { sync "$@" 2>/dev/null || sync; }
# write_through FILE: as write, but on disk before it takes the place of what was there: a power cut leaves one of them, and
# what is told afterwards is so.
write_through() {
	if cat >"$1.new" && on_disk "$1.new" && mv -f "$1.new" "$1"; then
		on_disk "${1%/*}"
	else
		rm -f "$1.new"
		return 1
	fi
}

# records_on_disk: syncs the records of a deployment and the links of guests. Once there is a result nobody looks at them
# again after a power cut.
records_on_disk() {
	set -- "$state"
	for path in "$state"/fleet "$state"/deployed "$state"/deployed/* "$state"/held "$state"/held/* "$state"/stopped "$state"/stopped/* \
		"$state"/waiting "$state"/waiting/* "$state"/healthy \
		"$state"/healthy/* "$state"/expected "$state"/expected/* "$state"/profiles "$roots" "${system_profile%/*}" "$vms"/*/; do
		# sync follows links.
		if [ -e "$path" ] && [ ! -L "${path%/}" ]; then set -- "$@" "$path"; fi
	done
	on_disk "$@"
}

# at_work ID: its lease is running (a timer, then a service, from begin to end), or one of its steps, or the recovery
# after a power cut. If systemd does not answer: yes, so that never two are at work.
at_work() {
	units=$(systemctl list-units --no-legend --plain --state=active,activating,deactivating \
		"fleet-back-$1*.timer" "fleet-back-$1*.service" "fleet-$1-*.service" 2>/dev/null) || return 0
	[ -z "$units" ] || return 0
	[ "$(systemctl show -p ActiveState --value fleet-recover.service 2>/dev/null)" = activating ]
}

# step_holds ID: one of its steps runs that must not be interrupted.
step_holds() {
	for mark in "$deployments/$1"/steps/*.holds; do
		if [ ! -e "$mark" ] || [ -e "${mark%.holds}.rc" ]; then continue; fi
		number=${mark##*/}
		! is_active "fleet-$1-${number%%-*}.service" || return 0
	done
	return 1
}

# is_open ID: it has had the lock here, and has not ended.
is_open() { [ -e "$deployments/$1/begun" ] && [ ! -e "$deployments/$1/result" ]; }

# refuse_decided ID: fails once the deployment is decided (back or confirmed), because no step may run then.
refuse_decided() {
	case $(target "$deployments/$1/decided") in
	back) die back.taken "the hypervisor rolled itself back: it had not heard from fleet in time" ;;
	confirmed) die confirm.already "deployment $1 is confirmed already" ;;
	esac
}

# record_deployed NAME FINGERPRINT PATH BEFORE COMMIT new|return EXPECTED: records what is now deployed, as a generation
# that nix-collect-garbage cannot remove. BEFORE: the store path that PATH replaces, or "-".
record_deployed() {
	mkdir -p "$state/deployed" "$state/expected" "$state/profiles" "$roots"
	# "system." cannot be a vm's name; its generations are the system profile's.
	if [ "$1" != system. ]; then
		# The runner from before fleet becomes the first generation.
		if [ ! -L "$state/profiles/$1" ] && in_store "$4"; then set_profile "$state/profiles/$1" "$4" new; fi
		set_profile "$state/profiles/$1" "$3" "$6"
	fi
	if [ "$4" != "$3" ] && in_store "$4"; then ln -sfn "$4" "$roots/previous-$1"; fi
	ln -sfn "$3" "$roots/deployed-$1"
	printf '%s\n' "$7" | write "$state/expected/${3##*/}"
	printf '%s\t%s\t%s\t%s\t%s\n' "$2" "$3" "$5" "$(date +%s)" "$7" | write "$state/deployed/$1"
	wait_no_more "$1"
}

# wait_for_restart NAME FINGERPRINT PATH COMMIT EXPECTED: built, and kept from being collected; nothing boots it yet.
wait_for_restart() {
	mkdir -p "$state/waiting" "$roots"
	ln -sfn "$3" "$roots/waiting-$1"
	printf '%s\t%s\t%s\t%s\t%s\n' "$2" "$3" "$4" "$(date +%s)" "$5" | write "$state/waiting/$1"
}

wait_no_more() { rm -f "$state/waiting/$1" "$roots/waiting-$1"; }

# deployment_event KIND ID [PAIR]…: writes an event, for the scripts that have spool.sh. Nothing ends for want of one.
deployment_event() (
	event_kind=$1 event_of=$2
	shift 2
	for event_key in operator operation; do set -- "$@" "$event_key=$(meta "$event_of" "$event_key")"; done
	event_commit=$(meta "$event_of" deploys)
	event "deployment.$event_kind" - "id=$event_of" "$@" ${event_commit:+"commit=$event_commit"} || true
)

# hold_event began|ended ID NAME [PAIR]…: of a vm, or of the hypervisor itself.
hold_event() (
	event_kind=$1 event_of=$2 event_vm=$3
	[ "$event_vm" != system. ] || event_vm=-
	shift 3
	event_soon "hold.$event_kind" "$event_vm" "id=$event_of" "$@" || true
)

# let_go ID NAME: nothing holds it on its generation any more.
let_go() {
	[ -e "$state/held/$2" ] || return 0
	rm -f "$state/held/$2"
	hold_event ended "$1" "$2"
}

# held_by NAME: prints from and to of the hold.
held_by() { cut -f 1,2 "$state/held/$1" 2>/dev/null || true; }

# finish ID: records what a confirmed deployment has deployed. May be repeated.
finish() {
	[ -f "$deployments/$1/after" ] || return 0
	mkdir -p "$state/held"
	while IFS=$tab read -r kind name one two three four five six; do
		case $kind in
		fleet) printf '%s\n' "$name" | write "$state/fleet" ;;
		record)
			# Deploying releases the hold. A roll-back sets a new one, in a row after this.
			let_go "$1" "$name"
			record_deployed "$name" "$one" "$two" "$three" "$four" "$five" "$six" </dev/null
			;;
		wait) wait_for_restart "$name" "$one" "$two" "$three" "$four" </dev/null ;;
		healthy)
			record_health "$name" "$one"
			# Its stop lasted until this deployment.
			if [ "$one" != - ] && [ -e "$state/stopped/$name" ]; then
				rm -f "$state/stopped/$name"
				event_soon vm.released "$name" "id=$1" || true
			fi
			;;
		release) let_go "$1" "$name" ;;
		hold)
			before=$(held_by "$name")
			printf '%s\t%s\t%s\t%s\n' "$one" "$two" "$three" "$(date +%s)" | write "$state/held/$name"
			[ "$before" = "$one$tab$two" ] || hold_event began "$1" "$name" "operator=$three"
			;;
		esac
	done <"$deployments/$1/after"
}

# git_in FOLDER: prints the process id of a git that works in it; fails if there is none.
git_in() {
	folder=$(cd -P "$1" && pwd -P) || return
	for process in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$process/comm" || continue
		case $name in git*) ;; *) continue ;; esac
		case $(target "$process/cwd")/ in "$folder"/*) echo "${process#/proc/}" && return ;; esac
	done
	return 1
}

# free_checkout CHECKOUT: removes the lock files of a git that a power cut, or the end of its step, interrupted: because of
# them every later git would fail. Waits for a git that still works there.
free_checkout() {
	tries=50
	while
		locks=$(find "$1/.git" -type f -name '*.lock' 2>/dev/null) || true
		[ -n "$locks" ] || return 0
		worker=$(git_in "$1")
	do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || die checkout.busy "git, process $worker, is at work in ${1#"$R"}: let it end, then try again"
		sleep 0.2
	done
	printf '%s\n' "$locks" | while IFS= read -r lock; do rm -f "$lock"; done
}

# end_deployment ID RESULT: ends the deployment and releases the lock. What was built but not deployed may be collected
# as garbage from now on.
end_deployment() {
	rm -f "$deployments/$1/reserve" "$deployments/$1/commit.bundle"
	note "$1" - end end "$2"
	[ "$2" = untouched ] || records_on_disk
	# The lock goes before the result is written: after a power cut between the two, the deployment is ended once more.
	# The other way round nobody would remove the lock.
	[ "$(target "$state/lock")" != "deployments/$1" ] || rm -f "$state/lock"
	# Synced before it is renamed: else a power cut may leave an empty result.
	if printf '%s\n' "$2" >"$deployments/$1/result.new"; then
		on_disk "$deployments/$1/result.new"
		mv -f "$deployments/$1/result.new" "$deployments/$1/result"
	fi || true
	deployment_event ended "$1" "result=$2"
	rm -rf "${roots:?}/$1" "$deployments/$1/roots" "$deployments/$1/eval"
	# At boot autostart starts them. Before its own unit ends.
	[ "${mode:-}" = boot ] || arm_held "$1"
	systemctl stop "fleet-back-$1.timer" "fleet-back-$1.service" 2>/dev/null || true
	keep_room
	# Not at boot, when guests wait for this: the end of the next deployment prunes, too.
	[ "${mode:-}" = boot ] || prune
}

# keep_room: reserves 4 MiB, which begin.sh frees for a roll-back on a full disk.
keep_room() {
	[ ! -e "$state/reserve" ] || return 0
	free=$(df -Pk "$state" | { read -r _ && read -r _ _ _ free _ && echo "$free"; }) || return 0
	[ "$free" -lt 65536 ] || ! take_room "$state/reserve.new" 4096 || mv -f "$state/reserve.new" "$state/reserve"
}

# generation_numbers PROFILE: prints the numbers of its generations, the oldest first.
generation_numbers() {
	for link in "$1"-*-link; do
		number=${link#"$1"-}
		number=${number%-link}
		# `web-2-1-link` is another vm's.
		case $number in '' | *[!0-9]*) ;; *) echo "$number" ;; esac
	done | sort -n
}

# is_forgotten NAME: a vm that left the fleet, and whose state, which was set aside, a person has deleted since. Its
# runners are of no use any more. If the vms' folders are not mounted, or .aside is not fleet's, nobody knows, and this
# fails.
is_forgotten() (
	[ ! -e "$vms/$1" ] && [ ! -e "$state/deployed/$1" ] && enter_known_aside || exit 1
	for folder in ./*/"$1"; do [ ! -e "$folder" ] || exit 1; done
)

# forget NAME: removes its generations and their roots, so that they can be collected.
forget() {
	for number in $(generation_numbers "$state/profiles/$1"); do rm -f "$state/profiles/$1-$number-link"; done
	rm -f "$state/profiles/$1" "$roots/previous-$1" "$roots/deployed-$1" "$roots/aside-$1"
}

# needed_of NAME: paths of generations that stay however old they are: what is deployed or waits for a restart, what that
# replaced, what is held, what runs or starts next, what was last seen healthy. `system.`: of the hypervisor itself. By
# fleet's records where there are some: somebody may have taken a root away. Group kvm may point links of a vm anywhere:
# what no generation can be is left out.
needed_of() {
	healthy='' from='' to='' deployed='' waiting=''
	IFS=$tab read -r _ deployed _ 2>/dev/null <"$state/deployed/$1" || true
	IFS=$tab read -r _ waiting _ 2>/dev/null <"$state/waiting/$1" || true
	read -r healthy 2>/dev/null <"$state/healthy/$1" || true
	IFS=$tab read -r from to _ 2>/dev/null <"$state/held/$1" || true
	set -- "$1" "$R/run/current-system" "$R/run/booted-system"
	[ "$1" = system. ] || set -- "$1" "$vms/$1/current" "$vms/$1/booted"
	{
		printf '%s\n' "$healthy" "$from" "$to" "$deployed" "$waiting"
		for link in "$roots/previous-$1" "$2" "$3"; do target "$link"; done
	} | while IFS= read -r path; do
		if in_store "$path"; then case ${path#"$R"/nix/store/} in */* | .*) ;; *) echo "$path" ;; esac; fi
	done
}

# prune_generations NAME: keeps the last 20 generations before the current one, and older ones that are deployed, were
# replaced by that, are held, run, or were last seen healthy. Those after the current one were rolled back from; they
# stay until the next deployment of this vm makes a new one.
prune_generations() {
	set -- "$1" "$state/profiles/$1"-*-link
	[ $# -gt 22 ] || return 0
	current=$(target "$state/profiles/$1")
	current=${current##*/}
	current=${current#"$1"-}
	current=${current%-link}
	case $current in '' | *[!0-9]*) return 0 ;; esac
	needed=" $(needed_of "$1" | tr '\n' ' ')"
	# One ls for all links; only root writes there, so its output can be parsed.
	(cd "$state/profiles" && ls -ld "$1"-*-link) | sed -n "s/.* $1-\([0-9][0-9]*\)-link -> /\1 /p" | sort -rn | {
		kept=0
		while read -r number path; do
			[ "$number" -lt "$current" ] || continue
			case $needed in *" $path "*) continue ;; esac
			kept=$((kept + 1))
			[ "$kept" -le 20 ] || rm -f "$state/profiles/$1-$number-link"
		done
	}
}

# prune: keeps the last 100 deployments that ended, the last good one, and those that are open.
prune() {
	ended=0 good=
	# Ids sort by time.
	for folder in "$deployments"/*; do
		[ -f "$folder/result" ] || continue
		ended=$((ended + 1))
		read -r outcome <"$folder/result" || true
		[ "$outcome" != "done" ] || good=$folder
	done
	for folder in "$deployments"/*; do
		[ "$ended" -gt 100 ] || break
		if [ ! -f "$folder/result" ] || [ "$folder" = "$good" ]; then continue; fi
		rm -rf "$folder"
		ended=$((ended - 1))
	done
	# A deployment that was interrupted before it had begun is of no use: from before the last boot, or an hour old.
	now=$(date +%s) up=$(uptime_seconds)
	[ "$up" -lt 3600 ] || up=3600
	for folder in "$deployments"/*; do
		if [ ! -d "$folder" ] || [ -e "$folder/begun" ] || [ -e "$folder/result" ] || at_work "${folder##*/}"; then continue; fi
		made=$(stat -c %Y "$folder" 2>/dev/null || stat -f %m "$folder") || continue
		[ $((now - made)) -le "$up" ] || rm -rf "$folder" "${roots:?}/${folder##*/}"
	done
	# Records of store paths that were collected.
	for file in "$state"/expected/* "$state"/tables/*; do
		if [ -f "$file" ] && [ ! -e "$R/nix/store/${file##*/}" ]; then rm -f "$file"; fi
	done
	# A deployment that is still open may roll back to any of them.
	for folder in "$deployments"/*; do ! is_open "${folder##*/}" || return 0; done
	for profile in "$state"/profiles/*; do
		name=${profile##*/}
		case $name in *-link | *.*) continue ;; esac
		if is_forgotten "$name"; then forget "$name"; elif [ -e "$state/deployed/$name" ]; then prune_generations "$name"; fi
	done
}

# end_dead ID: ends a deployment that nobody works at any more: completes its records if it was confirmed, else rolls
# it back. If several try at once, systemd starts only one unit of that name.
end_dead() {
	if [ -f "$deployments/$1/back.sh" ]; then
		systemd-run --quiet --collect --wait --unit="fleet-back-$1-now" --description="fleet $1: way back" \
			"$(command -v sh)" "$deployments/$1/back.sh" lapsed || true
	else
		end_deployment "$1" untouched
	fi
}

# meets_strangers SYSTEM: a bridge of SYSTEM exists already, but not by the running system's networkd files. A networkd
# that only reloads would refuse it ("File exists") and leave it without its ports.
meets_strangers() {
	known=$(bridges_of "$R/run/current-system")
	for bridge in $(bridges_of "$1"); do
		[ -e "$R/sys/class/net/$bridge" ] || continue
		printf '%s\n' "$known" | grep -qxF "$bridge" || return 0
	done
	return 1
}

# enter_aside: changes into .aside, which is root's alone, and creates it if need be. Group kvm may rename it and create
# one of its own, which is refused. Inside nobody but root can replace anything.
enter_aside() {
	{ cd -P "$vms" && { mkdir -m 700 .aside 2>/dev/null || true; }; } || exit
	enter .aside
	is_own . || die aside.not-own "${aside#"$R"} is not root's alone: see what is in it and who made it, move it elsewhere, then try again"
	# Earlier versions of fleet let everybody read it.
	{ chmod 700 . && { [ -e .fleet ] || : >.fleet; }; } || exit
}

# set_aside ID NAME: moves the whole state directory of a stopped vm out of microvm's sight. Deletes nothing.
set_aside() {
	# The record, where only root writes, comes before the move: a folder in .aside without one is ignored.
	records=$state/aside/$1
	mkdir -p "$records" "$roots"
	# On a full disk this may fail; the other records prove it, too.
	printf '' 2>/dev/null >"$records/$2.aside" || true
	on_disk "$records"
	runner=$(target "$vms/$2/current")
	if in_store "$runner"; then ln -sfn "$runner" "$roots/aside-$2"; fi
	(
		enter_aside
		mkdir "./$1" 2>/dev/null || true
		cd -P "./$1" || exit
		if [ -e "./$2" ] || [ -L "./$2" ]; then die aside.exists "${aside#"$R"}/$1/$2 is there already: move it elsewhere, then deploy again"; fi
		rename "$vms/$2" "./$2" 2>/dev/null || die aside.not-moved "${vms#"$R"}/$2 cannot be moved to ${aside#"$R"}/$1: is its disk read-only, or something mounted there?"
		# Checked after the move, because only here nobody can replace it.
		is_vm "./$2" || {
			rename "./$2" "$vms/$2" 2>/dev/null || true
			die vm.no-folder "${vms#"$R"}/$2 is not a folder"
		}
	) || return
	rm -f "$gcroots/microvm/$2" "$gcroots/microvm/booted-$2"
	for kind in deployed healthy held stopped; do
		[ ! -f "$state/$kind/$2" ] || mv "$state/$kind/$2" "$records/$2.$kind"
	done
	wait_no_more "$2"
}

# bring_back ID NAME: moves the state directory that deployment ID set aside back.
bring_back() {
	(
		enter_aside
		{ cd -P "./$1" && is_vm "./$2"; } 2>/dev/null || die vm.nothing-aside "${aside#"$R"}/$1/$2 is not a folder"
		if [ -e "$vms/$2" ] || [ -L "$vms/$2" ]; then die vm.exists "${vms#"$R"}/$2 exists already: see whose it is and move it elsewhere, then deploy again"; fi
		rename "./$2" "$vms/$2" 2>/dev/null || die vm.exists "${aside#"$R"}/$1/$2 cannot be moved to ${vms#"$R"}/$2: is its disk read-only, or something there already?"
		cd .. && rmdir "./$1" 2>/dev/null || true
	) || return
	records=$state/aside/$1
	for kind in deployed healthy held stopped; do
		[ ! -f "$records/$2.$kind" ] || mv "$records/$2.$kind" "$state/$kind/$2"
	done
	rm -f "$records/$2.aside"
	rmdir "$records" 2>/dev/null || true
	root_vm "$2"
	rm -f "$roots/aside-$2"
}
