# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2154,SC2317 # behind the libraries; each_guest calls what it is given
# fleet-reconcile, after a boot and every 5 minutes: what is on disk against what runs, against what is declared. What
# differs (drift) and what nobody owns (orphans) is an event when it is first seen, and another when it is gone. With
# `orphans: stop` what runs and is still there at the next look is stopped. Nothing is ever deleted.
# docs/decisions/state.md
set +e
trap - EXIT
[ -f "$policy_file" ] || exit 0
found_file=$state/found
tell_boot
# While a deployment or a boot is at work everything is about to change.
if is_booting || [ -n "$(locking_deployment)" ]; then exit 0; fi
busy=$(busy_guests) || exit 0

declared=$(policy '.vms | to_entries[] | "\(.key)\t\(.value.state) \(.value.autostart)"')
# each_guest COMMAND: does it for each of fleet.yaml, with its name. What is declared of that one is read once for all: a jq for
# each of a thousand takes minutes. Names are fleet.yaml's, but a folder of policies is no place for trust: what no vm can be
# called is left out.
each_guest() {
  while IFS=$tab read -r name its <&3; do
    case $name in '' | -* | *[!a-z0-9-]*) ;; *) "$1" "$name" ;; esac
  done 3<<-END
	$declared
	END
}
declared_of() { echo "$its"; }
guests=$(each_guest echo)
# vm NAME, tap NAME and image VM/FILE, of what is deployed, and of what is built and waits for a restart.
kept=$({ deployed_guests && deployed_guests waiting; } | jq -rR 'split("\t") | .[0] as $vm | .[1] | fromjson?
  | "vm \($vm)", (., (.further // [])[] | "tap \(.tap)"), ((.volumes // [])[] | "image \($vm)/\(.image)")')

# is_line TEXT LINE
is_line() { case $nl$1$nl in *"$nl$2$nl"*) ;; *) return 1 ;; esac }
runs() { is_line "$busy" "$1"; }
is_ours() { is_line "$guests" "$1" || is_declared "$R/run/current-system" "$1"; }

# drift VM|- WHAT, orphan KIND NAME: a line of what was found.
drift() { printf 'drift\t%s\t%s\n' "$1" "$2"; }
orphan() { printf 'orphan\t%s\t%s\n' "$1" "$2"; }

# of_guest NAME: what differs of one that fleet.yaml names.
of_guest() {
  wanted=$(desired "$1")
  now=$(target "$vms/$1/current") on=$(target "$vms/$1/booted") said=
  if [ ! -d "$vms/$1" ]; then
    drift "$1" 'it is not created yet'
    return
  fi
  IFS=$tab read -r _ said _ 2>/dev/null <"$state/deployed/$1"
  if [ -n "$said" ] && [ "$now" != "$said" ]; then drift "$1" 'it would start on another runner than was deployed'; fi
  if runs "$1"; then
    if [ -n "$on" ] && [ "$on" != "$now" ]; then drift "$1" 'it runs on another runner than it would start on'; fi
    [ "$wanted" = running ] || drift "$1" 'it runs, and is wanted stopped'
  elif [ "$wanted" = running ] && [ "$(guest_get "$1" state)" != Failed ] && ! is_active "fleet-again@$1.timer"; then
    drift "$1" 'it does not run, and is wanted running'
  fi
}

# settle NAME: what its file says against what is so. Who looks at guests says when one is well.
settle() {
  [ -d "$vms/$1" ] || return 0
  known=$(guest_get "$1" state)
  if runs "$1"; then
    case $known in '' | Terminated) set -- "$1" Starting 'it runs, and nobody of fleet started it' ;; *) return 0 ;; esac
  else
    case $known in Terminated | Failed) return 0 ;; esac
    case $(desired "$1") in
    running) [ -z "$known" ] || [ "$known" = Starting ] || set -- "$1" Starting 'it does not run, and is wanted running' ;;
    *) set -- "$1" Terminated 'it does not run, and is wanted stopped' ;;
    esac
    [ $# = 3 ] || return 0
  fi
  guest_set "$1" "state=$2" "why=$3" && event state.found "$1" "what=$3" "state=$2"
}

# is_guests TAP: it has the name of a guest's. All others, as those of a VPN, are somebody else's.
is_guests() { case $1 in vm-*) ;; *) is_line "$kept" "tap $1" ;; esac }

