# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2154 # behind the libraries
# fleet-memory, behind the libraries, which fleet-sample starts while memory is short, and until everything is as it was
# before: first idle guests give some of theirs back (balloon: true), then the guest with the lowest priority is stopped,
# one a look, before the kernel's OOM killer chooses. When there is enough again, in the opposite order.
# Its own looks are in /run/fleet/memory; a guest that is shed has a file in /var/lib/fleet/shed, so that it comes back
# after a reboot, too.
own=$R/run/fleet/memory shed=$state/shed
# In place of a person in /var/lib/fleet/stopped.
shed_by='fleet (memory is short)'
# Looks after which memory counts as short, and as enough.
short_looks=2 enough_looks=4
# Seconds that a guest may take to stop.
stop_seconds=30

# note_looks NAME: counts looks in a row that say the same; prints how many.
note_looks() {
  said='' count=0
  { read -r said count <"$own/looks"; } 2>/dev/null || true
  if [ "$said" = "$1" ]; then count=$((count + 1)); else count=1; fi
  echo "$1 $count" >"$own/looks"
  echo "$count"
}

mebibytes() { echo "$(($1 / 1024)) MiB"; }

# candidates: guests that policy wants running, the one to be stopped first in front: NAME PRIORITY MIB BALLOON, where
# BALLOON is what an idle guest can do with, in MiB, or -. Of the same priority the one that uses most. Idle: under 5 % of a
# processor since the samples before.
candidates() {
  last=$state/metrics/last.json
  [ -f "$last" ] || last=/dev/null
  # The youngest may have only just begun.
  set -- /dev/null
  for ring in "$state"/samples/[0-9]*; do [ ! -f "$ring" ] || set -- "$ring" "$1"; done
  [ $# -lt 2 ] || set -- "$2" "$1"
  # shellcheck disable=SC2016 # for jq
  cat "$@" | tail -n 5 | jq -nRr --slurpfile policy "$policy_file" --slurpfile last "$last" --arg deployed "$(deployed_guests)" '
    [inputs | fromjson?] as $ring
    | ($deployed | split("\n") | map(split("\t") | { key: .[0], value: (.[1] | fromjson? | .machine) }) | from_entries) as $given
    | ($ring[0] // {}) as $old | ($ring | last // {}) as $new
    | (($new.at // 0) - ($old.at // 0)) as $seconds
    | (($last[0].vms // []) | map({ key: .name, value: . }) | from_entries) as $seen
    | [$policy[0].vms // {} | to_entries[] | select(.value.state != "stopped")
        | .key as $name | .value as $vm | ($given[$name] // {}) as $its | ($its.memoryMiB // 0) as $memory
        | ($new.v[$name][1]? // null) as $b | ($old.v[$name][1]? // null) as $a
        | {
            name: $name, priority: ($vm.priority // 10), memory: $memory, used: ($seen[$name].memory // 0),
            balloon: (if $its.balloon and $its.vmm == "qemu" and $seconds > 0 and $a != null and $b != null and $b - $a < 0.05 * $seconds
              # What its agent says that it uses, and a quarter more; else half of it.
              then ($seen[$name].agent.memory? // null) as $inside
                | if ($inside.total? // 0) > 0 then [($inside.total - $inside.available) * 1.25 / 1048576, $memory / 4] | max else $memory / 2 end
                | [., $memory] | min | floor
              else "-" end)
          }]
    | sort_by(.priority, -.used, .name)[] | "\(.name) \(.priority) \(.memory) \(.balloon)"'
}

# balloon NAME MIB: sets what the guest may use, over QMP. That has one client at a time, and the script that shuts the guest
# down needs it: so under the lock of the vm, and for a moment.
balloon() {
  ! is_stopping "$1" || return 1
  socket=$(qmp_socket "$1") || return 1
  # shellcheck disable=SC2016 # the inner shell's
  said=$(in_vm "$1" timeout 5 sh -c '
    [ -S "$1" ] || exit 1
    {
      printf "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"balloon\",\"arguments\":{\"value\":%s}}\n" "$2"
      sleep 1
    } | socat -t 1 - "UNIX-CONNECT:$1"' fleet "$socket" "$(($2 * 1048576))" 2>/dev/null) || true
  case $said in *'"error"'*) return 1 ;; *'"return"'*'"return"'*) return 0 ;; *) return 1 ;; esac
}

invocation_of() { systemctl show -p InvocationID --value "microvm@$1.service" 2>/dev/null; }

# squeeze: idle guests give memory back, each once in a life. Fails if none did.
squeeze() {
  mkdir -p "$own/balloons"
  squeezed=
  while read -r name _ memory room <&3; do
    if [ "$room" = - ] || [ "$room" -ge "$memory" ] || ! is_active "microvm@$name.service"; then continue; fi
    life=$(invocation_of "$name")
    of=
    { read -r of <"$own/balloons/$name"; } 2>/dev/null || true
    [ "$of" != "$life" ] || continue
    try_lock_vm "$name" balloon || continue
    if balloon "$name" "$room"; then
      echo "$life" >"$own/balloons/$name"
      event balloon.set "$name" "to:=$room" "of:=$memory" "why=memory is short" || true
      squeezed=yes
    fi
    unlock_vm
  done 3<<-END
	$listed
	END
  [ -n "$squeezed" ]
}

# shed_one: stops the first that runs, is meant to, and that nobody else is at.
shed_one() {
  while read -r name priority _ _ <&3; do
    if ! is_active "microvm@$name.service" || [ "$(desired "$name")" != running ]; then continue; fi
    try_lock_vm "$name" stop || continue
    # Somebody may have stopped it meanwhile.
    if is_active "microvm@$name.service" && [ "$(desired "$name")" = running ]; then
      shed "$name" "$priority"
      unlock_vm
      return 0
    fi
    unlock_vm
  done 3<<-END
	$listed
	END
  return 1
}

# shed NAME PRIORITY: on disk before it is told, told before it is done.
shed() {
  mkdir -p "$state/stopped"
  mkdir -m 700 "$shed" 2>/dev/null || [ -d "$shed" ]
  now=$(date +%s)
  printf '%s\t%s\n' "$now" "$2" | write_through "$shed/$1"
  printf '%s\t%s\tapply\n' "$shed_by" "$now" | write_through "$state/stopped/$1"
  guest_set "$1" state=Terminated "since=$now" 'why=memory is short' || true
  event guest.shed "$1" "why=$(mebibytes "$available") of memory are available, and no running guest has a lower priority" "priority:=$2" || true
  # stop_guest writes that down as what it intends.
  # shellcheck disable=SC2034 # lib.sh reads them
  stops_for=shed-${event_id:-$now} stops_because='memory is short'
  (stop_guest "$1" "$stop_seconds") >/dev/null || true
  systemctl reset-failed "microvm*@$1.service" 2>/dev/null || true
}

# is_ours NAME: nobody else has stopped or started it since.
is_ours() {
  who=
  IFS=$tab read -r who _ 2>/dev/null <"$state/stopped/$1" || true
  [ "$who" = "$shed_by" ]
}

# forget_others: guests that somebody has seen to since are no more ours.
forget_others() {
  for file in "$shed"/*; do
    case $file in *.new | *'/*') continue ;; esac
    is_ours "${file##*/}" || rm -f "$file"
  done
}

# swell: guests get back what they gave.
swell() {
  for file in "$own"/balloons/*; do
    name=${file##*/} of=
    [ -f "$file" ] || continue
    { read -r of <"$file"; } || true
    # A guest that was started since has all of it.
    [ "$of" = "$(invocation_of "$name")" ] || {
      rm -f "$file"
      continue
    }
    memory=$(memory_of "$name")
    [ -n "$memory" ] || continue
    try_lock_vm "$name" balloon || continue
    if balloon "$name" "$memory"; then
      rm -f "$file"
      event balloon.set "$name" "to:=$memory" "of:=$memory" 'why=memory is enough' || true
    fi
    unlock_vm
  done
}

# recalls NAME: prints how often it was started again within the last hour.
recalls() {
  since=$(($(uptime_seconds) - 3600)) count=0
  [ ! -f "$own/recalls/$1" ] || while read -r at; do
    case $at in '' | *[!0-9]*) continue ;; esac
    [ "$at" -le "$since" ] || count=$((count + 1))
  done <"$own/recalls/$1"
  echo "$count"
}

# recall_one: starts the shed guest with the highest priority for which there is room. One that had to go again and again
# stays off until its hour is over: recovery.maxPerHour.
recall_one() {
  per_vm=$(policy '.capacity.perVm // 0 | floor')
  for file in "$shed"/*; do
    case $file in *.new | *'/*') continue ;; esac
    priority=
    IFS=$tab read -r _ priority <"$file" || true
    echo "${priority:-0} ${file##*/}"
  done | sort -rn | while read -r _ name; do
    memory=$(memory_of "$name")
    if [ -z "$memory" ] || [ "$available" -lt $((2 * low + (memory + ${per_vm:-0}) * 1024)) ]; then continue; fi
    # shellcheck disable=SC2016 # for jq
    per_hour=$(policy '.vms[$name].recovery.maxPerHour // 20' --arg name "$name")
    back=$(recalls "$name")
    if [ "$back" -ge "${per_hour:-20}" ]; then
      guest_set "$name" "why=memory was short, and it has come back $back times within an hour" || true
      continue
    fi
    try_lock_vm "$name" start || continue
    if is_ours "$name"; then
      guest_starting "$name" 'memory is enough again'
      rm -f "$state/stopped/$name"
      on_disk "$state/stopped"
      event guest.unshed "$name" "why=$(mebibytes "$available") of memory are available" || true
      mkdir -p "$own/recalls"
      uptime_seconds >>"$own/recalls/$name"
      start_guest "$name" --no-block || true
    fi
    rm -f "$shed/$name"
    unlock_vm
    break
  done
}

read_memory
mkdir -p "$own"
forget_others
if is_short; then
  [ "$(note_looks short)" -ge "$short_looks" ] || exit 0
  if [ ! -e "$own/short" ]; then
    : >"$own/short"
    event memory.short - "available:=$available" "total:=$total" || true
  fi
  listed=$(candidates)
  # What that frees shows at the next look.
  squeeze || shed_one || true
elif is_enough; then
  [ "$(note_looks enough)" -ge "$enough_looks" ] || exit 0
  if [ -e "$own/short" ]; then
    rm -f "$own/short"
    event memory.enough - "available:=$available" "total:=$total" || true
  fi
  swell
  recall_one
else
  note_looks between >/dev/null
fi
