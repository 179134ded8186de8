# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2154 # behind the libraries and watch-judge.sh
# One look at the guests and networks of this hypervisor, every few seconds: what becomes of what it sees is the judge's to
# say, by the policy in /etc/fleet/watch.json, and done here, or by fleet-heal@NAME where a guest is restarted. One systemctl,
# one fping, one curl, one ps and one jq for all guests; only what is wrong costs more. Its own failure is no failure:
# the next look comes in a moment. What a look has to remember for the next one is in /run/fleet/watch.
# docs/decisions/watch.md
set +e
trap - EXIT
export LC_ALL=C
seen=$R/run/fleet/watch
command -v jq >/dev/null || exit 0
[ -f "$policy_file" ] || exit 0
mkdir -p "$R/run/fleet"
mkdir -m 700 "$seen" 2>/dev/null || [ -d "$seen" ] || exit 0
mkdir -p "$seen/runs"
cd "$seen" || exit 0

# For jq: vms that are to run, with the address that they were deployed with.
# shellcheck disable=SC2016 # jq's
reached='($deployed | split("\n") | map(split("\t") | select(.[1]) | { key: .[0], value: (.[1] | fromjson?) }) | from_entries) as $made
  | .vms | to_entries[] | select(.value.state != "stopped") | .value + { name: .key, address: $made[.key].address } |'

# prepare: what can be said of policy and records before anything is seen. A policy in the store never changes, and a record
# is renamed into its place.
prepare() {
  of=$(readlink -f "$policy_file") had=
  read -r had 2>/dev/null <of
  now=$of:$(stat -c %i:%.Z "$state/deployed" 2>/dev/null)
  if [ "$now" = "$had" ] && in_store "$of"; then return; fi
  deployed_guests >deployed
  # shellcheck disable=SC2016 # jq's
  jq -r "$reached"' select(.address) | .address' --rawfile deployed deployed "$policy_file" >addresses || exit 0
  jq -r '.bridges // {} | keys[]' "$policy_file" >bridges
  # A tcp check is a connection to a server that is to speak first, as with POP3: it sends nothing.
  # shellcheck disable=SC2016 # jq's
  jq -r 'def quoted: gsub("[^ -~]"; "") | gsub("(?<c>[\\\\\"])"; "\\\(.c)") | "\"\(.)\""; '"$reached"'
    select(.address) | .name as $name | .address as $address | .checks // [] | to_entries[] | .key as $index | .value
    | if .tcp != null then "pop3://\($address):\(.tcp)"
      elif .http != null then "http://\($address):\(.http.port)\(.http.path // "/")" else empty end
    | "next\nurl = \(quoted)\noutput = \"/dev/null\"\ngloboff\npath-as-is\nnoproxy = \"*\"\nmax-time = 3\nwrite-out = \"\($name) \($index) %{http_code} %{time_connect}\\n\""' \
    --rawfile deployed deployed "$policy_file" | sed 1d >probes.cfg
  # Checks are known by their number.
  rm -f runs/*
  printf '%s\n' "$now" >of
}

# closed: prints where the kernel forwards nothing. Not where the user's own configuration says so.
closed() {
  [ "${FLEET_FORWARDING:-1}" = 1 ] && [ -s bridges ] || return 0
  conf=$R/proc/sys/net/ipv4/conf on=1
  read -r on 2>/dev/null <"$conf/all/forwarding"
  if [ "$on" = 0 ]; then
    echo '4 all'
  else
    while read -r way; do
      on=1
      read -r on 2>/dev/null <"$conf/$way/forwarding"
      [ "$on" != 0 ] || echo "4 $way"
    done <bridges
  fi
  on=1
  [ "${FLEET_FORWARDING6:-0}" != 1 ] || read -r on 2>/dev/null <"$R/proc/sys/net/ipv6/conf/all/forwarding"
  [ "$on" != 0 ] || echo '6 all'
}

# marks: prints what files say of guests, without a process for each.
marks() {
  for file in "$state"/stopped/*; do [ ! -f "$file" ] || echo "stopped ${file##*/}"; done
  for folder in "$vms"/*; do
    if is_vm "$folder" && [ -L "$folder/current" ]; then echo "created ${folder##*/}"; fi
  done
  # Whose restart has to wait (giveUp: keep-trying).
  now=$(uptime_seconds)
  for file in later.*; do
    until=0
    read -r until 2>/dev/null <"$file"
    [ "$now" -ge "${until:-0}" ] || echo "later ${file#later.}"
  done
}

