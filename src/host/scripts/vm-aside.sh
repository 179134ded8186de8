# vm-aside.sh ID NAME: sets the state of a stopped vm aside, which leaves the fleet.
id=$1 name=$2
! is_busy "$name" || die vm.still-active "microvm@$name still runs, so its state is not set aside: see who started it (journalctl -u microvm@$name), then deploy again"
set_aside "$id" "$name"
answer aside "${aside#"$R"}/$id/$name"
