# begin.sh ID OPERATOR OPERATION FLEET MACHINE FREE_KIB CONFIRM STOP CHECKOUT [VM…]: checks that this hypervisor can be
# deployed to, creates the deployment's folder with its way back for the system and the vms named, and takes the lock.
# Changes nothing that runs. Standard input: way-back.sh. Durations in seconds.
id=$1 operator=$2 operation=$3 fleet=$4 machine=$5 need=$6 confirm=$7 stop=$8 checkout=$9
shift 9

[ "$(id -u)" = 0 ] || [ -n "$R" ] ||
	die preflight.not-root "commands run as $(id -un), not as root: connect as root, or allow it sudo without a password"
# A roll-back needs neither a checkout nor a build, and may be needed because the disk is full. `microvm` is not required:
# the first switch may bring it.
# Neither does a restart: what waits for it is built.
case $operation in rollback | restart) builds='' ;; *) builds=yes ;; esac
tools='ip nix-env ping systemctl systemd-run'
[ -z "$builds" ] || tools="$tools flock git nix"
missing=
for tool in $tools; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || die preflight.missing-tools "not on the PATH of this hypervisor:$missing (add them to environment.systemPackages)"
[ "$(uname -m)" = "$machine" ] ||
	die preflight.wrong-architecture "this hypervisor is $(uname -m), fleet.yaml says $machine"
# A roll-back goes on whatever the version: it needs only profiles, links and units, and at night nobody can wait for an
# update of fleet.
[ "$operation" = rollback ] || require_known_state
free=$(df -Pk "$R/nix/store" | { read -r _ && read -r _ _ _ free _ && echo "$free"; })
[ -z "$builds" ] || [ "$free" -ge "$need" ] ||
	die preflight.no-space "/nix/store has $((free / 1024)) MiB free, $((need / 1024)) MiB are needed: run nix-collect-garbage there"
# Every system that fleet deploys enables them.
if [ -n "$builds" ] && [ ! -e "$state/deployed/system." ]; then
	has_flakes ||
		die preflight.no-flakes "flakes are not enabled: nix.settings.experimental-features = [ \"nix-command\" \"flakes\" ]"
fi
system=$(readlink -f "$R/run/current-system" 2>/dev/null || true)
in_store "$system" || die preflight.no-generation "/run/current-system is not in the Nix store, so there is nothing to roll back to: is this NixOS? If so, run nixos-rebuild switch there"

# is_starting: after a reboot fleet-recover rolls back what was interrupted, then fleet-autostart starts guests one by
# one, and might start one that we have just stopped. A unit that has not had its turn yet is inactive, with a queued job.
# Once autostart is past its first pass it only retries, for minutes; it ends when it sees `seen`.
is_starting() {
	case $(systemctl show -p ActiveState -p SubState fleet-autostart.service) in
	*ActiveState=activating*) ;;
	*SubState=running*) mkdir -p "$R/run/fleet" && : >"$R/run/fleet/seen" ;;
	*) systemctl list-jobs --no-legend 2>/dev/null | grep -q 'fleet-\(autostart\|recover\)\.service ' ;;
	esac
}
left=120
while is_starting; do
	[ "$left" -gt 0 ] || die begin.starting "fleet-autostart is still starting guests after the reboot: wait for it"
	left=$((left - 1))
	sleep 1
done

held() {
	die lock.held "$(deployment_row "$1")"
}
# A deployment that was interrupted, and that no recovery at boot has ended, is completed or rolled back first.
for folder in "$deployments"/*; do
	other=${folder##*/}
	is_open "$other" || continue
	! at_work "$other" || held "$other"
	end_dead "$other" >&2
	! is_open "$other" || held "$other"
	echo "deployment $other was interrupted earlier; it was finished or rolled back first" >&2
done

deployment=$deployments/$id
# Should anything below fail, nothing is left behind.
clean_up() {
	code=$? full=
	case $code in 0 | 70) ;; *) full=$(full_disk) || true ;; esac
	[ "$(target "$state/lock")" != "deployments/$id" ] || rm -f "$state/lock"
	systemctl stop "fleet-back-$id.timer" "fleet-back-$id.service" 2>/dev/null || true
	rm -rf "$deployment" "${roots:?}/$id"
	[ -z "$full" ] || die preflight.no-space "the disk of $full is full: $(make_room "$full")"
}
trap clean_up EXIT
# Reserves 1 MiB for the way back, in case the disk fills up, and another one for the rest of this script.
room() {
	mkdir -p "$deployment/steps" "$deployment/roots" "$roots/$id" "$R/run/fleet" || return
	# Other users of the hypervisor must not read the output of steps, nor the repository as a bundle.
	chmod 700 "$deployments" && take_room "$deployment/reserve" 2048
}
if ! room 2>/dev/null; then
	# The 4 MiB that are reserved for a roll-back on a full disk.
	[ "$operation" != rollback ] || rm -f "$state/reserve"
	room 2>/dev/null || {
		full=$(full_disk) || full=$state
		die preflight.no-space "the disk of $full is full, and 2 MiB are needed in ${state#"$R"}: $(make_room "$full")"
	}
