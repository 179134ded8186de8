# await-steps.sh ID SECONDS: waits until no step of a deployment runs any more, after a lost link.
left=$(($2 * 5))
while [ -n "$(systemctl list-units --no-legend --plain --state=active,activating,deactivating "fleet-$1-*.service" 2>/dev/null)" ]; do
	[ "$left" -gt 0 ] || die step.still-running "a step of deployment $1 still runs after $2 s"
	left=$((left - 1))
	sleep 0.2
done
# What the switch among them ended with, which the lost link may have kept from us.
[ ! -f "$state/deployments/$1/switched" ] || printf 'switched\t%s\n' "$(cat "$state/deployments/$1/switched")"
