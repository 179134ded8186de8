# disarm.sh ID: the new system is confirmed, over a connection made after the switch.
deployment=$state/deployments/$1
if ! ln -s confirmed "$deployment/decided" 2>/dev/null; then
	case $(target "$deployment/decided") in
	confirmed) ;;
	back) die back.taken "the hypervisor had already put its previous system back" ;;
	*) die disarm.no-space "cannot write to ${deployment#"$R"}: the way back stays armed" ;;
	esac
fi
systemctl stop "fleet-back-$1.timer" "fleet-back-$1-confirm.timer" 2>/dev/null || true
