# cleanup.sh look|delete [vm:NAME|tap:NAME|bridge:NAME]…: what fleet has left here and nobody owns any more: rows of kind,
# id, KiB, the second it is from, and a few words; 0 where a number is not known. The arguments are what fleet.yaml has,
# and so owns. delete: what standard input names, kind and id, and what is still nobody's under the lock, goes.
# What is not fleet's by fleet's own records, which only root writes, is left alone: of such things some are told of.
# No name is matched by a pattern.
mode=$1
shift
owned=$(for word; do echo "$word"; done)
wanted=
[ "$mode" = look ] || wanted=$(cat)
now=$(date +%s)

has() { printf '%s\n' "$1" | grep -qxF -- "$2"; }
size_of() {
	set -- du -sk "$1"
	! command -v timeout >/dev/null || set -- timeout -k 1 5 "$@"
	"$@" 2>/dev/null | { read -r kib _ && echo "$kib"; } || echo 0
}
changed() { stat -c %Y "$1" 2>/dev/null || stat -f %m "$1" 2>/dev/null || echo "$now"; }
# An hour: whoever makes it may still be at work.
is_old() { [ $((now - $(changed "$1"))) -ge 3600 ]; }
names_in() { grep -o "\"$1\":\"[^\"]*\"" | sed 's/^[^:]*:"//;s/"$//' | sort -u; }

# thing KIND ID KIB SINCE WORDS: told of, or deleted by delete_KIND, which says why it cannot.
thing() {
	if [ "$mode" = look ]; then
		answer thing "$@"
		return
	fi
	has "$wanted" "$1$tab$2" || return 0
	# Deleting may last; whoever has begun meanwhile may want it.
	refuse_open cleanup.locked
	if why=$("delete_$1" "$2" 2>&1); then
		event_soon cleanup.removed - "what=$1" "name=$2" || true
		answer gone "$1" "$2"
	else
		why=$(printf '%s\n' "$why" | tail -n 1 | cut -c 1-200)
		answer kept "$1" "$2" "${why##*"$tab"}"
	fi
}
stranger() { [ "$mode" != look ] || answer stranger "$@"; }

# What fleet's records have of TAPs: of all it has deployed, and of what is deployed now.
recorded_taps=$(cat "$state"/deployed/* "$state"/expected/* "$state"/aside/*/*.deployed 2>/dev/null | names_in tap) || true
owned_taps=$(
	cat "$state"/deployed/* 2>/dev/null | names_in tap
	printf '%s\n' "$owned" | sed -n 's/^tap://p'
	# A guest's that fleet has not deployed, and that may start.
	for folder in "$vms"/*; do
		is_guest "$folder" || continue
		for runner in "$(target "$folder/current")" "$(target "$folder/booted")"; do
			! in_store "$runner" || store_text "$runner/share/microvm/tap-interfaces" || true
		done
	done
)
held_taps=$(holders)
held_names=$(printf '%s\n' "$held_taps" | sed 's/^[0-9]* //')

# Of a process the number alone may be another's by the time it is ended.
began() { sed 's/^.*) //' "$R/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
processes() {
	[ -n "$held_taps" ] || return 0
	printf '%s\n' "$held_taps" | while read -r number held; do
		if ! has "$recorded_taps" "$held" || ! is_stray "$number"; then continue; fi
		ticks=$(began "$number")
		[ -n "$ticks" ] || continue
		what='' kib=0
		read -r what 2>/dev/null <"$R/proc/$number/comm" || true
		kib=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' "$R/proc/$number/status" 2>/dev/null) || true
		thing process "$number-$ticks" "${kib:-0}" $((now - $(uptime_seconds) + ticks / 100)) "$what has $held open"
	done
}
delete_process() {
	number=${1%-*}
	[ "$(began "$number")" = "${1##*-}" ] || return 0
	! in_guest "$number" || { echo 'it is in a unit of a guest by now' && return 1; }
	end_process "$number" || { echo 'it cannot be ended' && return 1; }
}

taps() {
	for folder in "$R"/sys/class/net/*; do
		name=${folder##*/}
		if [ -e "$folder/bridge" ] || { [ ! -e "$folder/tun_flags" ] && [ -z "$R" ]; }; then continue; fi
		if has "$owned_taps" "$name" || has "$held_names" "$name"; then continue; fi
		if has "$recorded_taps" "$name"; then thing tap "$name" 0 0 'no vm has it'; else
			case $name in vm-*) stranger tap "$name" ;; esac
		fi
	done
}
delete_tap() { ip link delete dev "$1"; }

