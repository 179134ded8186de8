# shellcheck shell=sh disable=SC2154 # behind the libraries
# Starts guests one by one, in the order of /etc/fleet/autostart. A line of it:
#   NAME always|healthy ADDRESS TAP=BRIDGE[,TAP=BRIDGE...] NEEDED[,NEEDED...]
# with - for no needs. healthy: only the runner that /var/lib/fleet/healthy/NAME names, which is
# what was on it when it last looked well.
# After that systemd goes on, and those that do not run as they should are tried again for some
# minutes, or until a deployment begins. Fails when one that was to start still does not run.
trap - EXIT
# Seconds that each guest may have the host for itself.
patience=${FLEET_PATIENCE:-10}
# Seconds for trying again, and between two passes: what systemd restarts is back after 5.
again=${FLEET_AGAIN:-300}
pause=${FLEET_PAUSE:-5}
list=$R/etc/fleet/autostart
late=' '
mute=' '
# Names: not to start now; to start, but in need of one that nobody starts; to be tried (again).
skipped=' '
stuck=' '
left=' '
failed=
# What is wrong with a guest is said when it was tried first, and at the end.
tried=' '

# say PRIORITY TEXT: 3 error, 4 warning, 6 information.
say() { echo "<$1>$2" >&2; }

# has LIST NAME
has() { case $1 in *" $2 "*) ;; *) return 1 ;; esac }

complain() { has "$tried" "$vm" || say 3 "$1"; }

# Seconds since the boot: the clock may be set in between.
uptime() {
  read -r up _ </proc/uptime
  echo "${up%.*}"
}

# within SECONDS COMMAND...: true as soon as COMMAND is.
within() {
  end=$(($(uptime) + $1))
  shift
  until "$@"; do
    [ "$(uptime)" -lt "$end" ] || return 1
    ! taken_over || return 1
    sleep 0.2
  done
}

# A deployment waits for the first pass to end; then starting guests is its business.
taken_over() { [ -n "$deadline" ] && [ -e "$R/run/fleet/seen" ]; }

is_up() {
  flags=0
  { read -r flags <"$R/sys/class/net/$1/flags"; } 2>/dev/null || return 1
  [ $((flags & 1)) = 1 ]
}
is_in() {
  master=$(readlink "$R/sys/class/net/$1/master") || return 1
  [ "${master##*/}" = "$2" ]
}
answers() { ping -n -q -c 1 -W 1 "$1" >/dev/null 2>&1; }
guest_runs() { is_active "microvm@$1.service"; }

# is_sound NAME NICS: it runs now, and its TAPs are in their bridges, which are up. What is not so
# is in the variable wrong.
is_sound() {
  wrong="microvm@$1 is not active"
  guest_runs "$1" || return 1
  nics_left=$2,
  while [ -n "$nics_left" ]; do
    one=${nics_left%%,*}
    nics_left=${nics_left#*,}
    wrong="bridge ${one#*=} is not up"
    is_up "${one#*=}" || return 1
    wrong="${one%%=*} is not in bridge ${one#*=}"
    is_in "${one%%=*}" "${one#*=}" || return 1
  done
}

# Whoever waited for a bridge in vain waits for it once only.
bridge_is_up() {
  if has "$late" "$1"; then
    is_up "$1"
    return
  fi
  within $((patience * 3)) is_up "$1" || {
    late="$late$1 "
    return 1
  }
}

# runs NAME: whether a guest that others depend on runs now. 2: it does not, and nobody starts it.
runs() {
  its_address=
  while read -r other _ its_address its_nics _; do
    [ "$other" != "$1" ] || break
    its_address=
  done <"$list"
  if [ -z "$its_address" ]; then
    guest_runs "$1" || return 2
    return 0
  fi
  if is_sound "$1" "$its_nics"; then return 0; fi
  if has "$skipped$stuck" "$1"; then return 2; fi
  return 1
}

# needed NAME: as runs. It may take a while until it answers, which is waited for once.
needed() {
  runs "$1" || return
  if [ -z "$its_address" ] || has "$mute" "$1" || within $((patience * 6)) answers "$its_address"; then return 0; fi
  mute="$mute$1 "
  say 4 "$vm: $1 does not answer, starting without"
}

# words A,B: its parts on lines of their own; nothing for -
words() { [ "$1" = - ] || echo "$1" | tr , '\n'; }

is_stopped() { [ -f "$state/stopped/$vm" ]; }

# is_free: once systemd goes on others may be at work with a guest, or have stopped it. Until this process ends they are not.
is_free() {
  make_locks
  exec 8>>"$locks/$vm"
  flock -n -x 8 && ! is_stopped
}

start() {
  for nic in $(words "$nics"); do
    bridge_is_up "${nic#*=}" || complain "$vm: bridge ${nic#*=} is not up"
  done
  # TAPs before the guest: networkd has them in their bridges when it comes up.
  systemctl start "microvm-tap-interfaces@$vm.service" || true
  for nic in $(words "$nics"); do
    within "$patience" is_in "${nic%%=*}" "${nic#*=}" ||
      complain "$vm: ${nic%%=*} is not in bridge ${nic#*=}"
  done
  ! taken_over || return 1
  # Counted before it starts, and taken back once it is well: one that takes the host down with it counts, too.
  set -- $(($(failed_boots) + 1))
  (
    [ -z "$deadline" ] || is_free || exit 1
    guest_set "$vm" state=Starting "since=$(date +%s)" 'why=started after a boot' health=unknown "boot=$(boot_id)" \
      "failedBoots=$([ -z "$deadline" ] && echo "$1" || failed_boots)" || true
    systemctl reset-failed "microvm*@$vm.service" 2>/dev/null || true
    systemctl start "microvm@$vm.service"
  ) || return 1
  # The next one starts when this one has booted, or takes its time.
  ! within "$patience" answers "$address" || guest_set "$vm" failedBoots= || true
  is_sound "$vm" "$nics"
}

# failed_boots: prints at how many boots in a row this guest was started and never seen well.
failed_boots() {
  count=$(guest_get "$vm" failedBoots)
  case $count in '' | *[!0-9]*) echo 0 ;; *) echo "$count" ;; esac
}

