# Rendered by fleet from fleet.yaml: change it there.
# again.sh NAME: its timer was armed when a guest ended and had to wait for its next try, or one of its helpers failed, after
# which systemd does not start it again. 75: look again in a moment (fleet-again@.service does).
name=$1
case $name in '' | -* | *[!a-z0-9-]*) exit 0 ;; esac
[ "$(desired "$name")" = running ] || exit 0
case $(guest_get "$name" state) in Failed | Terminated) exit 0 ;; esac
# Whoever holds it may start or stop the guest.
try_lock_vm "$name" start || exit 75
# It runs, or starts or stops just now. Helpers do not count: one that is up without its guest waits for it.
case $(systemctl show -p ActiveState --value "microvm@$name.service") in
active) exit 0 ;;
inactive | failed) ;;
*) exit 75 ;;
esac
[ -z "$(systemctl list-jobs --no-legend --plain --full "microvm@$name.service" 2>/dev/null)" ] || exit 75
# Both may have changed before the lock was ours.
[ "$(desired "$name")" = running ] || exit 0
let_start
systemctl reset-failed "microvm*@$name.service" 2>/dev/null || true
# If it does not start, that is an end, and written down as such.
systemctl start "microvm@$name.service" 8>&- 9>&- || true
