# alerts.sh: prints what fleet-alerts knows: `now` and `looked` in seconds, the state as one line of JSON, and for each way of
# telling how many wait, what is wrong with it, and since when.
printf 'now\t%s\n' "$(date +%s)"
# A full disk has them in memory.
alerts=$state/alerts
[ ! -d "$R/run/fleet/alerts/spare" ] || alerts=$R/run/fleet/alerts/spare
looked=
read -r looked 2>/dev/null <"$R/run/fleet/alerts/looked" || true
printf 'looked\t%s\n' "$looked"
if [ -f "$alerts/state" ]; then printf 'state\t%s\n' "$(head -c 1048576 "$alerts/state" | head -n 1)"; fi
for way in webhook command; do
	waiting=0
	for file in "$alerts/outbox/$way"/*.json; do [ ! -f "$file" ] || waiting=$((waiting + 1)); done
	problem='' since=''
	while IFS=$tab read -r key value; do
		case $key in problem) problem=$value ;; since) since=$value ;; esac
	done 2>/dev/null <"$alerts/$way" || true
	[ "$waiting" = 0 ] && [ -z "$problem" ] || printf 'way\t%s\t%s\t%s\t%s\n' "$way" "$waiting" "$since" "$problem"
done
