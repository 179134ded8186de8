# vm-update.sh NAME SECONDS CHECKOUT run|stay: runs `microvm -Ru` (run) or `microvm -u` (stay). Kills a guest that does not
# stop within SECONDS.
name=$1 seconds=$2 flake=git+file://$R$3 then=$4
put_flake "$name" "$flake"
root_vm "$name"
# Left over from a `microvm.vms` that the system no longer has; `microvm -u` would refuse because of it.
is_declared "$R/run/current-system" "$name" || [ ! -L "$vms/$name/toplevel" ] || in_vm "$name" rm -f toplevel
if [ "$then" = stay ]; then
	evaluated "$name" microvm -u "$name"
	exit
fi
guest_starting "$name" "a deployment started it"
stop_intended "$name"
(
	left=$((seconds * 5))
	while sleep 0.2; do
		[ "$(systemctl show -p ActiveState --value "microvm@$name.service")" = deactivating ] || continue
		left=$((left - 1))
		[ "$left" -gt 0 ] || { kill_guest "$name" && break; }
	done
) &
watcher=$!
code=0
evaluated "$name" microvm -Ru "$name" || code=$?
kill "$watcher" 2>/dev/null || true
not_stopped "$name"
# After a power cut a stale `booted` may equal the new runner, and then -R starts nothing.
[ "$code" != 0 ] || is_active "microvm@$name.service" || start_guest "$name"
exit "$code"
