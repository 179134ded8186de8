# vm-release.sh ID NAME LOCK_SECONDS: an operation. Nobody wants the guest stopped any more; it runs already.
lock_vm "$1" "$2" "$3"
rm -f "$state/stopped/$2"
