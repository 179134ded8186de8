# logs.sh LINES SINCE|- UNTIL|- DEPLOYMENT|- CURSOR|- once|follow [NAME UNIT]…: what vms, and the hypervisor itself (`system.`),
# have said, as the journal keeps it: a line of JSON each. Of each NAME the last LINES, since and until these seconds, or
# from the deployment's beginning to its end, and `cut` where there may be more of the hypervisor's; then `live CURSOR`,
# and what comes from there on until nobody listens. With a CURSOR nothing that was before it. microvm.nix gives a guest's
# console to its unit's standard output, so the journal has it, over restarts too, and journald's own limits
# (SystemMaxUse=) bound it.
command -v journalctl >/dev/null || die logs.no-journal 'there is no journalctl here'
lines=$1 since=$2 until=$3 deployment=$4 cursor=$5 how=$6
shift 6
[ "$since" != - ] || since=
[ "$until" != - ] || until=
[ "$cursor" != - ] || cursor=

if [ "$deployment" != - ]; then
	found=
	for folder in "$deployments/$deployment"*; do
		[ -f "$folder/meta" ] || continue
		[ -z "$found" ] || die logs.deployment "several deployments begin with $deployment, $found and ${folder##*/} among them: fleet history has all"
		found=${folder##*/}
	done
	[ -n "$found" ] || die logs.no-deployment "no deployment that begins with $deployment is remembered here"
	since=$(meta "$found" started)
	until=$(awk -F "$tab" '$3 == "end" && $4 == "end" { at = $1 } END { if (at) print at + 1 }' "$deployments/$found/journal")
fi
# From here on words are words.
set -f

# The fields by which the desk knows whose a line is. systemd speaks of a unit (UNIT) as process 1.
said() {
	journalctl --quiet --no-pager --output=json --all \
		--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,UNIT,COREDUMP_UNIT,_PID,_UID,_TRANSPORT "$@"
}

# matches NAME UNIT: which lines of a vm are meant, as journalctl takes it.
matches() {
	name=$1
	case $2 in
	console)
		echo "_SYSTEMD_UNIT=microvm@$name.service _TRANSPORT=stdout"
		return
		;;
	microvm) set -- microvm microvm-set-booted microvm-pci-devices ;;
	virtiofsd) set -- microvm-virtiofsd ;;
	tap) set -- microvm-tap-interfaces microvm-macvtap-interfaces ;;
	fleet) set -- fleet-guest-keys ;;
	*)
		# shellcheck disable=SC2086 # names of units have no spaces
		set -- microvm $guest_helpers
		;;
	esac
	by='' about=_PID=1 dumped=_UID=0
	for unit; do
		by="$by _SYSTEMD_UNIT=$unit@$name.service"
		about="$about UNIT=$unit@$name.service"
		dumped="$dumped COREDUMP_UNIT=$unit@$name.service"
	done
	echo "$by + $about + $dumped"
}

# own_matches: which lines are the hypervisor's own: of what units print that of all slices in the journal but those of
# guests and their helpers, and all that came another way: of a process that ended at once journald knows no slice.
# journalctl cannot leave anything out, and what guests print would drown the rest. A slice that is new while its lines are
# followed is seen when they are followed anew.
own_matches() {
	printf '_TRANSPORT=stdout '
	printf '_SYSTEMD_SLICE=%s ' -.slice system.slice user.slice user-0.slice
	journalctl --quiet --no-pager --field=_SYSTEMD_SLICE | head -n 500 | while IFS= read -r slice; do
		case $slice in
		system-microvm.slice | 'system-microvm\x2d'* | microvm.slice | microvm-* | *[!A-Za-z0-9:_.@\\-]*) ;;
		*) printf '_SYSTEMD_SLICE=%s ' "$slice" ;;
		esac
	done
	echo '+ _TRANSPORT=syslog _TRANSPORT=journal _TRANSPORT=kernel _TRANSPORT=audit _TRANSPORT=driver + _PID=1'
}

# system_lines UNIT: the last of the hypervisor's own, the youngest first; `cut` if there may be more. Guests may have been
# given another slice. No message holds these quotes: JSON escapes them.
system_lines() {
	case $1 in
	fleet) pattern='"(_SYSTEMD_UNIT|UNIT)":"fleet-' but=0 ;;
	*) pattern='"_SYSTEMD_UNIT":"microvm(-[a-z-]*)?@' but=1 ;;
	esac
	# shellcheck disable=SC2086 # it is words
	said --reverse --lines=50000 ${since:+"--since=@$since"} ${until:+"--until=@$until"} $of_host |
		LC_ALL=C awk -v pattern="$pattern" -v but="$but" -v lines="$lines" '
			lines == 0 { exit }
			($0 ~ pattern) != but { print; if (++found == lines) exit }
			END { if (NR == 50000 && found < lines) print "cut" }'
}

# Before the first line is read, so that none that comes meanwhile is lost; some are said twice.
if [ "$how" = follow ] && [ -z "$cursor" ]; then
	now=$(said --lines=1 | sed -n 's/.*"__CURSOR":"\([^"]*\)".*/\1/p')
else
	now=$cursor
fi

every='' of_host=
while [ $# -ge 2 ]; do
	case $1 in
	system.)
		of_host=$(own_matches)
		every="$every${every:+ +} $of_host"
		[ -n "$cursor" ] || system_lines "$2"
		;;
	*[!a-z0-9-]* | '') die logs.name "$1 is no name of a vm" ;;
	*)
		wanted=$(matches "$1" "$2")
		every="$every${every:+ +} $wanted"
		# shellcheck disable=SC2086 # it is words
		[ -n "$cursor" ] || said --lines="$lines" ${since:+"--since=@$since"} ${until:+"--until=@$until"} $wanted
		;;
	esac
	shift 2
done
[ "$how" = follow ] || exit 0

answer live "$now"
# --cursor, which begins with that line, for --after-cursor passes over one more where its line is not among the matches.
# shellcheck disable=SC2086 # it is words
said --follow --no-tail ${now:+"--cursor=$now"} $every
