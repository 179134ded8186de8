# Behind lib.sh, in front of the scripts that are about a deployment: its folder, its lease, its end.
# In a deployment's folder: meta, before (what the way back returns to), back.sh, deadline (until when
# fleet has to be heard of), journal, steps; decided (-> back or confirmed: whoever makes this link
# first), after (what is deployed then), failure (why it failed), result.
deployments=$state/deployments

# Seconds that no change of the clock moves.
uptime_seconds() {
	if read -r up _ 2>/dev/null </proc/uptime; then echo "${up%.*}"; else date +%s; fi
}

# extend ID SECONDS: the hypervisor rolls itself back unless it hears from fleet within that time.
extend() {
	# On a full disk the old deadline stays.
	echo $(($(uptime_seconds) + $2)) >"$deployments/$1/deadline.$$" && mv -f "$deployments/$1/deadline.$$" "$deployments/$1/deadline"
}

# full_disks: folders whose disk has no room left for anybody but root.
full_disks() {
	for disk in "$R/nix/store" "$state" "$vms" "$R/boot"; do
		[ -d "$disk" ] || continue
		# One that does not answer keeps no way back.
		free=$(df -Pk "$disk" 2>/dev/null | { read -r _ && read -r _ _ _ free _ && echo "$free"; }) || continue
		[ "${free:-64}" -ge 64 ] || echo "${disk#"$R"}"
	done
}

# meta ID KEY: prints one field of what is known of a deployment.
meta() { sed -n "s/^$2$tab//p" "$deployments/$1/meta" 2>/dev/null | tail -n 1; }

# note ID NUMBER NAME begin|end [CODE]: one line of the journal. A full disk must not stop anybody.
note() {
	printf '%s\t%s\t%s\t%s%s\n' "$(date +%s)" "$2" "$3" "$4" "${5:+$tab$5}" >>"$deployments/$1/journal" || true
}

# evaluated NAME COMMAND…: runs a command that evaluates NAME by the evaluation cache that has it already, when
# the deployment that has the lock built it.
evaluated() {
	cache=$state/$(target "$state/lock")/eval/of/$1
	shift
	if [ -d "$cache" ]; then XDG_CACHE_HOME=$cache "$@"; else "$@"; fi
}

# take_room FILE KIB: FILE takes that much of its disk. Not zeros: some file systems do not store them.
take_room() {
	dd if=/dev/urandom of="$1" bs=1024 count="$2" 2>/dev/null || {
		rm -f "$1"
		return 1
	}
}

# disks_below LEAST k|i: prints where disks of ours are mounted that have less than that free, KiB or inodes.
disks_below() {
	df "-P$2" "$state" "$vms" "$R/nix/store" 2>/dev/null | while read -r _ all _ free _ at; do
		# Some file systems do not count inodes.
		case $all$free in *[!0-9]* | '') continue ;; esac
		if [ "$all" != 0 ] && [ "$free" -lt "$1" ]; then echo "$at"; fi
	done
}

# full_disk: prints where a disk of ours is mounted that has no room for anybody but root, if one is.
full_disk() { { disks_below 1024 k && disks_below 16 i; } | head -n 1 | grep .; }

# let_start: on a full disk microvm-set-booted@, which writes as microvm, may until the next boot have what is left
# for root: else no guest starts, on whatever runner.
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
	systemctl start ${2:+"$2"} "microvm@$1.service"
}

# make_room WHERE: what a person can do about a disk that is full.
make_room() {
	if disks_below 16 i | grep -qxF "$1"; then
		echo "it has no inode left (df -i $1); what holds most files: du -x --inodes $1 | sort -n | tail"
		return
	fi
	echo "make room on it with nix-collect-garbage or journalctl --vacuum-size=100M, or see what fills it: du -xh $1 | sort -h | tail"
}

# Whichever line failed, the error names a full disk as its cause. A script with a trap of its own does this itself.
explain() {
	case $? in 0 | 70) return ;; esac
	! full=$(full_disk) || die host.disk-full "the disk of $full is full: $(make_room "$full")"
}
trap explain EXIT

# on_disk FILE…: there also after a power cut.
on_disk() { sync "$@" 2>/dev/null || sync; }