# Bridges that systems make which fleet has deployed.
fleet_bridges=$(
	for link in "$system_profile"-*-link "$roots"/previous-system. "$roots"/deployed-system.; do
		[ ! -e "$link/etc/fleet" ] || bridges_of "$link"
	done | sort -u
)
owned_bridges=$(
	for link in "$R/run/current-system" "$R/run/booted-system" "$system_profile"; do bridges_of "$link"; done
	cat "$state"/deployed/* 2>/dev/null | names_in bridge
	printf '%s\n' "$owned" | sed -n 's/^bridge://p'
)
bridges() {
	for folder in "$R"/sys/class/net/*; do
		name=${folder##*/}
		if [ ! -e "$folder/bridge" ] || ! has "$fleet_bridges" "$name" || has "$owned_bridges" "$name"; then continue; fi
		# Hand-written Nix may declare it now, and it may still have ports.
		! grep -qsxF "Name=$name" "$R"/etc/systemd/network/*.netdev || continue
		has_port=
		for port in "$R"/sys/class/net/*; do [ "$(bridge_of "${port##*/}")" != "$name" ] || has_port=yes; done
		[ -n "$has_port" ] || thing bridge "$name" 0 0 'no system has it, and nobody is in it'
	done
}
delete_bridge() { ip link delete dev "$1"; }

# Roots of deployments that have ended, or are not there, and of a collection that was interrupted.
links() {
	for folder in "$roots"/*; do
		if [ ! -d "$folder" ] || [ -L "$folder" ] || ! is_old "$folder"; then continue; fi
		name=${folder##*/}
		if [ "$name" = gc ]; then
			! grep -qsx 'nix-collect-gar' "$R"/proc/[0-9]*/comm || continue
		elif [ -d "$deployments/$name" ] && [ ! -e "$deployments/$name/result" ]; then
			continue
		fi
		count=0
		for link in "$folder"/*; do [ ! -L "$link" ] || count=$((count + 1)); done
		thing roots "$name" 0 "$(changed "$folder")" "$count of them, of what has ended"
	done
}
delete_roots() { rm -rf "${roots:?}/${1:?}"; }

# Vms that left, and whose state a person has deleted.
forgotten() {
	{
		for file in "$state"/profiles/* "$state"/guest-keys/*; do echo "${file##*/}"; done
		for link in "$roots"/previous-* "$roots"/deployed-* "$roots"/aside-*; do
			link=${link##*/}
			echo "${link#*-}"
		done
	} | sort -u | while read -r name; do
		# Generations are called as web-1-link.
		case $name in -* | *[!a-z0-9-]* | *-link | '') continue ;; esac
		if has "$owned" "vm:$name" || [ -e "$state/held/$name" ] || ! is_forgotten "$name"; then continue; fi
		count=0
		for number in $(generation_numbers "$state/profiles/$name"); do count=$((count + ${number:+1})); done
		thing vm "$name" 0 0 "$count generations, roots and keys of a vm that left, and whose state is deleted"
	done
}
delete_vm() {
	forget "$1"
	rm -rf "${state:?}/guest-keys/${1:?}" "$state/healthy/$1" "$state/stopped/$1"
}

# Of deployments: those that never began, and those that ended over ninety days ago, but for the last twenty, the last good
# one, and those that set something aside.
records() {
	good='' count=0
	for folder in "$deployments"/*; do
		[ -f "$folder/result" ] || continue
		count=$((count + 1))
		read -r outcome <"$folder/result" || true
		[ "$outcome" != "done" ] || good=$folder
	done
	for folder in "$deployments"/*; do
		[ -d "$folder" ] || continue
		id=${folder##*/} said='it never began'
		if [ -f "$folder/result" ]; then
			count=$((count - 1)) said='it ended long ago'
			if [ "$count" -lt 20 ] || [ "$folder" = "$good" ]; then continue; fi
			[ $((now - $(changed "$folder/result"))) -ge 7776000 ] || continue
			if [ -e "$aside/$id" ] || [ -e "$state/aside/$id" ]; then continue; fi
			# Of older deployments only this says so, and where .aside is not known it may have set something aside.
			if grep -qs "^target$tab" "$folder/before" && ! (enter_known_aside); then continue; fi
		elif [ -e "$folder/begun" ] || ! is_old "$folder" || at_work "$id"; then
			continue
		fi
		thing deployment "$id" "$(size_of "$folder")" "$(changed "$folder")" "$said"
	done
}
delete_deployment() { rm -rf "${deployments:?}/${1:?}" "${roots:?}/$1"; }

