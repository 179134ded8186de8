# vm-aside.sh ID NAME: a stopped vm leaves the fleet; its state is kept.
id=$1 name=$2
! is_busy "$name" || die vm.still-active "microvm@$name still runs"
set_aside "$id" "$name"
answer aside "${aside#"$R"}/$id/$name"