# records_on_disk: what a deployment has written down, and the links of guests, are there also after a power
# cut: whoever finds a result does not look at them again.
records_on_disk() {
	set -- "$state"
	for path in "$state"/fleet "$state"/deployed "$state"/deployed/* "$state"/held "$state"/held/* "$state"/healthy \
		"$state"/healthy/* "$state"/expected "$state"/expected/* "$state"/profiles "$roots" "${system_profile%/*}" "$vms"/*/; do
		# Of a link what it leads to would be meant.
		if [ -e "$path" ] && [ ! -L "${path%/}" ]; then set -- "$@" "$path"; fi
	done
	on_disk "$@"
}

# at_work ID: its lease is running (a timer, then a service, from begin to end), one of its steps, or the
# recovery after a power cut. When systemd does not say: yes, rather than two at a time.
at_work() {
	units=$(systemctl list-units --no-legend --plain --state=active,activating,deactivating \
		"fleet-back-$1*.timer" "fleet-back-$1*.service" "fleet-$1-*.service" 2>/dev/null) || return 0
	[ -z "$units" ] || return 0
	[ "$(systemctl show -p ActiveState --value fleet-recover.service 2>/dev/null)" = activating ]
}

# step_holds ID: one of its steps runs that may not be cut off.
step_holds() {
	for mark in "$deployments/$1"/steps/*.holds; do
		if [ ! -e "$mark" ] || [ -e "${mark%.holds}.rc" ]; then continue; fi
		number=${mark##*/}
		! is_active "fleet-$1-${number%%-*}.service" || return 0
	done
	return 1
}

# is_open ID: it had this hypervisor's lock once, and has not ended.
is_open() { [ -e "$deployments/$1/begun" ] && [ ! -e "$deployments/$1/result" ]; }

# refuse_decided ID: fails once the deployment is decided (back or confirmed): no step runs after that.
refuse_decided() {
	case $(target "$deployments/$1/decided") in
	back) die back.taken "the hypervisor rolled itself back: it had not heard from fleet in time" ;;
	confirmed) die confirm.already "deployment $1 is confirmed already" ;;
	esac
}

# record NAME FINGERPRINT PATH BEFORE COMMIT new|return EXPECTED: what is now deployed, as a generation
# that nix-collect-garbage cannot take away. BEFORE: what PATH replaces, or "-".
record() {
	mkdir -p "$state/deployed" "$state/expected" "$state/profiles" "$roots"
	# "system." cannot be a vm's name; its generations are the system profile's.
	if [ "$1" != system. ]; then
		# What ran before fleet came is a generation, too.
		if [ ! -L "$state/profiles/$1" ] && in_store "$4"; then set_profile "$state/profiles/$1" "$4" new; fi
		set_profile "$state/profiles/$1" "$3" "$6"
	fi
	if [ "$4" != "$3" ] && in_store "$4"; then ln -sfn "$4" "$roots/previous-$1"; fi
	ln -sfn "$3" "$roots/deployed-$1"
	printf '%s\n' "$7" | write "$state/expected/${3##*/}"
	printf '%s\t%s\t%s\t%s\t%s\n' "$2" "$3" "$5" "$(date +%s)" "$7" | write "$state/deployed/$1"
}

# finish ID: what a confirmed deployment has brought becomes what is deployed. Twice does no harm.
finish() {
	[ -f "$deployments/$1/after" ] || return 0
	mkdir -p "$state/held"
	while IFS=$tab read -r kind name one two three four five six; do
		case $kind in
		fleet) printf '%s\n' "$name" | write "$state/fleet" ;;
		record)
			# What comes of fleet.yaml is held no more; a roll-back's hold stands below its record.
			rm -f "$state/held/$name"
			record "$name" "$one" "$two" "$three" "$four" "$five" "$six" </dev/null
			;;
		healthy) looked_well "$name" "$one" ;;
		release) rm -f "$state/held/$name" ;;
		hold) printf '%s\t%s\t%s\t%s\n' "$one" "$two" "$three" "$(date +%s)" | write "$state/held/$name" ;;
		esac
	done <"$deployments/$1/after"
}