of_taps() {
  for link in "$R"/sys/class/net/vm-*; do
    [ -e "$link/tun_flags" ] || continue
    tap=${link##*/}
    case $tap in *[!A-Za-z0-9.-]*) continue ;; esac
    is_line "$kept" "tap $tap" || is_line "$strangers" "$tap" || orphan tap "$tap"
  done
}

# Whoever has a guest's TAP open and is in no guest's unit; and guests of nobody that run.
of_processes() {
  printf '%s\n' "$held" | while read -r process tap; do
    if [ -z "$process" ] || ! is_guests "$tap" || ! is_stray "$process"; then continue; fi
    what=
    read -r what 2>/dev/null <"$R/proc/$process/comm"
    orphan process "$process $(plain "$what") ($tap)"
  done
  for name in $busy; do is_ours "$name" || orphan guest "$name"; done
}

of_disk() {
  for folder in "$vms"/*; do
    is_vm "$folder" || continue
    name=${folder##*/}
    if ! is_ours "$name"; then
      orphan folder "$name"
    elif is_line "$guests" "$name" && is_line "$kept" "vm $name"; then
      for file in "$folder"/*.img; do
        if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
        case ${file##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
        is_line "$kept" "image $name/${file##*/}" || orphan image "$name/${file##*/}"
      done
    fi
  done
  for link in "$gcroots"/microvm/*; do
    [ -L "$link" ] || continue
    name=${link##*/}
    name=${name#booted-}
    case $name in *[!A-Za-z0-9_.@-]*) continue ;; esac
    [ -e "$vms/$name" ] || orphan root "microvm/${link##*/}"
  done
  for folder in "$roots"/*/; do
    name=${folder%/}
    name=${name##*/}
    [ ! -e "$deployments/$name/result" ] || orphan root "fleet/$name"
  done
  for folder in "$deployments"/*; do
    [ -e "$folder/result" ] || continue
    for copy in commit.bundle eval; do
      [ ! -e "$folder/$copy" ] || orphan copy "${folder##*/}/$copy"
    done
  done
}

held=$(holders)
# TAPs that guests of nobody have: they are told of as guests.
strangers=$(printf '%s\n' "$held" | while read -r process tap; do ! in_guest "$process" || echo "$tap"; done)
each_guest settle
now_found=$(
  IFS=$tab read -r _ said _ 2>/dev/null <"$state/deployed/system."
  if [ -n "${said:-}" ] && [ "$(readlink -f "$R/run/current-system")" != "$said" ]; then
    drift - 'another system runs than was deployed'
  fi
  each_guest of_guest
  of_taps
  of_processes
  of_disk
)
before=$(cat "$found_file" 2>/dev/null)

# tell found|gone LINES OTHERS: an event for each line that is not among the others.
tell() {
  printf '%s\n' "$2" | while IFS=$tab read -r kind one two; do
    if [ -z "$kind" ] || is_line "$3" "$kind$tab$one$tab$two"; then continue; fi
    case $kind in
    drift) event "drift.$1" "$one" "what=$two" ;;
    orphan) event "orphan.$1" - "what=$one" "name=$two" ;;
    esac
  done
}

# end_orphan KIND NAME: stops what runs, if it is still so, and nobody else is at work on it.
end_orphan() {
  case $1 in
  guest)
    try_lock_vm "$2" stop || return
    intend "$2" orphans 'it belongs to no vm'
    stop_guest "$2" 30
    unlock_vm
    ;;
  process)
    number=${2%% *} tap=${2##*\(}
    tap=${tap%)}
    # An older fleet told of all TAPs.
    is_guests "$tap" && holders | grep -qxF "$number $tap" && is_stray "$number" && end_process "$number"
    ;;
  tap) ip link set dev "$2" down ;;
  *) return 1 ;;
  esac >/dev/null 2>&1
}

tell found "$now_found" "$before"
tell gone "$before" "$now_found"
if [ "$now_found" != "$before" ]; then
  printf '%s\n' "$now_found" | write_through "$found_file"
fi
[ "$(policy '.orphans // "tell"')" = stop ] || exit 0
stopped=$R/run/fleet/orphans-stopped
printf '%s\n' "$before" | while IFS=$tab read -r kind one two; do
  if [ "$kind" != orphan ] || ! is_line "$now_found" "$kind$tab$one$tab$two"; then continue; fi
  # A TAP stays, down: that is done once.
  if grep -qxF "$one $two" "$stopped" 2>/dev/null; then continue; fi
  (end_orphan "$one" "$two") || continue
  echo "$one $two" >>"$stopped"
  event orphan.stopped - "what=$one" "name=$two"
done
exit 0
