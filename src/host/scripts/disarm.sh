# disarm.sh ID: the new system is confirmed, over a connection made after the switch.
deployment=$state/deployments/$1
if ! mkdir "$deployment/decided" 2>/dev/null; then
	[ ! -e "$deployment/confirmed" ] || exit 0
	die back.taken "the hypervisor had already put its previous system back"
fi
: >"$deployment/confirmed"
systemctl stop "fleet-back-$1.timer" "fleet-back-$1-confirm.timer" 2>/dev/null || true
