# Rendered by fleet from fleet.yaml: change it there.
# started.sh NAME: systemd runs it when microvm@NAME has started (ExecStartPost), as root. Whoever started it: what was
# known of its last life is over.
name=$1
set +e
trap - EXIT
case $name in '' | -* | .* | *[!A-Za-z0-9_.@-]*) exit 0 ;; esac
life=${INVOCATION_ID:-}
case $life in *[!0-9a-f]*) exit 0 ;; esac
# Whoever stopped a guest that did not run left an intent that no end took away.
meant=
IFS=$tab read -r _ _ meant 2>/dev/null <"$intents/$name"
[ "$meant" = "$life" ] || rm -f "$intents/$name"
case $(guest_get "$name" state) in
# Nobody of fleet's starts such a guest before it says so: a person did.
Failed | Terminated)
  forget_ends "$name"
  guest_set "$name" state=Starting 'why=started' health=unknown restarts= "invocation=$life" "boot=$(boot_id)"
  ;;
*) guest_set "$name" state=Starting "invocation=$life" "boot=$(boot_id)" ;;
esac
# Should the kernel be short of memory before fleet-memory has looked, its choice is that of fleet.yaml: by priority, not
# by size; guests before what the hypervisor lives by, and builds (800) before both.
case ${MAINPID:-} in
'' | *[!0-9]*) ;;
*)
  # shellcheck disable=SC2016 # jq's
  score=$(policy '.vms[$name] // empty | 500 - ([.priority // 10, 1000] | min) / 2 | floor' --arg name "$name")
  [ -z "$score" ] || echo "$score" >"$R/proc/$MAINPID/oom_score_adj"
  ;;
esac 2>/dev/null
event_soon guest.started "$name" "invocation=$life"
exit 0
