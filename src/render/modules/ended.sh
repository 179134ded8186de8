# ended.sh UNIT NAME: systemd runs it after every end of microvm@NAME and of its helpers (ExecStopPost), as root. Writes
# down what ended it, and sees to what the policy makes of an end that nobody wanted. Takes a moment where everybody
# answers, for whoever stops the guest waits for it; never fails the unit.
# docs/decisions/ends.md
unit=$1 name=$2
set +e
trap - EXIT
# What a person or systemd may call a guest; it becomes part of paths.
case $name in '' | -* | .* | *[!A-Za-z0-9_.@-]*) exit 0 ;; esac
result=${SERVICE_RESULT:-} code=${EXIT_CODE:-} status=${EXIT_STATUS:-} life=${INVOCATION_ID:-}
case $result$code$status$life in *[!A-Za-z0-9-]*) exit 0 ;; esac
service=$unit@$name.service

# Helpers come and go with their guest: only a failure is news.
if [ "$unit" != microvm ] && [ "$result" = success ]; then exit 0; fi

# While systemd does not answer it ends no stop either: nobody waits longer because this does. That it did not answer is
# no answer, and it is not asked again.
mute=
systemctl() {
  [ -z "$mute" ] || return 124
  timeout 5 systemctl "$@" 2>/dev/null
  set -- $?
  [ "$1" != 124 ] || mute=yes
  return "$1"
}
jobs_now() { systemctl list-jobs --no-legend --plain --full "microvm@$name.service" "$service"; }
jobs=$(jobs_now) || jobs="- microvm@$name.service unknown" mute=yes
job='' own=
# Number, unit, type, state.
while read -r _ of type _; do
  case $of in "microvm@$name.service") job=$type ;; "$service") own=$type ;; esac
done <<END
$jobs
END
# Whoever stops the guest stops its helpers, too, and may have to kill them; where its guest ended by itself, systemd does,
# before both start again.
case $unit:$job:$own in microvm:*) ;; *:stop:* | *:restart:* | *:stop | *:restart) exit 0 ;; esac
shutdown=
case $job in
stop | restart)
  case $(systemctl is-system-running) in
  stopping) shutdown=yes ;;
  '') job=unknown mute=yes ;;
  esac
  ;;
esac

pid=0 began=0 exited=0
times=$(systemctl show -p ExecMainPID -p ExecMainStartTimestampMonotonic -p ExecMainExitTimestampMonotonic "$service") ||
  [ $? != 124 ] || mute=yes
while IFS='=' read -r key value; do
  case $value in '' | *[!0-9]*) continue ;; esac
  case $key in
  ExecMainPID) pid=$value ;;
  ExecMainStartTimestampMonotonic) began=$value ;;
  ExecMainExitTimestampMonotonic) exited=$value ;;
  esac
done <<END
$times
END
lived=0
[ "$began" = 0 ] || lived=$(($(uptime_seconds) - began / 1000000))

# All else has one budget, in hundredths of a second.
set_now() {
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
}
set_now
until=$((now + 150))
# set_left MOST: sets left to what there still is, at most so much and at least a tenth of a second.
set_left() {
  set_now
  left=$((until - now))
  [ "$left" -lt "$1" ] || left=$1
  [ "$left" -ge 10 ] || left=10
  left=$((left / 100)).$((left % 100 / 10))
}

