# vm-aside.sh ID NAME: a stopped vm's whole state directory moves out of microvm's sight; nothing is deleted.
id=$1 name=$2
! is_active "microvm@$name.service" || die vm.still-active "microvm@$name still runs"
mkdir -p "$aside/$id" "$roots"
runner=$(target "$vms/$name/current")
if in_store "$runner"; then ln -sfn "$runner" "$roots/aside-$name"; fi
mv "$vms/$name" "$aside/$id/$name"
rm -f "$gcroots/microvm/$name" "$gcroots/microvm/booted-$name"
[ ! -f "$state/deployed/$name" ] || mv "$state/deployed/$name" "$aside/$id/$name.deployed"
printf 'aside\t%s\n' "${aside#"$R"}/$id/$name"