# has_data FOLDER: there is a file in it that could be data, or nobody knows.
has_data() {
	[ -n "$({
		find "$1" ! -type d ! -type l ! -type s ! -path "$1/flake" 2>/dev/null || echo unreadable
	} | head -n 1)" ]
}

# State that was set aside: `aside` where there is no file in it that could be data, `volumes` else.
kept_aside() {
	is_own "$aside" || return 0
	for folder in "$aside"/*/*; do
		from=${folder%/*} name=${folder##*/}
		from=${from##*/}
		case $from in *[!a-z0-9-]*) continue ;; esac
		is_vm "$folder" || continue
		was_set_aside "$from" "$name" || { stranger aside "$from/$name" && continue; }
		# It is back in fleet.yaml: the next apply restores it.
		if has "$owned" "vm:$name" && [ ! -e "$vms/$name" ]; then continue; fi
		if has_data "$folder"; then
			thing volumes "$from/$name" "$(size_of "$folder")" "$(changed "$folder")" "state of $name"
		else
			thing aside "$from/$name" "$(size_of "$folder")" "$(changed "$folder")" "state of $name, without volumes"
		fi
	done
	for folder in "$aside"/.new-* "$aside"/.gone-*; do
		if [ ! -d "$folder" ] || [ -L "$folder" ]; then continue; fi
		case ${folder##*/} in .new-*) is_old "$folder" || continue ;; esac
		thing unfinished "${folder##*/}" "$(size_of "$folder")" "$(changed "$folder")" 'making or deleting it was interrupted'
	done
	(enter_known_aside) || return 0
	for file in "$state"/aside/*/*.aside; do
		folder=${file%/*} name=${file##*/}
		folder=${folder##*/}/${name%.aside}
		if [ ! -e "$file" ] || [ -e "$aside/$folder" ] || ! is_old "$file"; then continue; fi
		thing record "$folder" 0 "$(changed "$file")" 'of state that was set aside, and is not there any more'
	done
}
# has_mount NAME: of a folder in .aside.
has_mount() { grep -qsF -e "/.aside/$1/" -e "/.aside/$1 " "$R/proc/mounts" && echo 'something is mounted in it'; }
# remove_aside NAME: in .aside, with all that is in it but what somebody has mounted there.
remove_aside() {
	! has_mount "$1" || return 1
	set -- "./$1"
	# Not every rm knows it; for what /proc/mounts calls otherwise.
	! rm -f --one-file-system 2>/dev/null || set -- --one-file-system "$1"
	rm -rf "$@"
}
delete_volumes() (
	from=${1%/*} name=${1#*/}
	! has_mount "$1" || exit 1
	enter_aside
	remove_aside ".gone-$from-$name" || exit
	{ cd -P "./$from" && is_vm "./$name"; } 2>/dev/null || { echo 'it is no folder' && exit 1; }
	# At once: half of it is nobody's state.
	rename "./$name" "../.gone-$from-$name" || exit
	cd ..
	rmdir "./$from" 2>/dev/null || true
	# Before its record goes: without one nobody would know whose it is.
	on_disk .
	delete_record "$1"
	if is_forgotten "$name"; then forget "$name"; fi
	remove_aside ".gone-$from-$name" || exit
)
delete_aside() { delete_volumes "$1"; }
delete_unfinished() (
	enter_aside
	remove_aside "${1:?}"
)
delete_record() {
	for kind in aside deployed healthy held stopped; do rm -f "$state/aside/$1.$kind"; done
	rmdir "$state/aside/${1%/*}" 2>/dev/null || true
}

require_known_state
refuse_open cleanup.locked
[ "$mode" = look ] || lock_to_delete cleanup.locked
processes
taps
bridges
links
records
kept_aside
forgotten
for folder in "$vms"/*; do
	if ! is_guest "$folder" || [ -e "$state/deployed/${folder##*/}" ] || has "$owned" "vm:${folder##*/}"; then continue; fi
	stranger vm "${folder##*/}"
done
