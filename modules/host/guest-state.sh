# Rendered by fleet from fleet.yaml: change it there.
# After lib.sh and deployments.sh, in front of whatever starts, stops or looks at guests: what is known of each guest, and
# what is wanted of it. A guest's file is $state/guests/NAME, with lines KEY<tab>VALUE:
#   state         Starting, Ready, Failed or Terminated
#   since, why    of that state
#   health        ok, failing or unknown, healthSince, and lastHealthy
#   restarts      made by recovery since a deployment or a person started it
#   returned      when recovery made them in the last day, whoever started it since: seconds, forty at most
#   lastEnd       id of the event that tells of its last end
#   ended         what that tells: its id (- if there is none), when, who, why; nobody need read the spool for it
#   invocation    the one that was last seen
#   boot          the boot in which it was last started
#   failedBoots   boots in a row at which it was started and was not seen well since
# It is written before the event that tells of a change, and before what is done about it. Looks that change nothing are
# not kept here, but in /run/fleet/watch.
guest_states=$state/guests
guest_keys='state since why health healthSince lastHealthy restarts returned lastEnd ended invocation boot failedBoots'
policy_file=$R/etc/fleet/watch.json
nl='
'

# boot_id: prints the id of this boot.
boot_id() {
	booted=
	read -r booted 2>/dev/null <"$R/proc/sys/kernel/random/boot_id" || true
	echo "${booted:-unknown}"
}

# find_value TEXT KEY: sets `value` to that of a key in such a file's text, or to nothing. No process is made for it.
find_value() {
	value=
	case "$nl$1" in *"$nl$2$tab"*) ;; *) return 0 ;; esac
	value=$nl$1
	value=${value#*"$nl$2$tab"}
	value=${value%%"$nl"*}
}

# value_in TEXT KEY: prints it.
value_in() (
	find_value "$1" "$2"
	[ -z "$value" ] || printf '%s\n' "$value"
)

# guest_get NAME KEY: prints what is known, or nothing.
guest_get() {
	[ -f "$guest_states/$1" ] || return 0
	while IFS=$tab read -r got_key got; do
		[ "$got_key" = "$2" ] || continue
		[ -z "$got" ] || printf '%s\n' "$got"
		return
	done <"$guest_states/$1"
}

# plain TEXT: prints it on one line, without control characters, cut.
plain() {
	case $1 in
	*[[:cntrl:]]*) printf '%s' "$1" | LC_ALL=C tr -s '\000-\037\177' ' ' | cut -c 1-500 ;;
	*) printf '%.500s' "$1" ;;
	esac
}

# add_return NOW TIMES: sets `value` to these with one more, the youngest first, without those of more than a day ago, or of a
# clock that was ahead.
add_return() {
	value=$1 returns=1
	for returned in $2; do
		case $returned in *[!0-9]*) continue ;; esac
		if [ "$returns" -ge 40 ] || [ $(($1 - returned)) -ge 86400 ] || [ "$returned" -gt "$1" ]; then continue; fi
		value="$value $returned" returns=$((returns + 1))
	done
}

# guest_set NAME KEY=VALUE…: writes these, and keeps the others; an empty value takes the key away. A changed state or health
# without a time of its own is since now; one more of `restarts` is a return now. One that is Ready has not failed at this boot.
# Synced before it takes the place of what was there, whatever it changes: a power cut leaves the one or the other. Fails
# when it cannot be written; the old file stays. `was=STATE`: as it was when somebody looked; one that has been left alone
# since, Terminated or Failed, stays so.
guest_set() (
	name=$1
	shift
	[ -d "$R/run/fleet/locks" ] || { mkdir -p "$R/run/fleet" && { mkdir -m 700 "$R/run/fleet/locks" 2>/dev/null || [ -d "$R/run/fleet/locks" ]; }; } || exit 1
	[ -d "$guest_states" ] || mkdir -m 700 "$guest_states" 2>/dev/null || [ -d "$guest_states" ] || exit 1
	if command -v flock >/dev/null; then
		# No vm has a dot in its name.
		exec 7>>"$R/run/fleet/locks/$name.state"
		flock -w 10 7 || exit 1
	fi
	file=$guest_states/$name
	old=$(cat "$file" 2>/dev/null) || old=
	for pair; do
		case $pair in was=*) find_value "$old" state ;; *) continue ;; esac
		case $value in "${pair#was=}") ;; Terminated | Failed) exit 1 ;; esac
	done
	now=$(date +%s)
	new=
	for key in $guest_keys; do
		find_value "$old" "$key"
		guest_was=$value
		for pair; do
			[ "${pair%%=*}" = "$key" ] || continue
			value=${pair#*=}
			case $value in *[[:cntrl:]]*) value=$(plain "$value") ;; esac
			[ "${#value}" -le 500 ] || value=$(plain "$value")
		done
		case $key in
		state)
			[ "$value" = "$guest_was" ] || set -- "since=$now" "$@"
			[ "$value" != Ready ] || set -- "$@" failedBoots=
			;;
		restarts)
			case $value:$guest_was in :* | *[!0-9:]*) ;; *) [ "$value" -le "${guest_was:-0}" ] || set -- "$@" returned=now ;; esac
			;;
		returned) [ "$value" != now ] || add_return "$now" "$guest_was" ;;
		health) [ "$value" = "$guest_was" ] || set -- "healthSince=$now" "$@" ;;
		esac
		[ -z "$value" ] || new="$new$key$tab$value$nl"
	done
	# A newer generation may have written more: it may come back.
	while IFS=$tab read -r key value; do
		case " $guest_keys " in *" $key "*) continue ;; esac
		[ -z "$value" ] || new="$new$key$tab$value$nl"
	done <<-END
		$old
	END
	[ "$new" != "$old$nl" ] || exit 0
	if ! { printf '%s' "$new" >"$file.new"; } 2>/dev/null; then
		rm -f "$file.new"
		exit 1
	fi
	on_disk "$file.new"
	mv -f "$file.new" "$file" || exit 1
	on_disk "$guest_states"
)

