# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2154 # the libraries set what is not set here
# fleet-alerts, every 15 s, behind the libraries: what the rules of the policy say of what is known here, and to whom that
# is told. Looking comes first and needs nobody; telling has its own limits, and what cannot be told now is told later.
#
#   alerts/state          JSON: what is pending, fires, or has been resolved lately
#   alerts/outbox/WAY/N   what is still to be told by webhook or command, oldest first
#   alerts/WAY            lines KEY<tab>VALUE: sent, tries, boot, next, problem, since
alerts=$state/alerts
outbox=$alerts/outbox
policy=$R/etc/fleet/watch.json
volatile=$R/run/fleet/alerts
# Seconds for telling in one run; messages that wait at most, and that a run adds; tries of one message.
budget=20 most_waiting=100 most_told=25 most_tries=${FLEET_ALERT_TRIES:-20}
# Alerts in all.
most_alerts=${FLEET_ALERT_MOST:-500}

# say PRIORITY TEXT: 3 error, 4 warning, 6 information.
say() { echo "<$1>$2" >&2; }

[ -f "$policy" ] || exit 0
command -v jq >/dev/null || exit 0
# Nobody asks for anything, nor is anything of before to be resolved.
case $(cat "$policy") in *'"alerts":[]'*) [ -f "$state/alerts/state" ] || exit 0 ;; esac
umask 077
mkdir -p "$R/run/fleet" "$state"
if [ ! -d "$volatile" ]; then mkdir -m 700 "$volatile" || exit 0; fi
if [ ! -d "$outbox" ]; then mkdir -p "$outbox" && chmod 700 "$alerts" || exit 0; fi

now=$(date +%s)
uptime_now() {
	if read -r up _ 2>/dev/null <"$R/proc/uptime"; then echo "${up%.*}"; else uptime_seconds; fi
}
up=$(uptime_now)
boot=$(boot_id)

# --- What is known --------------------------------------------------------------------------------------------------

# jumped: prints by how many seconds the clock was set in this look, if it was: it went otherwise than the uptime did.
jumped() {
	last='' then_up='' then_boot=''
	read -r last then_up then_boot 2>/dev/null <"$volatile/clock" || true
	echo "$now $up $boot" >"$volatile/clock"
	[ "$then_boot" = "$boot" ] || return 0
	by=$((now - last - (up - then_up)))
	# Both are whole seconds.
	[ "${by#-}" -lt 2 ] || echo "${by#-} $up" >"$volatile/jump"
}

# seen: prints rows of what there is to know. What cannot be read is left out, and changes nothing.
seen() {
	# One process for all guests: their names have no colon.
	(cd "$guest_states" 2>/dev/null && grep -E "^(state|health|why)$tab" -- /dev/null ?*) |
		sed -e '/^[^:]*\.new:/d' -e "s/:/$tab/" -e "s/^/guest$tab/"
	timeout 5 df -P "$R/" "$state" "$vms" "$R/nix/store" "$R/boot" 2>/dev/null | sort -u -k 6 |
		while read -r _ all _ _ part at; do
			case $all in *[!0-9]* | '' | 0) continue ;; esac
			printf 'disk\t%s\t%s\n' "$at" "${part%\%}"
		done
	sed -n 's/^\(MemTotal\|MemAvailable\): *\([0-9]*\) kB$/memory\t\1\t\2/p' "$R/proc/meminfo" 2>/dev/null || true
	synced=$(timeout 5 timedatectl show -p NTPSynchronized --value 2>/dev/null) || synced=
	[ -z "$synced" ] || printf 'clock\tsynced\t%s\n' "$synced"
	if read -r by at 2>/dev/null <"$volatile/jump"; then printf 'clock\tjump\t%s\t%s\n' "$by" "$at"; fi
	# Who ended in the last hour without being asked to, or was restarted because it hung. Files that nobody wrote to since
	# have nothing of it; of a line that a power cut left half nothing is known.
	told=$(find "$spool" -name '*.jsonl' -mmin -61 -exec grep -hF -e '"kind":"guest.ended"' -e '"kind":"guest.restarted"' {} + 2>/dev/null |
		tail -n 4000)
	[ -z "$told" ] ||
		printf '%s\n' "$told" | jq -Rr --argjson now "$now" 'fromjson? | objects | select((.at | type) == "number" and .at > $now - 3600 and .at <= $now)
			| select(.intended == false or .kind == "guest.restarted") | ["ended", .vm] | @tsv' 2>/dev/null || true
	# What differs, as fleet-reconcile last found it.
	[ ! -f "$state/found" ] || while IFS=$tab read -r kind vm what; do
		[ "$kind" != drift ] || printf 'drift\t%s\t%s\n' "$vm" "$what"
	done <"$state/found"
}

