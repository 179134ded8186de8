# vm-update.sh NAME SECONDS CHECKOUT run|stay: `microvm -Ru` (or -u), one vm at a time. A guest that
# does not stop within SECONDS is killed.
name=$1 seconds=$2 flake=git+file://$R$3 then=$4
printf '%s' "$flake" | write "$vms/$name/flake"
if [ "$then" = stay ]; then
	microvm -u "$name"
	exit
fi
(while sleep 0.2; do watch_stop "$name" "$seconds"; done) &
watcher=$!
code=0
microvm -Ru "$name" || code=$?
kill "$watcher" 2>/dev/null || true
exit "$code"