# Its last words may still be on their way to the journal. Where nobody asked for the end they are what tells of it, and a
# journal may take its time, as a large one on a busy disk does: until somebody comes and waits.
words=15 silent='fleet: the journal did not answer in time'
# heard COMMAND…: runs it for as long as that.
heard() {
  if [ -n "$job" ]; then
    set_left 80
    timeout "$left" "$@" 2>/dev/null
    return
  fi
  timeout "$words" "$@" 2>/dev/null &
  reader=$! looks=0
  while kill -0 "$reader" 2>/dev/null; do
    sleep 0.1
    looks=$((looks + 1))
    [ $((looks % 10)) = 0 ] || continue
    case $(jobs_now) in *' stop '* | *' restart '*) kill "$reader" ;; esac
  done
  wait "$reader"
  case $? in 0) ;; 124 | 143) return 124 ;; *) return 1 ;; esac
}
timeout 0.4 journalctl --sync >/dev/null 2>&1
lines=$({
  heard journalctl -q -o cat -n 60 "_SYSTEMD_INVOCATION_ID=$life"
  [ $? != 124 ] || printf '\n%s\n' "$silent"
} | plain_lines 60)
case $lines in *"$silent") words=1 ;; esac
console=
case $result:$code:${lines##*"$nl"} in
success:*:"$silent" | *:exited:"$silent") console=unknown ;;
success:* | *:exited:*) console=$(printf '%s\n' "$lines" | console_says) ;;
esac

# ended_with_guest: whether the guest that this helper served ended before it, or was killed in the same second, as by the
# kernel for want of memory. That one's end counts then. One that loses its helper is not killed.
ended_with_guest() {
  active='' killed='' gone=0
  times=$(systemctl show -p ActiveState -p ExecMainCode -p ExecMainStatus -p ExecMainExitTimestampMonotonic "microvm@$name.service") ||
    [ $? != 124 ] || mute=yes
  while IFS='=' read -r key value; do
    case $key:$value in
    ActiveState:*) active=$value ;;
    ExecMainCode:2 | ExecMainStatus:9) killed=x$killed ;;
    ExecMainExitTimestampMonotonic:*[!0-9]* | ExecMainExitTimestampMonotonic:) ;;
    ExecMainExitTimestampMonotonic:*) gone=$value ;;
    esac
  done <<END
$times
END
  case $active in '' | active) return 1 ;; esac
  [ "$began" != 0 ] && [ "$gone" -ge "$began" ] || return 1
  [ "$gone" -le "$exited" ] || { [ "$killed" = xx ] && [ $((gone - exited)) -le 1000000 ]; }
}

# With cgroups of version 1 systemd does not know of it; the kernel's log does.
if [ "$code:$status" = killed:KILL ] && [ "$pid" != 0 ] &&
  heard journalctl -q -k -o cat -n 200 | oom_killed "$pid"; then
  result=oom-kill
fi

intent='' by=
if [ "$unit" = microvm ] && [ -f "$R/run/fleet/intents/$name" ]; then
  IFS=$tab read -r by intent meant <"$R/run/fleet/intents/$name"
  # It was about another life.
  [ "$meant" = "$life" ] || intent='' by=
  rm -f "$R/run/fleet/intents/$name"
fi

# A helper takes its guest with it, which then has a job as if somebody had asked for it.
helper=
if [ "$unit" = microvm ] && [ -f "$failing/$name" ]; then
  IFS=$tab read -r since helper <"$failing/$name"
  # When it began to stop counts: one that lost its store with virtiofsd takes minutes. The helper's end is written down
  # some seconds after it, too.
  stopped=$(systemctl show -p ActiveExitTimestampMonotonic --value "$service") || [ $? != 124 ] || mute=yes
  case $stopped in '' | 0 | *[!0-9]*) stopped=$(uptime_seconds) ;; *) stopped=$((stopped / 1000000)) ;; esac
  stopped=$((stopped - ${since:-0}))
  if [ "$stopped" -lt -10 ] || [ "$stopped" -gt 30 ]; then helper=; fi
fi

judge "$result" "$code" "$status" "$job" "$intent" "$shutdown" "$helper" "$console"
[ -n "$intent" ] && [ "$who" = fleet ] || by=
if [ "$unit" != microvm ]; then
  who=helper
  if ended_with_guest; then who=guest why="ended with its guest ($why)" intended=true; fi
fi
last=$(printf '%s\n' "$lines" | grep -v '^ *$' | tail -n 1)
signal=
case $code in killed | dumped) signal=$status ;; esac