fi
dd if=/dev/null of="$deployment/reserve" bs=1024 seek=1024 2>/dev/null
{
	printf 'fleet\t%s\noperator\t%s\noperation\t%s\nstarted\t%s\n' "$fleet" "$operator" "$operation" "$(date +%s)"
	printf 'confirm\t%s\nstop\t%s\ncheckout\t%s\nlocks\t2\n' "$confirm" "$stop" "$checkout"
	former=$(git -C "$R$checkout" rev-parse -q --verify HEAD 2>/dev/null || true)
	[ -z "$former" ] || printf 'former\t%s\n' "$former"
} | write "$deployment/meta"

root_found
# Earlier versions of fleet let everybody read it.
[ ! -d "$aside" ] || (enter_aside) 2>/dev/null || true
# The way back needs the running system, and the one that a reboot would boot, which may be another. Both are kept from
# garbage collection until the deployment has ended.
profile=$(readlink -f "$system_profile" 2>/dev/null || true)
in_store "$profile" || profile=$system
number=$(target "$system_profile")
number=${number##*system-}
# An operation that is under way may leave its guest in another state than is recorded below.
for other in $(operations_at_work); do operation_meta "$other" vm; done >>"$deployment/operated"
busy=$(guests_that_run)
system_root=$(keep "$id" "$system" system.)
profile_root=$(keep "$id" "$profile" profile.)
{
	printf 'system\t%s\t%s\t%s\n' "$system_root" "$profile_root" "${number%-link}"
	for folder in "$vms"/*; do
		! is_vm "$folder" || vm_before "$id" "${folder##*/}" "$busy"
	done
	for name; do
		printf 'target\t%s\n' "$name"
		# Of a vm that fleet takes over, this is somebody else's flake. Its URL may contain a token, so it is not printed.
		! is_vm "$vms/$name" || flake_of "$name" >"$deployment/flake.$name" || rm -f "$deployment/flake.$name"
	done
	print_up
	for port in "$R"/sys/class/net/*; do
		bridge=$(bridge_of "${port##*/}")
		[ -z "$bridge" ] || printf 'port\t%s\t%s\n' "${port##*/}" "$bridge"
	done
	systemctl list-units --no-pager --no-legend --plain --full --state=failed 2>/dev/null |
		sed -n "s/^\([^ ][^ ]*\).*/failed$tab\1/p"
} >"$deployment/before"

# On NixOS the PATH of transient units is nearly empty, and a switch replaces what is on ours. So the way back gets the
# folder of the running system's tools, then the store folders of the tools that we use now.
path=$system/sw/bin
for tool in systemctl systemd-run nix-env git ip sh date ln sed grep setpriv jq flock find; do
	found=$(command -v "$tool") || continue
	real=$(readlink -f "$found" 2>/dev/null || true)
	# If one program has many names (coreutils, busybox, nix), only the folder of the link has this name.
	[ "${real##*/}" = "$tool" ] || real=$found
	case :$path: in *":${real%/*}:"*) ;; *) path=$path:${real%/*} ;; esac
done
{
	printf "# The way back of deployment %s\nPATH='%s'\nFLEET_ROOT='%s'\nid='%s'\nexport PATH FLEET_ROOT\n" "$id" "$path" "$R" "$id"
	cat
} >"$deployment/back.sh"
[ "$(tail -n 1 "$deployment/back.sh")" = '# end of step' ] || die begin.cut "the way back did not arrive whole"
extend "$id" "$confirm"
on_disk "$deployment"/* "$deployment"

# Armed before the lock is taken: a lock without a running lease or step belongs to a dead deployment.
systemd-run --quiet --collect --unit="fleet-back-$id" --description="fleet $id: way back" \
	--on-active="$confirm" --timer-property=AccuracySec=1s "$(command -v sh)" "$deployment/back.sh" lease
# The lock is a link: only one of many can create it, and it names its owner.
tries=5
until ln -sn "deployments/$id" "$state/lock" 2>/dev/null; do
	holder=$(target "$state/lock")
	[ -z "$holder" ] || held "${holder##*/}"
	# Either its owner has just released it, or nothing can be written here.
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || die preflight.no-space "cannot create ${state#"$R"}/lock: see df -h and df -i there, and whether its disk is read-only"
	sleep 0.2
done
# Again, because a newer fleet may have deployed while we waited. The version is raised, never lowered.
[ "$operation" = rollback ] || require_known_state
version=$(state_version)
if [ "$version" != '?' ] && [ "${version:-0}" -lt "$state_writes" ]; then
	echo "$state_writes" >"$state/version.new"
	on_disk "$state/version.new"
	mv -f "$state/version.new" "$state/version"
	on_disk "$state"
fi
: >"$deployment/begun"
deployment_event began "$id"
# From now until the next boot fleet-autostart starts no guests: the deployment does.
: >"$R/run/fleet/seen"
trap - EXIT
