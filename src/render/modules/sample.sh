# shellcheck shell=sh disable=SC2154 # behind the libraries
# After lib.sh and spool.sh. Every 15 s: what is reserved and what is used, of the hypervisor and of each guest. It leaves
#   /var/lib/fleet/metrics/fleet.prom   for Prometheus, in the format of node_exporter's textfiles (docs/metrics.md)
#   /var/lib/fleet/metrics/last.json    the same for fleet top
#   /var/lib/fleet/metrics/memory.json  what is remembered of events: when each guest was up in the last 30 days
#   /var/lib/fleet/samples/HOUR-NUMBER  a line a sample, of the last 24 hours
# Each tool is started once for all guests: awk makes a table of what is said of them, jq the rest. Nothing here is synced: what a power cut takes is sampled again.
metrics=$state/metrics samples=$state/samples now_and_then=$R/run/fleet/sample
policy_file=$R/etc/fleet/watch.json
# Where jq's output is told apart, and what one file of samples may have.
sample_bytes=1048576 sample_files=32

# sizes_of FILE…: bytes, blocks, bytes of a block, name.
sizes_of() { stat -c '%s %b %B %n' "$@" 2>/dev/null || true; }

# Disk images of vms. Group kvm may create other files, with any names: links and odd names do not count.
images() {
  set --
  for file in "$vms"/*/*; do
    name=${file%/*}
    case ${name##*/} in -* | *[!a-z0-9-]*) continue ;; esac
    case ${file##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
    if [ -L "$file" ] || [ ! -f "$file" ]; then continue; fi
    set -- "$@" "$file"
    [ $# -lt 2000 ] || break
  done
  [ $# -eq 0 ] || sizes_of "$@"
}

# New events: what is behind the cursor, the file and its bytes that were read already. Files sort by time.
news() {
  seen='' bytes=0
  { read -r seen bytes <"$metrics/cursor"; } 2>/dev/null || true
  case $bytes in '' | *[!0-9]*) bytes=0 ;; esac
  # The memory and its cursor go together. A file that is gone was older than all that are there.
  if [ ! -f "$metrics/memory.json" ] || [ ! -f "$state/events/$seen" ]; then seen=; fi
  for file in "$state"/events/[0-9]*.jsonl; do
    [ -f "$file" ] || continue
    case $seen in
    '')
      echo "== events ${file##*/} 0"
      cat "$file"
      ;;
    "${file##*/}")
      echo "== events $seen $bytes"
      tail -c "+$((bytes + 1))" "$file"
      seen=
      ;;
    esac
  done
}

# What costs more is looked at every five minutes: copies of the flake in the store, one for each commit, and the clock.
seldom() {
  due=0 up=0
  read -r up _ <"$R/proc/uptime" || true
  { read -r due <"$now_and_then/due"; } 2>/dev/null || true
  if [ "${up%.*}" -ge "${due:-0}" ] || [ ! -f "$now_and_then/figures" ]; then
    mkdir -p "$now_and_then"
    echo $((${up%.*} + 300)) >"$now_and_then/due"
    {
      echo "flakeCopies $(find "$R/nix/store" -maxdepth 1 -name '*-source' 2>/dev/null | wc -l)"
      echo "clock $(timeout 5 timedatectl show -p NTPSynchronized --value 2>/dev/null || true)"
    } >"$now_and_then/figures.new" && mv -f "$now_and_then/figures.new" "$now_and_then/figures"
  fi
  cat "$now_and_then/figures"
}

# Control groups: version 2 says all; where it does not, the unit's processes do. systemd has a group for what runs alone, and
# files that are not there are no error.
groups() {
  at=$R/sys/fs/cgroup
  [ -e "$at/cgroup.controllers" ] || return 0
  set -- "$at"/*.slice/microvm-virtiofsd@*/memory.current "$at"/*.slice/*.slice/microvm-virtiofsd@*/memory.current
  for file in memory.current memory.peak memory.events memory.pressure cpu.stat; do
    set -- "$@" "$at"/*.slice/microvm@*/"$file" "$at"/*.slice/*.slice/microvm@*/"$file"
  done
  grep -s '' "$@" /dev/null || true
}
processes() {
  at=$R/sys/fs/cgroup
  [ ! -e "$at/cgroup.controllers" ] || return 0
  if [ -d "$at/systemd" ]; then at=$at/systemd; else at=$at/unified; fi
  set --
  for unit in microvm microvm-virtiofsd; do
    set -- "$@" "$at"/*.slice/$unit@*/cgroup.procs "$at"/*.slice/*.slice/$unit@*/cgroup.procs
  done
  grep -s '' "$@" /dev/null || true
}