# held_back: after three boots at which it never was well, this one starts without it.
held_back() {
  [ "$(failed_boots)" -ge 3 ] || return 1
  why='it was not well after any of the last three boots'
  say 3 "$vm is held back, for $why: see journalctl -b -1 -u microvm@$vm, then fleet start $vm"
  guest_set "$vm" state=Failed "why=held back: $why" || true
  event guest.held "$vm" "why=$why" || true
}

# Whether the guest is to start at all.
is_wanted() {
  runner=$(readlink "$R/var/lib/microvms/$vm/current") || runner=
  if [ -z "$runner" ]; then
    say 4 "$vm is not created yet: skipped"
    return 1
  fi
  if guest_runs "$vm"; then return 0; fi
  if is_stopped; then
    say 4 "$vm was stopped by fleet stop: skipped"
    return 1
  fi
  ! held_back || return 1
  [ "$when" = healthy ] || return 0
  healthy=
  if [ -f "$R/var/lib/fleet/healthy/$vm" ]; then read -r healthy <"$R/var/lib/fleet/healthy/$vm" || true; fi
  [ "$healthy" != "$runner" ] || return 0
  say 4 "$vm was not healthy at the last look: skipped"
  return 1
}

# given_up: it ended after this boot had started it, and its policy does not have it started now.
given_up() {
  [ "$(guest_get "$vm" boot)" = "$(boot_id)" ] || return 1
  case $(guest_get "$vm" state) in
  Failed)
    failed=yes
    say 3 "$vm has failed: see fleet status $vm, then fleet start $vm"
    ;;
  Terminated) say 6 "$vm has ended, and its policy leaves it so" ;;
  *)
    is_active "fleet-again@$vm.timer" || return 1
    say 4 "$vm has ended, and waits for its next try"
    ;;
  esac
  skipped="$skipped$vm "
}

# attempt: a guest that does not run is started when all that it needs runs. Fails when it does not
# run as it should then.
attempt() {
  if [ -n "$deadline" ] && is_stopped; then
    say 6 "$vm was stopped meanwhile: skipped"
    skipped="$skipped$vm "
    return 0
  fi
  if guest_runs "$vm"; then
    if is_sound "$vm" "$nics"; then
      [ -z "$deadline" ] || say 6 "$vm runs as it should now"
      return 0
    fi
    complain "$vm: $wrong"
    tried="$tried$vm "
    return 1
  fi
  # The first pass gives each its try.
  if [ -n "$deadline" ] && given_up; then return 0; fi
  for name in $(words "$needs"); do
    code=0
    needed "$name" || code=$?
    [ "$code" != 0 ] || continue
    if [ "$code" = 2 ]; then
      stuck="$stuck$vm "
      say 4 "$vm needs $name, which is not started: skipped"
    elif [ -z "$deadline" ]; then
      say 4 "$vm needs $name, which does not run as it should: skipped"
    fi
    return 1
  done
  if start; then
    say 6 "$vm started"
  else
    taken_over || complain "$vm did not start as it should, going on with the next"
    tried="$tried$vm "
    return 1
  fi
}

# pass: those that are left, in their order; those that are left after it.
pass() {
  before=$left
  left=' '
  while read -r vm when address nics needs <&3; do
    has "$before" "$vm" || continue
    if taken_over || ! attempt; then has "$stuck" "$vm" || left="$left$vm "; fi
  done 3<"$list"
}

# look COMMAND: runs it for each guest that was to start and does not run as it should.
look() {
  while read -r vm when address nics needs <&3; do
    if has "$skipped" "$vm" || is_sound "$vm" "$nics"; then continue; fi
    "$1"
  done 3<"$list"
}
try_again() { has "$stuck" "$vm" || left="$left$vm "; }

report() {
  failed=yes
  if guest_runs "$vm"; then
    say 3 "$vm runs, but $wrong: see networkctl, then systemctl restart microvm@$vm"
    return
  fi
  for name in $(words "$needs"); do
    if runs "$name"; then continue; fi
    say 3 "$vm does not run, for it needs $name: see to that one, then systemctl start microvm@$vm"
    return
  done
  say 3 "$vm does not run: see journalctl -b -u microvm@$vm, then systemctl start microvm@$vm"
}

# Once in a boot: a switch, which starts again what has failed, starts no guests.
{ mkdir -p "$R/run/fleet" && touch "$R/run/fleet/autostarted"; } || true
tell_boot || true
deadline=
while read -r vm when address nics needs <&3; do
  if is_wanted; then left="$left$vm "; else skipped="$skipped$vm "; fi
done 3<"$list"
pass
# Neither the boot nor a deployment waits for the rest.
[ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify --ready || true
deadline=$(($(uptime) + again))
while :; do
  # One that had started may have died meanwhile.
  [ "$left" != ' ' ] || look try_again
  if [ "$left" = ' ' ] || [ "$(uptime)" -ge "$deadline" ] || taken_over; then break; fi
  sleep "$pause"
  pass
done
if taken_over; then
  [ "$left" = ' ' ] || say 4 "a deployment has begun, and sees to what does not run:$left"
  exit 0
fi
look report
[ -z "$failed" ] || {
  say 3 'when they run: systemctl reset-failed fleet-autostart'
  exit 1
}
