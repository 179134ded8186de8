# vm-update.sh NAME SECONDS CHECKOUT run|stay: `microvm -Ru` (or -u), one vm at a time. A guest that
# does not stop within SECONDS is killed.
name=$1 seconds=$2 flake=git+file://$R$3 then=$4
printf '%s' "$flake" | write "$vms/$name/flake"
if [ "$then" = stay ]; then
	microvm -u "$name"
	exit
fi
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
microvm -Ru "$name" || code=$?
kill "$watcher" 2>/dev/null || true
exit "$code"