# policy FILTER [ARGUMENT…]: asks jq about this hypervisor's policy. Prints nothing on a hypervisor that has none.
policy() {
	[ -f "$policy_file" ] && command -v jq >/dev/null || return 0
	filter=$1
	shift
	jq -r "$@" "$filter" "$policy_file" 2>/dev/null || true
}

# deployed_guests [waiting]: prints NAME<tab>JSON for each guest: how it is reached, what it keeps and what it is given, as
# fleet wrote it down when that was deployed (formatExpected, src/model/expected.ts). What is named there has no dots.
deployed_guests() {
	set -- "$state/${1:-deployed}"/[a-z0-9]*
	[ -e "$1" ] || return 0
	awk -F '\t' '{ name = FILENAME; sub(/.*\//, "", name) } name !~ /[^a-z0-9-]/ && $NF ~ /^\{/ { print name "\t" $NF }' "$@" 2>/dev/null || true
}

# memory_of NAME: prints how many MiB a guest was given, or nothing. No process is made for it.
memory_of() {
	given=
	{ IFS= read -r given <"$state/deployed/$1"; } 2>/dev/null || true
	case $given in *'"memoryMiB":'[0-9]*) ;; *) return 0 ;; esac
	given=${given#*'"memoryMiB":'}
	echo "${given%%[!0-9]*}"
}

# desired NAME: prints what is wanted of a guest: running, stopped, or held (stopped until somebody releases it). Nothing,
# when neither the policy nor a record knows it. One that is not started by a boot is stopped until somebody starts it.
desired() {
	if [ -f "$state/stopped/$1" ]; then
		lasts=
		IFS=$tab read -r _ _ lasts 2>/dev/null <"$state/stopped/$1" || true
		if [ "$lasts" = held ]; then echo held; else echo stopped; fi
		return
	fi
	case $(declared_of "$1") in
	'') return 0 ;;
	'stopped '*) echo stopped ;;
	*' never') if [ "$(guest_get "$1" boot)" = "$(boot_id)" ]; then echo running; else echo stopped; fi ;;
	*) echo running ;;
	esac
}

# declared_of NAME: prints its state and autostart of the policy, or nothing.
# shellcheck disable=SC2016 # for jq
declared_of() { policy '.vms[$name] // empty | "\(.state) \(.autostart)"' --arg name "$1"; }

# guest_starting NAME WHY: before every start of fleet's. What failed is over, nothing is tried again by itself, and no
# start limit is in the way. That it cannot be written down, on a full disk, must not keep a guest from starting.
guest_starting() {
	systemctl stop "fleet-again@$1.timer" 2>/dev/null || true
	systemctl reset-failed "microvm*@$1.service" 2>/dev/null || true
	rm -f "$R/run/fleet/tries/$1" "$R/run/fleet/failing/$1" "$R/run/fleet/unsettled/$1"
	guest_set "$1" state=Starting "since=$(date +%s)" "why=$2" health=unknown restarts= failedBoots= "boot=$(boot_id)" || true
}

# last_shutdown: prints how the boot before this one ended, as far as it is known: reboot, power-off, halt, kernel panic, or
# that it ended at once.
last_shutdown() {
	# The firmware keeps what the kernel said last; systemd puts it there at the next boot.
	if find "$R/sys/fs/pstore" "$R/var/lib/systemd/pstore" -type f -mmin "-$(($(uptime_seconds) / 60 + 2))" 2>/dev/null | grep -q .; then
		echo 'kernel panic'
		return
	fi
	command -v journalctl >/dev/null || return 0
	said=$(timeout 3 journalctl -q -b -1 -n 300 -o cat _PID=1 2>/dev/null) || return 0
	case $said in
	'') ;;
	*'Reached target'*[Rr]eboot*) echo reboot ;;
	*'Reached target'*[Pp]ower[-\ ][Oo]ff* | *'Reached target'*poweroff*) echo power-off ;;
	*'Reached target'*[Hh]alt*) echo halt ;;
	*) echo 'at once: a power cut, a reset or a hang' ;;
	esac
}

# tell_boot: writes the event of this boot, once.
tell_boot() {
	told=$R/run/fleet/booted
	[ ! -e "$told" ] || return 0
	mkdir -p "$R/run/fleet"
	event host.booted - "boot=$(boot_id)" "why=$(last_shutdown)" || return 0
	: >"$told"
}

# intend NAME ID WHY: before anything of fleet's stops or restarts a guest, so that its end is not taken for its own doing.
# The unit that records the end takes it away.
intend() {
	mkdir -p "$R/run/fleet" && { mkdir -m 700 "$intents" 2>/dev/null || [ -d "$intents" ]; } || return 0
	printf '%s\t%s\t%s\n' "$2" "$3" "$(systemctl show -p InvocationID --value "microvm@$1.service" 2>/dev/null)" |
		write "$intents/$1" || true
}
