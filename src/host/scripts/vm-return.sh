# vm-return.sh NAME: state that was set aside comes back: taking a vm out and in again loses nothing.
name=$1
[ ! -e "$vms/$name" ] || die vm.exists "$vms/$name exists already"
[ ! -L "$aside" ] || die aside.link "$aside is a symbolic link"
found=
# Deployment ids sort by time: the last one is the youngest.
for folder in "$aside"/*/"$name"; do ! is_vm "$folder" || found=$folder; done
[ -n "$found" ] || die vm.nothing-aside "nothing is set aside for $name"
bring_back "$name" "$found"