look() {
  asked='' probed=''
  : >answers
  : >probes
  if [ -s addresses ]; then
    fping -a -r 1 -t 900 -B 1 -i 2 <addresses >answers 2>/dev/null &
    asked=$!
  fi
  if [ -s probes.cfg ]; then
    curl -q --parallel --parallel-immediate --parallel-max 300 -K probes.cfg </dev/null >probes 2>/dev/null &
    probed=$!
  fi
  # All in one answer; `systemctl show` would ask for each unit, and be told of it in full.
  systemctl list-units --all --full --no-pager --output=json \
    'microvm@*.service' 'microvm-virtiofsd@*.service' 'fleet-heal@*.service' 'fleet-again@*.timer' \
    fleet-recover.service fleet-autostart.service >units 2>/dev/null || return 1
  # systemd keeps them there for journald.
  find "$R/run/systemd/units" -name 'invocation:microvm@*' -printf '%f %l\n' >lives 2>/dev/null
  # shellcheck disable=SC2009 # pgrep tells less of them
  ps -ewwo pid=,ppid=,stat=,etimes=,user:20=,cgroup:300=,comm= 2>/dev/null |
    grep -E ' (virtiofsd|qemu-system-[^ ]*|cloud-hyperviso|firecracker)$' >processes
  ip -j address show >links 2>/dev/null
  (cd "$guest_states" 2>/dev/null && grep -E "^(state|invocation|boot)$tab" -- /dev/null ?*) >records 2>/dev/null
  cat runs/* >runs.all 2>/dev/null
  marks >marked
  closed >shut
  [ -f vmm ] || : >vmm
  [ -f entered ] || : >entered
  [ -s table ] || echo '{}' >table
  [ -z "$asked" ] || wait "$asked"
  # Whoever answers no ping may have answered who has the address.
  ip -s -j neigh show >neighbours 2>/dev/null
  [ -z "$probed" ] || wait "$probed"
  locked=false
  [ -z "$(locking_deployment)" ] || locked=true
  jq -nr --argjson now "$(uptime_seconds)" --argjson locked "$locked" --arg boot "$(boot_id)" \
    --slurpfile policy "$policy_file" --slurpfile table table --slurpfile links links --slurpfile neighbours neighbours \
    --slurpfile units units --rawfile lives lives --rawfile entered entered --rawfile answers answers --rawfile probes probes --rawfile runs runs.all --rawfile vmm vmm \
    --rawfile records records --rawfile marks marked --rawfile processes processes --rawfile closed shut --rawfile deployed deployed \
    "$judge" >rows
}

# ask NAME INVOCATION: asks its VMM how it is, at once and shortly: it has one connection, which a shutdown needs.
ask() {
  said=$(vmm_status "$1")
  printf '%s %s %s\n' "$1" "$2" "${said:-silent}" >"vmm.$1"
}

# keep NAME INVOCATION CHECK WHY: what its console and its helpers said last, for whoever asks why; sets file.
keep() {
  file=$1/$(date +%s)-unhealthy-$2
  {
    printf 'unit\tmicrovm@%s.service\nat\t%s\ncheck\t%s\nwhy\t%s\ninvocation\t%s\n\n' "$1" "$(date +%s)" "$3" "$4" "$2"
    # By their names: for a pattern journalctl goes through the names of all units.
    (
      name=$1
      set --
      for unit in microvm $guest_helpers; do set -- "$@" -u "$unit@$name.service"; done
      timeout 3 journalctl -q -o short-iso -n 100 "$@" 2>/dev/null
    ) | plain_lines 100
  } | keep_end "$1" "${file#*/}" || file=
}

# unhealthy NAME INVOCATION CHECK WHY AGO RESTART
unhealthy() {
  keep "$1" "$2" "$3" "$4"
  set -- "$@" health=failing
  [ "$5" = - ] || set -- "$@" "lastHealthy=$(($(date +%s) - $5))"
  # Nobody will do anything about it.
  [ "$6" = yes ] || set -- "$@" state=Failed "why=$3: $4"
  name=$1 check=$3 why=$4
  shift 6
  guest_set "$name" "$@"
  event guest.unhealthy "$name" "check=$check" "why=$why" "file=$file"
}

# pause NAME: its VMM stopped it because it could not write.
pause() {
  if full=$(full_disk); then
    why="paused by its VMM, because the disk of $full is full: $(make_room "$full"); then let it go on, or fleet restart $1"
  else
    why="paused by its VMM at an I/O error: see the journal of this hypervisor for its disk, then fleet restart $1"
  fi
  guest_set "$1" health=failing "why=$why"
  event guest.paused "$1" "why=$why"
}