# git_in FOLDER: prints the number of a git that works in it, if one does.
git_in() {
	folder=$(cd -P "$1" && pwd -P) || return
	for process in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$process/comm" || continue
		case $name in git*) ;; *) continue ;; esac
		case $(target "$process/cwd")/ in "$folder"/*) echo "${process#/proc/}" && return ;; esac
	done
	return 1
}

# free_checkout CHECKOUT: a git that was cut off, by a power cut or with its step, leaves its locks, and every later
# one refuses because of them. One that still works is waited for.
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

# end_deployment ID RESULT: it is over, the lock is free. What was built and is not deployed may be
# collected.
end_deployment() {
	rm -f "$deployments/$1/reserve" "$deployments/$1/commit.bundle"
	note "$1" - end end "$2"
	[ "$2" = untouched ] || records_on_disk
	# Only our own lock: another's is never taken away. Before the result: a power cut between the two
	# leaves a deployment that is ended once more, not a lock that nobody ends.
	[ "$(target "$state/lock")" != "deployments/$1" ] || rm -f "$state/lock"
	# Its text is on disk before its name: else a power cut may leave the name alone, and the deployment
	# has ended in nothing that anybody can read.
	if printf '%s\n' "$2" >"$deployments/$1/result.new"; then
		on_disk "$deployments/$1/result.new"
		mv -f "$deployments/$1/result.new" "$deployments/$1/result"
	fi || true
	rm -rf "${roots:?}/$1" "$deployments/$1/roots" "$deployments/$1/eval"
	systemctl stop "fleet-back-$1.timer" "fleet-back-$1.service" 2>/dev/null || true
	keep_room
	# Guests wait for what is done at boot; the next deployment's end tidies up, too.
	[ "${mode:-}" = boot ] || prune
}

# keep_room: for a roll-back on a full disk there is always some left, which its begin sets free.
keep_room() {
	[ ! -e "$state/reserve" ] || return 0
	free=$(df -Pk "$state" | { read -r _ && read -r _ _ _ free _ && echo "$free"; }) || return 0
	[ "$free" -lt 65536 ] || ! take_room "$state/reserve.new" 4096 || mv -f "$state/reserve.new" "$state/reserve"
}

# generation_numbers PROFILE: of its generations, the oldest first.
generation_numbers() {
	for link in "$1"-*-link; do
		number=${link#"$1"-}
		number=${number%-link}
		# `web-2-1-link` is another vm's.
		case $number in '' | *[!0-9]*) ;; *) echo "$number" ;; esac
	done | sort -n
}

# is_forgotten NAME: a vm that left, whose state a person has deleted since where it was set aside. Nobody goes back
# to its runners. Where the folders of vms are not mounted nobody knows.
is_forgotten() {
	[ -d "$aside" ] && [ ! -e "$vms/$1" ] && [ ! -e "$state/deployed/$1" ] || return 1
	for folder in "$aside"/*/"$1"; do [ ! -e "$folder" ] || return 1; done
}

# forget NAME: its generations, and the roots that keep them, may be collected.
forget() {
	for number in $(generation_numbers "$state/profiles/$1"); do rm -f "$state/profiles/$1-$number-link"; done
	rm -f "$state/profiles/$1" "$roots/previous-$1" "$roots/deployed-$1" "$roots/aside-$1"
}

