# vm-return.sh NAME: moves state that was set aside back, so that taking a vm out of fleet.yaml and in again loses nothing.
name=$1
found=
# Deployment ids sort by time, so the last one is the youngest.
for folder in "$aside"/*/"$name"; do
	id=${folder%/*}
	id=${id##*/}
	if is_vm "$folder" && was_set_aside "$id" "$name"; then found=$id; fi
done
[ -n "$found" ] || die vm.nothing-aside "nothing is set aside for $name"
bring_back "$found" "$name"
