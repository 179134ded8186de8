# build.sh ID CHECKOUT KIND:NAME…: builds everything before anything is activated. The flake
# reference is the one that `microvm -u` uses, so that Nix's evaluation cache serves it later.
id=$1 flake=git+file://$R$2
shift 2
out=$deployments/$id/roots

attribute() {
	case $1 in
	hypervisor:*) echo "$flake#nixosConfigurations.${1#*:}.config.system.build.toplevel" ;;
	vm:*) echo "$flake#nixosConfigurations.${1#*:}.config.microvm.declaredRunner" ;;
	esac
}

# One evaluator for all of them; then, from its cache, an out-link for each.
if [ $# -gt 1 ]; then
	count=$#
	for item; do set -- "$@" "$(attribute "$item")"; done
	(
		shift "$count"
		nix build --no-link --keep-going -L "$@"
	)
fi
for item; do
	case $item in
	hypervisor:*) now=$(target "$R/run/current-system") ;;
	vm:*) now=$(target "$vms/${item#*:}/current") ;;
	*) continue ;;
	esac
	nix build -L -o "$out/${item#*:}" "$(attribute "$item")"
	built=$(target "$out/${item#*:}")
	case $item in hypervisor:*)
		for other; do
			case $other in vm:*) ! is_declared "$built" "${other#vm:}" || die build.declarative "${other#vm:} is in microvm.vms of the new system, too: take it out there" ;; esac
		done
		;;
	esac
	printf 'built\t%s\t%s\n' "${item#*:}" "$built"
	if in_store "$now" && [ "$now" != "$built" ]; then
		nix store diff-closures "$now" "$built" 2>/dev/null |
			while IFS= read -r line; do printf 'closure\t%s\t%s\n' "${item#*:}" "$line"; done || true
	fi
done