# prune_generations NAME: of those before the current one the last 20 stay, and older ones that are deployed, were
# before that, are held, run, or looked well last. Those after it were rolled back from, and stay until the next.
prune_generations() {
	set -- "$1" "$state/profiles/$1"-*-link
	[ $# -gt 22 ] || return 0
	current=$(target "$state/profiles/$1")
	current=${current##*/}
	current=${current#"$1"-}
	current=${current%-link}
	case $current in '' | *[!0-9]*) return 0 ;; esac
	healthy='' from='' to=''
	read -r healthy 2>/dev/null <"$state/healthy/$1" || true
	IFS=$tab read -r from to _ 2>/dev/null <"$state/held/$1" || true
	needed=" $healthy $from $to "
	for link in "$roots/deployed-$1" "$roots/previous-$1" "$vms/$1/current" "$vms/$1/booted"; do
		needed="$needed$(target "$link") "
	done
	# One process tells of all; only root writes there.
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

# prune: history has an end; the last good deployment, and those that are open, stay.
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
	# Of a beginning that was cut off nothing is needed: before the last boot, or an hour ago.
	now=$(date +%s) up=$(uptime_seconds)
	[ "$up" -lt 3600 ] || up=3600
	for folder in "$deployments"/*; do
		if [ ! -d "$folder" ] || [ -e "$folder/begun" ] || [ -e "$folder/result" ] || at_work "${folder##*/}"; then continue; fi
		made=$(stat -c %Y "$folder" 2>/dev/null || stat -f %m "$folder") || continue
		[ $((now - made)) -le "$up" ] || rm -rf "$folder" "${roots:?}/${folder##*/}"
	done
	# Of what is gone from the store nobody asks any more.
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

# settle ID: ends a deployment that nobody works at any more: what it confirmed is finished, anything
# else is rolled back. If several try at once, systemd lets only one.
settle() {
	if [ -f "$deployments/$1/back.sh" ]; then
		systemd-run --quiet --collect --wait --unit="fleet-back-$1-now" --description="fleet $1: way back" \
			"$(command -v sh)" "$deployments/$1/back.sh" lapsed || true
	else
		end_deployment "$1" untouched
	fi
}

# meets_strangers SYSTEM: some bridge of SYSTEM's is there already, and not by the networkd of the system that
# runs. A networkd that only reloads refuses it ("File exists") and leaves its ports out.
meets_strangers() {
	known=$(bridges_of "$R/run/current-system")
	for bridge in $(bridges_of "$1"); do
		[ -e "$R/sys/class/net/$bridge" ] || continue
		printf '%s\n' "$known" | grep -qxF "$bridge" || return 0
	done
	return 1
}

# enter_aside: into the folder beside the vms that is root's alone. Group kvm may rename it, and make one of its
# own: that is refused. In it nobody can exchange anything.
enter_aside() {
	{ cd -P "$vms" && { mkdir -m 700 .aside 2>/dev/null || true; }; } || exit
	enter .aside
	is_own . || die aside.not-own "${aside#"$R"} is not root's alone: see what is in it and who made it, move it elsewhere, then try again"
	# Earlier it was for all to read.
	{ chmod 700 . && { [ -e .fleet ] || : >.fleet; }; } || exit
}

# set_aside ID NAME: a stopped vm's whole state directory moves out of microvm's sight; nothing is
# deleted.
set_aside() {
	# The records stay where only root writes. Before the move: what is there without one is nobody's.
	records=$state/aside/$1
	mkdir -p "$records" "$roots"
	# On a full disk the other records have to do.
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
		# It is seen only here what it was, where nobody can exchange it.
		is_vm "./$2" || {
			rename "./$2" "$vms/$2" 2>/dev/null || true
			die vm.no-folder "${vms#"$R"}/$2 is not a folder"
		}
	) || return
	rm -f "$gcroots/microvm/$2" "$gcroots/microvm/booted-$2"
	for kind in deployed healthy held; do
		[ ! -f "$state/$kind/$2" ] || mv "$state/$kind/$2" "$records/$2.$kind"
	done
}

# bring_back ID NAME: the state directory that deployment ID set aside is the vm's again.
bring_back() {
	(
		enter_aside
		{ cd -P "./$1" && is_vm "./$2"; } 2>/dev/null || die vm.nothing-aside "${aside#"$R"}/$1/$2 is not a folder"
		if [ -e "$vms/$2" ] || [ -L "$vms/$2" ]; then die vm.exists "${vms#"$R"}/$2 exists already: see whose it is and move it elsewhere, then deploy again"; fi
		rename "./$2" "$vms/$2" 2>/dev/null || die vm.exists "${aside#"$R"}/$1/$2 cannot be moved to ${vms#"$R"}/$2: is its disk read-only, or something there already?"
		cd .. && rmdir "./$1" 2>/dev/null || true
	) || return
	records=$state/aside/$1
	for kind in deployed healthy held; do
		[ ! -f "$records/$2.$kind" ] || mv "$records/$2.$kind" "$state/$kind/$2"
	done
	rm -f "$records/$2.aside"
	rmdir "$records" 2>/dev/null || true
	root_vm "$2"
	rm -f "$roots/aside-$2"
}
