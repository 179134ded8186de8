# vm-aside.sh ID NAME: a stopped vm leaves the fleet; its state is kept.
id=$1 name=$2
! is_busy "$name" || die vm.still-active "microvm@$name still runs, so its state is not set aside: see who started it (journalctl -u microvm@$name), then deploy again"
set_aside "$id" "$name"
answer aside "${aside#"$R"}/$id/$name"