# repair KIND NAME [VALUE]: as repair.sh does, and TAPs.
repair() {
  case $1 in
  link) ip link set dev "$2" up ;;
  master) ip link set dev "$2" master "$3" up ;;
  address) ip address replace "$3" dev "$2" ;;
  forward4) echo 1 >"$R/proc/sys/net/ipv4/conf/$2/forwarding" ;;
  forward6) echo 1 >"$R/proc/sys/net/ipv6/conf/$2/forwarding" ;;
  esac
}

# repairs: while no deployment works on networks. Descriptor 4 has what to repair.
repairs() (
  make_locks && exec 9>>"$hypervisor_lock" && flock -n -s 9 && [ -z "$(locking_deployment)" ] || exit 0
  while IFS=$tab read -r kind of value <&4; do repair "$kind" "$of" "$value"; done 4<repairs
)

# run NAME ADDRESS INDEX: a check inside the guest, as guest-run.sh does it.
run() (
  life=$(sed -n "s/^invocation:microvm@$1\\.service //p" lives)
  # shellcheck disable=SC2016 # jq's
  command=$(jq -r --arg name "$1" --argjson index "$3" '.vms[$name].checks[$index].run // empty' "$policy_file")
  # A guest may say anything for as long as it likes: only the end of it is kept, and nothing of it is in a file.
  said=$({
    code=0
    (
      # It says why in the result, not to the journal.
      exec 2>&1
      know_guest "$1" "$2" 22 fleet-check 10
      in_guest "$command"
    ) </dev/null || code=$?
    echo "$code" >"code.$1.$3"
  } | tail -c 300 | plain_lines 1)
  code=255
  read -r code <"code.$1.$3"
  rm -f "code.$1.$3"
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$3" "$life" "$(uptime_seconds)" "$code" "$said" >"runs/.new.$1.$3"
  mv -f "runs/.new.$1.$3" "runs/$1.$3"
)

# set_ready NAME LIFE: writes it down, unless it has ended since the look and is left alone.
set_ready() {
  rm -f "later.$1"
  guest_set "$1" "was=$(sed -n "s/^$1:state$tab//p" records)" state=Ready why= health=ok "lastHealthy=$(date +%s)" "invocation=$2"
}

# act: does what the judge says, in its order. On disk before it is told.
act() {
  rm -f repairs runs.due
  begun=
  while IFS=$tab read -r what name one two three four five <&3; do
    case $what in
    ready)
      # What it tells is on disk already.
      ! set_ready "$name" "$one" || event_soon guest.ready "$name" "invocation=$one"
      ;;
    healthy)
      rm -f "vmm.$name"
      ! set_ready "$name" "$one" || event guest.healthy "$name"
      ;;
    unhealthy) unhealthy "$name" "$one" "$two" "$three" "$four" "$five" ;;
    paused) pause "$name" ;;
    ask) ask "$name" "$one" & ;;
    heal)
      printf '%s\t%s\t%s\t%s\n' "$one" "$two" "$three" "$four" >"heal.$name"
      systemctl start --no-block "fleet-heal@$name.service"
      ;;
    run) printf '%s\t%s\t%s\n' "$name" "$one" "$two" >>runs.due ;;
    broken) event network.broken - "what=$one" ;;
    repair) printf '%s\t%s\t%s\n' "$name" "$one" "$two" >>repairs ;;
    repaired) event network.repaired - "what=$one" ;;
    found) event orphan.found - "what=$one" "name=$two" ;;
    gone) event orphan.gone - "what=$one" "name=$two" ;;
    incident) event incident.began - "what=$name" "vms=$one" ;;
    over) event incident.ended - ;;
    life) begun="$begun microvm@$name.service" ;;
    table) printf '%s\n' "$name" >table.new && mv -f table.new table ;;
    esac
  done 3<rows
  # shellcheck disable=SC2086 # names of units are words
  [ -z "$begun" ] || systemctl show --no-pager -p InvocationID -p ActiveEnterTimestampMonotonic $begun >entered
  [ ! -f repairs ] || repairs
  wait
  cat vmm.* 2>/dev/null >vmm
  if [ -f runs.due ]; then
    while IFS=$tab read -r name one two <&3; do run "$name" "$one" "$two" & done 3<runs.due
    wait
  fi
}

event_late
settle_ends
prepare
look || exit 0
act
# For whoever watches the watch: fleet-sample, and fleet status.
uptime_seconds >looked
exit 0
