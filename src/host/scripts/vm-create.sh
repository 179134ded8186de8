# vm-create.sh NAME CHECKOUT RUNNER: creates the vm's directory with RUNNER, which is already built; does not start the vm.
# Makes the same as `microvm -c`, but in a folder where only root may write: `microvm -c` sets owner and modes by name,
# in a folder where group kvm can replace the vm's folder by a link.
name=$1 flake=git+file://$R$2 runner=$3
in_store "$runner" || die vm.not-in-store "$runner is not a store path"
[ -x "$runner/bin/microvm-run" ] || die vm.runner-gone "$runner is no longer in the store (collected as garbage?): deploy again, which builds it"
if [ -e "$vms/$name" ] || [ -L "$vms/$name" ]; then die vm.exists "${vms#"$R"}/$name exists already: see whose it is and move it elsewhere, then deploy again"; fi
(
	enter_aside
	# Left by one that was interrupted.
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