if [ "$unit" = microvm ]; then kind=guest.ended; else kind=helper.ended; fi
file=
at=$(date +%s)
if {
  printf 'unit\t%s\nat\t%s\nwho\t%s\nwhy\t%s\nresult\t%s\ncode\t%s\nstatus\t%s\n' \
    "$service" "$at" "$who" "$why" "$result" "$code" "$status"
  printf 'invocation\t%s\nuptime\t%s\nid\t%s\n\n%s\n' "$life" "$lived" "$by" "$lines"
} | keep_end "$name" "$at-$unit-${life:-none}"; then file=$name/$at-$unit-${life:-none}; fi
event_id=
# Whoever may come has not waited yet.
[ -n "$job" ] || { set_now && until=$((now + 100)); }
set_left 40
spool_patience=$left
event "$kind" "$name" "who=$who" "why=$why" "result=$result" "code=$code" "status=$status" "signal=$signal" \
  "invocation=$life" "uptime:=$lived" "file=$file" "intended:=$intended" "id=$by" "last=$last" "unit=$service"
set_left 40
spool_patience=$left

# It is wanted to run: else its end is nobody's business. Failed is left alone.
known=$(guest_get "$name" state)
# What the policy makes of an end has to be done, and nobody waits for it.
[ "$intended" != false ] || mute=
wanted=
if [ "$intended" = false ] && [ "$known" != Failed ] && [ "$(desired "$name")" = running ]; then wanted=yes; fi

if [ "$unit" != microvm ]; then
  [ "$who" = helper ] || exit 0
  [ "$intended" != false ] || { mkdir -p "$failing" && printf '%s\t%s\n' "$(uptime_seconds)" "$service" >"$failing/$name"; }
  # Where its guest runs that one goes with it, and its own end counts; where none runs nobody would try again.
  if [ -z "$wanted" ] || is_active "microvm@$name.service"; then exit 0; fi
  set -- "$name"
else
  # One that could not be told leaves the id of the one before.
  told=${event_id:-$(guest_get "$name" lastEnd)}
  set -- "$name" "lastEnd=$told" "ended=${told:--} $at $who $why"
fi
if [ "$wanted" = '' ]; then
  [ "$intended" = false ] || rm -f "$unsettled/$name"
  # One that was given up may have gone on running, as it hung. systemd would start it again, and all would begin anew.
  if [ "$intended:$known" = false:Failed ] && try_lock_vm "$name" stop ended; then stop_units "$name"; fi
  # After a shutdown it is wanted again; of what nobody knows the watch sees what became.
  case $who:$job:$known in
  shutdown:* | unknown:* | *:Failed) ;;
  *:restart:*) set -- "$@" state=Starting "why=$why" ;;
  *) set -- "$@" state=Terminated "why=$why" ;;
  esac
  guest_set "$@"
  exit 0
fi
# A guest without a policy of fleet's is systemd's.
recovery_of "$name" || {
  guest_set "$@"
  exit 0
}
note_operated "$name"
restarts=$(guest_get "$name" restarts)
case $restarts in '' | *[!0-9]*) restarts=0 ;; esac
[ "$unit" = microvm ] || lived=0
count_end "$name" "$lived"
step=$(next_step "$why")
# While a deployment or an operation is at work it decides what runs, and systemd starts the guest again as ever.
if [ "$step" != again ] && ! try_lock_vm "$name" stop ended; then
  keep_step "$name" "$step" "$why"
  step=again
fi
case $step in
again)
  guest_set "$@" state=Starting "why=$why" "restarts=$((restarts + 1))"
  # systemd does not start a guest again whose helper failed.
  [ "$unit" = microvm ] || arm_again "$name" "$delay"
  ;;
rest)
  guest_set "$@" state=Terminated "why=$why"
  stop_units "$name"
  ;;
later\ *)
  count_wait "$name"
  guest_set "$@" state=Starting "why=$why: tried again in ${step#later } s" "restarts=$((restarts + 1))"
  event guest.again "$name" "in:=${step#later }" "attempt:=$ended"
  arm_again "$name" "${step#later }"
  stop_units "$name"
  ;;
fail\ *)
  guest_set "$@"
  fail_guest "$name" "$why: ${step#fail }"
  ;;
esac
exit 0
