# vm-return.sh NAME: state that was set aside comes back: taking a vm out and in again loses nothing.
name=$1
[ ! -e "$vms/$name" ] || die vm.exists "$vms/$name exists already"
[ ! -L "$aside" ] || die aside.link "$aside is a symbolic link"
from=
# Deployment ids sort by time: the last one is the youngest.
for folder in "$aside"/*/"$name"; do ! is_vm "$folder" || from=$folder; done
[ -n "$from" ] || die vm.nothing-aside "nothing is set aside for $name"
mv "$from" "$vms/$name"
rmdir "${from%/*}" 2>/dev/null || true
id=${from%/*}
records=$state/aside/${id##*/}
for kind in deployed held; do
	[ ! -f "$records/$name.$kind" ] || mv "$records/$name.$kind" "$state/$kind/$name"
done
rmdir "$records" 2>/dev/null || true
root_vm "$name"
rm -f "$roots/aside-$name"
printf 'returned\t%s\n' "${from#"$R"}"
