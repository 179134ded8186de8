# vm-set.sh NAME RUNNER SECONDS run|stay: points `current` at RUNNER, which is already built: no git, no build, no
# evaluation. run: the guest runs on it afterwards, restarted only if necessary.
name=$1 runner=$2 seconds=$3 then=$4
in_store "$runner" || die vm.not-in-store "$runner is not a store path"
[ -x "$runner/bin/microvm-run" ] || die vm.runner-gone "$runner is no longer in the store (collected as garbage?): deploy again, or see what is left with fleet rollback --list $name"
flip_current "$name" "$runner"
[ "$then" = run ] || exit 0
if [ "$(target "$vms/$name/booted")" = "$runner" ] && is_active "microvm@$name.service"; then
	exit 0
fi
stop_guest "$name" "$seconds"
start_guest "$name"
