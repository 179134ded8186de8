# vm-create.sh NAME CHECKOUT: makes the vm's directory; does not start it.
[ ! -e "$vms/$1" ] || die vm.exists "$vms/$1 exists already"
evaluated "$1" microvm -f "git+file://$R$2" -c "$1"