# agents: what the agents in guests say: NAME<tab>JSON. All are asked at once, by one process, which is user microvm: a link
# in the place of a socket leads to nothing that guests' own VMMs could not reach. No guest can say more than 4 KiB or keep
# anybody waiting longer than two seconds.
agents() {
  names=
  # shellcheck disable=SC2013 # names of vms have no spaces, nor dots
  for file in $(grep -sl '"agent":true' "$state"/deployed/* /dev/null); do
    case ${file##*/} in *[!a-z0-9-]*) ;; *) names="$names ${file##*/}" ;; esac
  done
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2016,SC2086 # the inner shell's; names are words
  (cd "$vms" && as_vms timeout -k 1 8 sh -c '
    own=$(mktemp -d) || exit 0
    trap "rm -rf \"$own\"" EXIT
    next=
    for name; do
      [ -S "$name/fleet-agent.sock" ] || continue
      printf "%sunix-socket = \"%s/fleet-agent.sock\"\nurl = \"http://agent/\"\noutput = \"%s/%s\"\n" "$next" "$name" "$own" "$name"
      printf "max-time = 2\nmax-filesize = 4096\nlimit-rate = 16k\n"
      next="next
"
    done | curl -s --parallel --parallel-immediate --parallel-max 300 -K - 2>/dev/null
    for name; do
      line=
      [ -f "$own/$name" ] && { read -r line <"$own/$name" || [ -n "$line" ]; } && printf "%s\t%.4000s\n" "$name" "$line"
    done
    :' fleet $names) || true
}

# The last deployment that ended, and how.
deployed() {
  last=
  for folder in "$state"/deployments/*; do [ ! -f "$folder/result" ] || last=$folder; done
  [ -n "$last" ] || return 0
  said='' ended=0
  read -r said <"$last/result" || true
  while IFS=$tab read -r key value; do [ "$key" != ended ] || ended=$value; done 2>/dev/null <"$last/meta" || true
  echo "${last##*/} ${said:-?} ${ended:-0}"
}

