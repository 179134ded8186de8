# vm-aside.sh ID NAME: a stopped vm's whole state directory moves to fleet's own; nothing is deleted.
id=$1 name=$2
! is_active "microvm@$name.service" || die vm.still-active "microvm@$name still runs"
mkdir -p "$state/aside/$id" "$roots"
runner=$(target "$vms/$name/current")
if in_store "$runner"; then ln -sfn "$runner" "$roots/aside-$name"; fi
mv "$vms/$name" "$state/aside/$id/$name"
rm -f "$gcroots/microvm/$name" "$gcroots/microvm/booted-$name"
[ ! -f "$state/deployed/$name" ] || mv "$state/deployed/$name" "$state/aside/$id/$name.deployed"
printf 'aside\t%s\n' "${state#"$R"}/aside/$id/$name"
