# shellcheck shell=sh
# Units, one file each in sandbox/units with what `systemctl show` tells of them. As with systemd,
# a unit that is inactive and has not failed has no file, and is not loaded unless a job waits for it: that is a file in
# sandbox/jobs.

# unit_load UNIT: into the variables active, sub, id, restarts, result, group, since.
unit_load() {
	active=inactive sub=dead id='' restarts=0 result=success group='' since=0
	[ ! -f "$box/units/$1" ] || . "$box/units/$1" 2>/dev/null || true
}

# unit_save UNIT: from the same variables.
unit_save() {
	if [ "$active" = inactive ]; then
		rm -f "$box/units/$1"
		return
	fi
	printf '%s\n' "active=$active" "sub=$sub" "id=$id" "restarts=$restarts" "result=$result" \
		"group=$group" "since=$since" >"$box/units/.$1.$$"
	mv -f "$box/units/.$1.$$" "$box/units/$1"
}

# unit_now UNIT ACTIVE SUB [RESULT]: a new state; becoming active is a new invocation.
unit_now() {
	unit_load "$1"
	[ "$2" != active ] || id=$(new_id) since=$(monotonic)
	active=$2 sub=$3 result=${4:-success}
	unit_save "$1"
}

# monotonic: microseconds since the machine came up.
monotonic() {
	if read -r up _ 2>/dev/null </proc/uptime; then echo "${up%.*}${up#*.}0000"; else echo "$(date +%s)000000"; fi
}

# full_name NAME: systemctl takes a name without a suffix for a service.
full_name() {
	case $1 in
	*.service | *.timer | *.target | *.socket) echo "$1" ;;
	*) echo "$1.service" ;;
	esac
}

# loaded PATTERN…: the loaded units that a shell pattern matches, one per line; so is one for which a job waits.
loaded() {
	for file in "$box"/units/* "$box"/jobs/*; do
		[ -f "$file" ] || continue
		case $file in "$box"/jobs/*) [ ! -f "$box/units/${file##*/}" ] || continue ;; esac
		for pattern; do
			# shellcheck disable=SC2254 # it is a pattern
			case ${file##*/} in $pattern)
				echo "${file##*/}"
				break
				;;
			esac
		done
	done
}

# describe UNIT: as list-units shows it.
describe() {
	case $1 in
	microvm@*) name=${1#microvm@} && echo "MicroVM '${name%.service}'" ;;
	*) echo "$1" ;;
	esac
}