count_of() { [ -e "$1" ] || [ -L "$1" ] || shift; echo $#; }

gather() {
  echo '== groups'
  groups
  echo '== processes'
  processes
  echo '== host'
  read -r line <"$R/proc/stat" && echo "stat:$line"
  read -r line <"$R/proc/loadavg" && echo "load:$line"
  read -r line <"$R/proc/uptime" && echo "uptime:$line"
  read -r line <"$R/sys/devices/system/cpu/online" && echo "online:$line"
  grep -sE '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' "$R/proc/meminfo" || true
  grep -s '' "$R/proc/pressure/memory" || true
  echo "clock-file $([ ! -e "$R/run/systemd/timesync/synchronized" ] || echo yes)"
  echo "ticks $(getconf CLK_TCK 2>/dev/null || echo 100)"
  echo "generations $(count_of "$state"/profiles/*-link) $(count_of "$system_profile"-*-link)"
  [ ! -f "$R/run/fleet/watch/looked" ] || ! read -r line <"$R/run/fleet/watch/looked" || echo "looked $line"
  seldom
  echo '== network'
  grep -s : "$R/proc/net/dev" || true
  echo '== disks'
  for disk in "$R/nix/store" "$state" "$vms"; do [ ! -d "$disk" ] || df -Pk "$disk" 2>/dev/null | sed -n "2s|^|${disk#"$R"} |p"; done
  echo '== images'
  images
  echo '== guests'
  grep -s '' "$state"/guests/* "$state"/stopped/* "$state"/shed/* /dev/null || true
  echo '== machines'
  # What each was given when it was deployed: fleet wrote it down.
  grep -s '' "$state"/deployed/* /dev/null || true
  echo '== found'
  [ ! -f "$state/found" ] || while IFS= read -r line; do printf '%s\n' "$line"; done <"$state/found"
  echo '== deployed'
  deployed
  echo '== agents'
  agents
  news
}

# keep_line: the sample in the ring: a file an hour and a MiB, of which the youngest stay.
keep_line() {
  file=
  for file in "$samples"/[0-9]*; do :; done
  hour=$(($(date +%s) / 3600)) number=0
  case ${file##*/} in
  "$hour-"*)
    # Zeros in front would make it octal.
    number=${file##*-} number=${number#"${number%%[!0]*}"} number=${number:-0}
    size=$(wc -c <"$file") || size=0
    [ "$size" -lt "$sample_bytes" ] || number=$((number + 1))
    ;;
  esac
  # They sort by their names: 010 is behind 002.
  file=$samples/$hour-$(printf %03d "$number") new=
  [ -f "$file" ] || new=yes
  cat "$now_and_then/line" >>"$file"
  [ -n "$new" ] || return 0
  set -- "$samples"/[0-9]*
  while [ $# -gt 1 ]; do
    at=${1##*/}
    if [ $# -le "$sample_files" ] && [ $((hour - ${at%-*})) -le 24 ]; then break; fi
    rm -f "$1"
    shift
  done
}

# sample: all of it. $sample_program is the file sample.jq.
sample() {
  [ -f "$policy_file" ] || {
    echo "there is no ${policy_file#"$R"} yet: nothing to sample" >&2
    return 0
  }
  mkdir -p "$metrics" "$samples" "$now_and_then"
  gather | awk -v root="$R" "${table:?}" >"$now_and_then/gathered"
  remembered=$metrics/memory.json
  [ -s "$remembered" ] || remembered=/dev/null
  made=$now_and_then/made
  jq -nRr --slurpfile policy "$policy_file" --slurpfile memory "$remembered" --arg given "${FLEET_NOW:-}" \
    -f "${sample_program:?}" <"$now_and_then/gathered" >"$made" || {
    # A memory that a power cut left half is made again from the events.
    rm -f "$metrics/memory.json" "$metrics/cursor"
    return 1
  }
  sed -n -e "1w $metrics/cursor.new" -e "2w $metrics/memory.json.new" -e "3w $metrics/last.json.new" -e "4w $now_and_then/line" \
    -e "5,6w $now_and_then/agents" -e "7w $now_and_then/grown" -e "8,\$w $metrics/fleet.prom.new" "$made"
  read -r cursor <"$metrics/cursor.new"
  # The cursor first: killed in between, events are left out, not counted twice.
  if [ "$cursor" != - ]; then mv -f "$metrics/cursor.new" "$metrics/cursor"; else rm -f "$metrics/cursor.new"; fi
  for file in memory.json last.json fleet.prom; do mv -f "$metrics/$file.new" "$metrics/$file"; done
  keep_line
  # shellcheck disable=SC2086 # names of vms
  while read -r what names; do tell_agents "$what" $names; done <"$now_and_then/agents"
  read -r what copies generations <"$now_and_then/grown"
  [ "$what" = - ] || event garbage.grown - "flakeCopies:=$copies" "generations:=$generations" || true
}

# see_to_memory: while it is short, or something is not yet as it was before.
see_to_memory() {
  read_memory
  if ! is_short; then
    waits=
    for file in "$R/run/fleet/memory/short" "$R"/run/fleet/memory/balloons/* "$state"/shed/*; do
      [ ! -e "$file" ] || waits=yes
    done
    [ -n "$waits" ] || return 0
  fi
  systemctl start --no-block fleet-memory.service 2>/dev/null || true
}

# tell_agents lost|back NAME…
tell_agents() {
  what=$1
  shift
  for name; do event "agent.$what" "$name" || true; done
}

code=0
sample || code=$?
see_to_memory
exit "$code"
