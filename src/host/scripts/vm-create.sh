# vm-create.sh NAME CHECKOUT RUNNER: makes the vm's directory with RUNNER, which is already built; does not start
# it. What `microvm -c` makes, but made where only root writes: that one gives owner and modes by name, in a
# folder where group kvm can put another folder in the place of the vm's.
name=$1 flake=git+file://$R$2 runner=$3
in_store "$runner" || die vm.not-in-store "$runner is not a store path"
[ -x "$runner/bin/microvm-run" ] || die vm.runner-gone "$runner is no longer in the store (collected as garbage?): deploy again, which builds it"
if [ -e "$vms/$name" ] || [ -L "$vms/$name" ]; then die vm.exists "${vms#"$R"}/$name exists already: see whose it is and move it elsewhere, then deploy again"; fi
(
	enter_aside
	# Of one that was cut short.
	rm -rf "./.new-$name"
	mkdir "./.new-$name"
	cd -P "./.new-$name"
	printf %s "$flake" >flake
	ln -s "$runner" current
	[ -n "$R" ] || chown -h 0:kvm flake current .
	chmod 775 .
	on_disk flake .
	cd ..
	rename "./.new-$name" "$vms/$name" 2>/dev/null || die vm.exists "${vms#"$R"}/$name exists already: see whose it is and move it elsewhere, then deploy again"
)
root_vm "$name"
