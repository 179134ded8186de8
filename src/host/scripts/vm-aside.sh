# vm-aside.sh ID NAME: a stopped vm's whole state directory moves out of microvm's sight; nothing is
# deleted.
id=$1 name=$2
! is_active "microvm@$name.service" || die vm.still-active "microvm@$name still runs"
if [ -L "$aside" ] || [ -L "$aside/$id" ]; then die aside.link "$aside is a symbolic link"; fi
# The records stay where only root writes.
records=$state/aside/$id
mkdir -p "$aside/$id" "$records" "$roots"
runner=$(target "$vms/$name/current")
if in_store "$runner"; then ln -sfn "$runner" "$roots/aside-$name"; fi
mv "$vms/$name" "$aside/$id/$name"
rm -f "$gcroots/microvm/$name" "$gcroots/microvm/booted-$name"
for kind in deployed held; do
	[ ! -f "$state/$kind/$name" ] || mv "$state/$kind/$name" "$records/$name.$kind"
done
printf 'aside\t%s\n' "${aside#"$R"}/$id/$name"
