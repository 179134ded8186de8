# vm-release.sh ID NAME LOCK_SECONDS: an operation. Nobody wants the guest stopped any more; it runs already.
lock_vm "$1" "$2" "$3"
if [ -e "$state/stopped/$2" ]; then
	rm -f "$state/stopped/$2"
	on_disk "$state/stopped"
	event vm.released "$2" "id=$1" || true
fi
guest_set "$2" failedBoots= || true
