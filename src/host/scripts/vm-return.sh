# vm-return.sh NAME: state that was set aside comes back: taking a vm out and in again loses nothing.
name=$1
[ ! -e "$vms/$name" ] || die vm.exists "$vms/$name exists already"
from=
# Deployment ids sort by time: the last one is the youngest.
for folder in "$aside"/*/"$name"; do [ ! -d "$folder" ] || from=$folder; done
[ -n "$from" ] || die vm.nothing-aside "nothing is set aside for $name"
mv "$from" "$vms/$name"
[ ! -f "$from.deployed" ] || mv "$from.deployed" "$state/deployed/$name"
rmdir "${from%/*}" 2>/dev/null || true
mkdir -p "$gcroots/microvm"
rm -f "$gcroots/microvm/$name" "$gcroots/microvm/booted-$name"
ln -s "$vms/$name/current" "$gcroots/microvm/$name"
ln -s "$vms/$name/booted" "$gcroots/microvm/booted-$name"
rm -f "$roots/aside-$name"
printf 'returned\t%s\n' "${from#"$R"}"
