# vm-return.sh NAME: state that was set aside comes back: taking a vm out and in again loses nothing.
name=$1
[ ! -e "$vms/$name" ] || die vm.exists "$vms/$name exists already"
aside=
# Deployment ids sort by time: the last one is the youngest.
for folder in "$state"/aside/*/"$name"; do [ ! -d "$folder" ] || aside=$folder; done
[ -n "$aside" ] || die vm.nothing-aside "nothing is set aside for $name"
mv "$aside" "$vms/$name"
[ ! -f "$aside.deployed" ] || mv "$aside.deployed" "$state/deployed/$name"
rmdir "${aside%/*}" 2>/dev/null || true
mkdir -p "$gcroots/microvm"
rm -f "$gcroots/microvm/$name" "$gcroots/microvm/booted-$name"
ln -s "$vms/$name/current" "$gcroots/microvm/$name"
ln -s "$vms/$name/booted" "$gcroots/microvm/booted-$name"
rm -f "$roots/aside-$name"
printf 'returned\t%s\n' "${aside#"$R"}"