# --- What follows from it -------------------------------------------------------------------------------------------

# judge: from the rows, the policy and the state of before, prints the state of now.
# shellcheck disable=SC2016 # jq's variables
judge='
def cut: tostring | gsub("[[:cntrl:]]"; " ") | .[0:300];
($policy[0]) as $p
| ($old | fromjson? // {}) as $o
| ($rows | split("\n") | map(select(. != "") | split("\t"))) as $r
| (reduce ($r[] | select(.[0] == "guest")) as $g ({}; .[$g[1]][$g[2]] = $g[3])) as $guest
| ([$r[] | select(.[0] == "ended") | .[1]] | group_by(.) | map({key: .[0], value: length}) | from_entries) as $ended
| ([$r[] | select(.[0] == "memory") | {key: .[1], value: (.[2] | tonumber)}] | from_entries) as $memory
| [$r[] | select(.[0] == "drift") | {vm: .[1], what: .[2]}] as $drift
| ([$r[] | select(.[0] == "clock" and .[1] == "jump") | {by: (.[2] | tonumber), at: (.[3] | tonumber)}
    | select($up >= .at)] | .[0]) as $jump
| def vms($rule): ($p.vms // {}) | keys[] | select($rule.vms == null or (. as $vm | $rule.vms | index($vm)));
  # What a rule is about: {vm or what, is: true, false or null where nobody knows, why}
  def about($rule):
    if $rule.when == "failed" then vms($rule) | {vm: ., is: ($guest[.].state | if . == null then null else . == "Failed" end), why: ($guest[.].why | if . == null or . == "" then "it has failed" else . end)}
    elif $rule.when == "unhealthy" then vms($rule) | {vm: ., is: ($guest[.].health | if . == null or . == "" or . == "unknown" then null else . == "failing" end), why: "its checks fail"}
    elif $rule.when == "restarting" then vms($rule) | {vm: ., is: (($ended[.] // 0) > ($rule.above // 3)), why: "it ended or hung \($ended[.] // 0) times in an hour"}
    elif $rule.when == "disk" then $r[] | select(.[0] == "disk") | {what: .[1], is: ((.[2] | tonumber) > ($rule.above // 90)), why: "\(.[2]) % of it is used"}
    elif $rule.when == "memory" then
      if ($memory.MemTotal // 0) > 0 and $memory.MemAvailable != null then
        (100 - 100 * $memory.MemAvailable / $memory.MemTotal | floor) as $used
        | {is: ($used > ($rule.above // 90)), why: "\($used) % of it is used"}
      else {is: null} end
    elif $rule.when == "clock" then
      ([$r[] | select(.[0] == "clock" and .[1] == "synced") | .[2]] | .[0]) as $synced
      # As long as it takes to fire, and then for ten minutes.
      | if $jump != null and $jump.by > ($rule.above // 1) and $up - $jump.at < 600 + ($rule.for // 0) then {is: true, why: "it was set by \($jump.by) s"}
        elif $synced == null then {is: null}
        else {is: ($synced != "yes"), why: "it is not synchronised"} end
    elif $rule.when == "drift" then $drift[] | {vm: (if .vm == "-" then null else .vm end), what, is: true, why: "it differs from what was deployed"}
    else empty end;
  [$p.alerts[]? as $rule | about($rule)
    | {key: ([$rule.rule, (.vm // empty), (.what // empty)] | join(" ") | cut), rule: $rule.rule, when: $rule.when, for: ($rule.for // 0)} + .
    | with_entries(select(.value != null or .key == "is"))] as $seen
| ([$seen[] | {key, value: .}] | from_entries) as $by_key
| ($o.alerts // {}) as $before
# At most so many; those of the hypervisor first, then those that fire.
| ($seen | map(select(.is)) | sort_by([.vm != null, $before[.key].state != "firing"]) | .[0:$most]) as $true
# A number is told once: where the state was lost it goes on behind what was told.
| (reduce $true[] as $c ({alerts: {}, n: ([$o.n // 0, $sent] | max)};
    ($before[$c.key] // {state: "resolved"}) as $b
    | (if $b.state == "firing" then $b
       elif $c.for <= 0 or ($b.state == "pending" and $b.boot == $boot and $up - $b.up >= $c.for)
       then {state: "firing", at: $now, since: ($b | if .state == "pending" then .since else $now end), why: ($c.why | cut)}
       elif $b.state == "pending" and $b.boot == $boot then $b
       # Nobody looked while it was off: it has to last anew.
       else {state: "pending", since: (if $b.state == "pending" then $b.since else $now end), boot: $boot, up: $up, why: ($c.why | cut)} end) as $a
    | (if $a.state == "firing" and $b.state != "firing" then $a + {n: (.n + 1), told: false} else null end) as $new
    | .n = ($new.n // .n)
    | .alerts[$c.key] = (($new // $a) + ({rule: $c.rule, when: $c.when, vm: $c.vm, what: $c.what} | with_entries(select(.value != null))))
  )) as $with
| (reduce ($before | to_entries[] | select($with.alerts[.key] == null)) as $e ($with;
    $e.value as $b | $by_key[$e.key] as $c
    # Those that nobody can judge now, or that are too many, stay as they are.
    | if $c != null and $c.is != false then .alerts[$e.key] = $b
      elif $b.state == "firing" then .n += 1 | .alerts[$e.key] = ($b + {state: "resolved", resolved: $now, n: .n, told: false})
      elif $b.state == "resolved" then .alerts[$e.key] = $b
      else . end)) as $all
| $all
| .alerts |= (to_entries
    | (map(select(.value.state != "resolved")))
      + (map(select(.value.state == "resolved" and (.value.told == false or .value.resolved > $now - 604800))) | sort_by(.value.resolved) | .[-50:])
    | sort_by(.key) | from_entries)
# Of these nobody can say anything.
| .unknown = ([$p.alerts[]? | select(.when == "snapshot") | {rule: .rule, why: "no snapshots are made yet"}]
    + [$p.alerts[]? as $rule | select([about($rule)] as $a | ($a | length) > 0 and all($a[]; .is == null)) | {rule: $rule.rule, why: "it cannot be looked at"}])
| .rules = ($p.alerts | length)
| {v: 1} + .
'

# keep TEXT: the state, on disk, in place of the one of before; in memory where the disk is full.
keep() {
	{ printf '%s\n' "$1" >"$alerts/state.new" && on_disk "$alerts/state.new" && mv -f "$alerts/state.new" "$alerts/state" && on_disk "$alerts"; } ||
		{ to_memory && keep "$1"; }
}

# way_get WAY KEY
way_get() { value_in "$(cat "$alerts/$1" 2>/dev/null)" "$2"; }
# last_sent: prints the highest number that was told, or waits for it.
last_sent() {
	highest=0
	for number in "$(way_get webhook sent)" "$(way_get command sent)" "$outbox"/*/*.json; do
		number=${number##*/} number=${number%.json} number=${number#"${number%%[!0]*}"}
		case $number in '' | *[!0-9]*) continue ;; esac
		[ "$number" -le "$highest" ] || highest=$number
	done
	echo "$highest"
}

# While the disk is full all of it is in memory; then it takes its place again.
spare=$volatile/spare
if [ -d "$spare" ]; then
	rm -rf "$alerts.new"
	if cp -R "$spare" "$alerts.new" 2>/dev/null && { find "$alerts.new" -exec sync {} + 2>/dev/null || sync; }; then
		rm -rf "$alerts" && mv "$alerts.new" "$alerts" && on_disk "$state" && rm -rf "$spare"
	else
		rm -rf "$alerts.new"
		alerts=$spare outbox=$spare/outbox
	fi
fi
# to_memory: a full disk must not keep anybody from being told that it is full.
to_memory() {
	[ "$alerts" != "$spare" ] || return
	say 3 "${alerts#"$R"} cannot be written: what fires is kept in memory until it can"
	rm -rf "$spare"
	cp -R "$alerts" "$spare" || return
	alerts=$spare outbox=$spare/outbox
}

# Where there is none, or half of one, what fires begins anew.
old=$(cat "$alerts/state" 2>/dev/null) || old=
jumped
new=$(jq -nc --slurpfile policy "$policy" --argjson now "$now" --argjson up "$up" --arg boot "$boot" --argjson sent "$(last_sent)" --argjson most "$most_alerts" \
	--rawfile rows /dev/fd/3 --rawfile old /dev/fd/4 "$judge" 3<<-ROWS 4<<-OLD
		$(seen)
	ROWS
		$old
	OLD
) || {
	say 3 'what is known here could not be judged'
	exit 0
}
# Before anybody is told of it.
if [ "$new" != "$old" ]; then keep "$new" || exit 0; fi

# For whoever scrapes what fleet-sample writes.
figures=$state/metrics/fleet-alerts.prom
if [ -d "${figures%/*}" ] && { [ "$new" != "$old" ] || [ ! -f "$figures" ]; }; then
	printf '%s\n' "$new" | jq -r '"# HELP fleet_alert 1 for each alert that is pending or fires.", "# TYPE fleet_alert gauge",
		(.alerts[] | select(.state != "resolved") | {rule, when, vm: (.vm // ""), what: (.what // ""), state} | to_entries | map("\(.key)=\(.value | tojson)") | "fleet_alert{\(join(","))} 1")' |
		{ umask 022 && write "$figures"; } || true
fi

# --- Who is told ----------------------------------------------------------------------------------------------------

echo "$now" >"$volatile/looked"
waits=
for file in "$outbox"/*/*.json; do [ ! -f "$file" ] || waits=yes; done
case $new in *'"told":false'*) ;; *) [ -n "$waits" ] || exit 0 ;; esac

ways=$(jq -r '(.webhookFile // ""), "=" + (.alertCommand // "")' "$policy")
webhook=${ways%%"$nl"*} command=${ways#*"$nl="}

# way_set WAY SENT TRIES NEXT PROBLEM
way_set() {
	since=$(way_get "$1" since)
	[ -n "$5" ] || since=
	[ -z "$5" ] || [ -n "$since" ] || since=$now
	[ "$5" = "$(way_get "$1" problem)" ] || { if [ -n "$5" ]; then say 4 "alerts are not told by $1: $5"; else say 6 "alerts are told by $1 again"; fi; }
	printf 'sent\t%s\ntries\t%s\nboot\t%s\nnext\t%s\nproblem\t%s\nsince\t%s\n' "$2" "$3" "$boot" "$4" "$5" "$since" | write_through "$alerts/$1" ||
		{ to_memory && way_set "$@"; }
}

# put WAY N MESSAGE: into the outbox, once.
put() {
	sent=$(way_get "$1" sent)
	[ "$2" -gt "${sent:-0}" ] || return 0
	name=$outbox/$1/$(printf %010d "$2").json
	if [ ! -e "$name" ] && ! { mkdir -p "$outbox/$1" && printf '%s\n' "$3" | write_through "$name"; }; then
		to_memory && put "$@"
		return
	fi
	# shellcheck disable=SC2012 # names are numbers
	ls "$outbox/$1" | sort -r | tail -n +$((most_waiting + 1)) | while read -r name; do rm -f "$outbox/$1/$name"; done
}

# An event and a message for each that has changed, and only then is it told: a power cut in between tells twice, never not.
# So many a run, which has its time, too.
unit=$(printf '\037')
untold=$(printf '%s\n' "$new" | jq -r --slurpfile policy "$policy" --argjson most "$most_told" '
	[.alerts | to_entries[] | select(.value.told == false)] | sort_by(.value.n) | .[0:$most][] | .key as $key | .value as $a
	| [$a.n, (if $a.state == "firing" then "alert.firing" else "alert.resolved" end), $a.vm // "-", $a.rule, $a.what // "", $a.why // "",
		({version: 1, fleet: $policy[0].fleet, hypervisor: $policy[0].hypervisor, alert: $key}
			+ ($a | {state, rule, when, vm, what, why, since, at: (.resolved // .at)} | with_entries(select(.value != null))) | tojson)]
	| map(tostring | gsub("[[:cntrl:]]"; " ")) | join("\u001f")')
told=
# What is no white space stands between fields that may be empty.
while IFS=$unit read -r number kind vm rule what why message; do
	[ -n "$number" ] || continue
	[ -z "$webhook" ] || put webhook "$number" "$message" || continue
	[ -z "$command" ] || put command "$number" "$message" || continue
	set -- "rule=$rule"
	[ -z "$what" ] || set -- "$@" "what=$what"
	[ -z "$why" ] || set -- "$@" "why=$why"
	# A full disk takes no events.
	event "$kind" "$vm" "$@" || [ "$alerts" = "$spare" ] || continue
	told="$told$number "
done <<-END
	$untold
END
if [ -n "$told" ]; then
	keep "$(printf '%s\n' "$new" | jq -c --arg told " $told" '.alerts[] |= (. as $a | if $a.n != null and ($told | contains(" \($a.n) ")) then .told = true else . end)')" || true
fi

# send_webhook FILE: posts it. The url, and what follows it, are a secret: they are in no argument, no file and no message.
# `problem` says what is wrong, in words of our own.
send_webhook() {
	[ -f "$webhook" ] || { problem='there is no such file' && return 1; }
	listed=$(ls -lnL "$webhook") || { problem='the file cannot be read' && return 1; }
	read -r rights _ whose _ <<-END
		$listed
	END
	case $rights in -???------*) ;; *) problem='others than its owner may read or write the file (chmod 600)' && return 1 ;; esac
	[ "$whose" = "$(id -u)" ] || { problem='the file belongs to somebody else than root' && return 1; }
	answered=$({
		IFS= read -r url || [ -n "$url" ] || exit 0
		case $url in http://?* | https://?*) ;; *) exit 0 ;; esac
		case $url in *[[:cntrl:][:space:]]*) exit 0 ;; esac
		quoted url "$url"
		while IFS= read -r header || [ -n "$header" ]; do [ -z "$header" ] || quoted header "$header"; done
		quoted header 'Content-Type: application/json'
		quoted data-binary "@$1"
		quoted proto '=http,https'
		quoted write-out '%{http_code}'
		quoted output /dev/null
		printf 'silent\ngloboff\nmax-time = 10\nconnect-timeout = 5\n'
	} <"$webhook" | curl -q --config - 2>/dev/null) || true
	case $answered in
	2??) return 0 ;;
	'' | 000) problem='no answer, or no url in the file' ;;
	[1-5]??) problem="it answered $answered" ;;
	*) problem='no answer' ;;
	esac
	return 1
}
# quoted OPTION VALUE: a line of a file of curl's.
quoted() { printf '%s = "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"; }

# send_command FILE: gives it to the user's program, which has few rights, half a minute, and no terminal.
send_command() {
	code=0
	timeout 40 systemd-run --quiet --wait --pipe --collect --unit "fleet-alert-command-$$" --expand-environment=no \
		-p DynamicUser=yes -p ProtectSystem=strict -p ProtectHome=yes -p PrivateTmp=yes -p PrivateDevices=yes -p NoNewPrivileges=yes \
		-p CapabilityBoundingSet= -p RestrictSUIDSGID=yes -p ProtectKernelModules=yes -p ProtectControlGroups=yes \
		-p RuntimeMaxSec=30 -p TimeoutStopSec=5 -p MemoryMax=128M -p TasksMax=32 -p CPUWeight=20 \
		-- "$command" <"$1" >/dev/null 2>&1 || code=$?
	[ "$code" != 0 ] || return 0
	problem="it ended with $code"
	return 1
}

# tell WAY: what waits, oldest first. One that cannot be told holds up those behind it: they are told in their order.
tell() {
	[ -d "$outbox/$1" ] || return 0
	began=$(uptime_now)
	tries=$(way_get "$1" tries) next=$(way_get "$1" next)
	if [ "${tries:-0}" -gt 0 ] && [ "$(way_get "$1" boot)" = "$boot" ] && [ "$up" -lt "${next:-0}" ]; then return 0; fi
	for file in "$outbox/$1"/*.json; do
		[ -f "$file" ] || continue
		[ $(($(uptime_now) - began)) -lt "$budget" ] || return 0
		number=${file##*/} number=${number%.json} number=${number#"${number%%[!0]*}"}
		problem=
		if "send_$1" "$file"; then
			rm -f "$file"
			way_set "$1" "$number" 0 0 ''
			continue
		fi
		tries=$((${tries:-0} + 1))
		if [ "$tries" -ge "$most_tries" ]; then
			rm -f "$file"
			way_set "$1" "$number" 0 0 "$problem; one was given up"
			return 0
		fi
		wait=15 n=1
		while [ "$n" -lt "$tries" ] && [ "$wait" -lt 3600 ]; do wait=$((wait * 2)) n=$((n + 1)); done
		[ "$wait" -le 3600 ] || wait=3600
		sent=$(way_get "$1" sent)
		way_set "$1" "${sent:-0}" "$tries" $((up + wait)) "$problem"
		return 0
	done
}

if [ -n "$webhook" ]; then tell webhook; else rm -rf "$outbox/webhook" "$alerts/webhook"; fi
if [ -n "$command" ]; then tell command; else rm -rf "$outbox/command" "$alerts/command"; fi
