# shellcheck shell=sh disable=SC2154 # behind the libraries
# heal.sh NAME: fleet-watch found that the guest hangs, or that nothing starts it (/run/fleet/watch/heal.NAME). Restarts or
# starts it, as an operation and by its policy. It never fails: the next look says how it went.
# docs/decisions/watch.md
set +e
trap - EXIT
name=$1
case $name in '' | -* | *[!a-z0-9-]*) exit 0 ;; esac
seen=$R/run/fleet/watch
order=$seen/heal.$name
[ -f "$order" ] || exit 0
IFS=$tab read -r reason life check why <"$order"
rm -f "$order"
# It had to wait for its turn (giveUp: keep-trying).
if [ -f "$seen/later.$name" ]; then
  read -r until <"$seen/later.$name"
  [ "$(uptime_seconds)" -ge "${until:-0}" ] || exit 0
fi

# Somebody else is at work: the next look asks again.
try_lock_vm "$name" restart || exit 0
[ "$(desired "$name")" = running ] || exit 0
[ "$(guest_get "$name" state)" != Failed ] || exit 0
recovery_of "$name" || exit 0
life_now=$(systemctl show -p InvocationID --value "microvm@$name.service")
lived=0 grace=0
case $reason in
off)
  # A helper that is still up, as the others are after one failed, says nothing.
  for unit in microvm microvm-virtiofsd; do
    case $(systemctl show -p ActiveState -p Job "$unit@$name.service" | tr '\n' ' ') in
    *activating* | *Job=[1-9]*) exit 0 ;;
    esac
  done
  ! is_active "microvm@$name.service" || exit 0
  what="microvm@$name is inactive, and nothing starts it"
  ;;
*)
  # Another life has its own time.
  is_active "microvm@$name.service" && [ "$life_now" = "$life" ] || exit 0
  ! is_stopping "$name" || exit 0
  what="$check: $why"
  since=$(systemctl show -p ActiveEnterTimestampMonotonic --value "microvm@$name.service")
  lived=$(($(uptime_seconds) - ${since:-0} / 1000000))
  vmm=$(vmm_status "$name")
  case $vmm in
  # A restart would lose what it could not write. The next look tells of it.
  io-error) exit 0 ;;
  # Only one that runs can shut down in order.
  running) grace=$(policy '.stopTimeout // 30 | floor') ;;
  esac
  ;;
esac

if [ -f "$seen/later.$name" ]; then
  rm -f "$seen/later.$name"
else
  count_end "$name" "$lived"
  step=$(next_step hang)
  case $step in
  again) ;;
  later\ *)
    count_wait "$name"
    echo "$(($(uptime_seconds) + ${step#later }))" >"$seen/later.$name"
    guest_set "$name" health=failing "why=$what: restarted in ${step#later } s"
    event guest.again "$name" "in:=${step#later }" "attempt:=$ended"
    exit 0
    ;;
  *)
    # It goes on as it is: whoever comes may see what is wrong with it.
    guest_set "$name" state=Failed health=failing "why=$what; ${step#fail }"
    event guest.failed "$name" "why=$what; ${step#fail }"
    exit 0
    ;;
  esac
fi

restarts=$(guest_get "$name" restarts)
case $restarts in '' | *[!0-9]*) restarts=0 ;; esac
guest_set "$name" state=Starting "why=$what" health=failing "restarts=$((restarts + 1))" "boot=$(boot_id)"
# Afterwards there is no VMM any more. One that does not say how it is writes nothing either.
no_dump=
# shellcheck disable=SC2016 # jq's
if [ "$reason" != off ] && [ "$(policy '.vms[$name].dumps.guest // false' --arg name "$name")" = true ]; then
  if [ -z "$vmm" ]; then no_dump='its VMM does not answer'; else dump_guest "$name"; fi
fi
if [ -n "$no_dump" ]; then
  event guest.restarted "$name" "why=$what" "invocation=$life" "dump=none: $no_dump"
else
  event guest.restarted "$name" "why=$what" "invocation=$life"
fi
[ "$reason" = off ] || intend "$name" watch "$what"
let_start
systemctl reset-failed "microvm*@$name.service" 2>/dev/null
# One job, which goes on should this be killed.
systemctl restart "microvm@$name.service" 8>&- 9>&- &
job=$!
left=$((${grace:-0} * 5)) killed=
while kill -0 "$job" 2>/dev/null; do
  if [ "$left" -le 0 ] && [ -z "$killed" ] && is_stopping "$name"; then
    kill_units "$name"
    killed=yes
  fi
  left=$((left - 1))
  sleep 0.2
done
wait "$job"
exit 0
