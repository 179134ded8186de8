# build.sh ID CHECKOUT JOBS KIND:NAME…: builds all targets, JOBS evaluations at a time; `auto`: as many as there are
# processors and free memory for. Nothing is activated yet. The flake reference is the one that `microvm -u` uses, so
# that it finds the result in Nix's evaluation cache later.
id=$1 flake=git+file://$R$2 jobs=$3
shift 3
out=$deployments/$id/roots
work=$deployments/$id/eval
rm -rf "$work"
mkdir -p "$work"

build_all "$@"
for item; do
	fails "$item" || continue
	# Other builds went on, and what they printed came after this error.
	tail -n 15 "$work/${item#*:}.log"
	exit 1
done

for item; do
	case $item in
	hypervisor:*) now=$(target "$R/run/current-system") ;;
	vm:*) now=$(target "$vms/${item#*:}/current") ;;
	*) continue ;;
	esac
	built=$(target "$out/${item#*:}")
	# There is no out-link if Nix was killed, or could not write.
	in_store "$built" || die build.ended "the build of ${item#*:} was cut off before it gave a store path: see journalctl -k (out of memory?) and df -h there, then deploy again"
	case $item in hypervisor:*)
		twice=$(declared_in "$built" "$@")
		[ -z "$twice" ] || die build.declarative "$twice is in microvm.vms of the new system, too: take it out there"
		;;
	esac
	answer built "${item#*:}" "$built"
	if in_store "$now" && [ "$now" != "$built" ]; then
		nix store diff-closures "$now" "$built" 2>/dev/null |
			while IFS= read -r line; do answer closure "${item#*:}" "$line"; done || true
	fi
done
