# vm-halt.sh ID NAME LOCK_SECONDS STOP_SECONDS OPERATOR held|apply TAP…: an operation. Stops a guest, and writes down that
# somebody wants it so: until an apply starts it, or held until it is released. One that does not stop in time is killed.
id=$1 name=$2 seconds=$4 who=$5 lasts=$6
stops_for=$1 stops_because='fleet stop'
lock_vm "$1" "$name" "$3"
shift 6
mkdir -p "$state/stopped"
# Before it stops: no reboot meanwhile starts it.
printf '%s\t%s\t%s\n' "$who" "$(date +%s)" "$lasts" | write_through "$state/stopped/$name"
event vm.stopped "$name" "id=$id" "operator=$who" "lasts=$lasts" || true
stop_guest "$name" "$seconds"
systemctl reset-failed "microvm*@$name.service" 2>/dev/null || true
guest_set "$name" state=Terminated "why=$who stopped it" || true
end_strays "$name" "$@"
