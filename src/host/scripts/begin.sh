# begin.sh ID OPERATOR OPERATION MACHINE FREE_KIB: can this hypervisor be deployed to? Then
# takes its lock and opens the deployment's folder. Nothing that runs is changed.
id=$1 operator=$2 operation=$3 machine=$4 need=$5

[ "$(id -u)" = 0 ] || [ -n "$R" ] ||
	die preflight.not-root "commands run as $(id -un), not as root: connect as root, or allow it sudo without a password"
# Going back needs neither a checkout nor a build, and may well be needed because the disk is full.
tools='ip nix-env ping systemctl systemd-run'
[ "$operation" = rollback ] || tools="$tools git microvm nix"
missing=
for tool in $tools; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || die preflight.missing-tools "not on the PATH of this hypervisor:$missing"
# A deployment that died may have left a way back armed, or a step at work.
left=$(systemctl list-units --no-legend --plain --state=active,activating,deactivating \
	'fleet-back-*.timer' 'fleet-back-*.service' 'fleet-2*.service' 2>/dev/null | cut -d ' ' -f 1 | tr '\n' ' ')
[ -z "$left" ] ||
	die begin.still-running "an earlier deployment is still at work here: $left(a way back ends by itself; wait for it)"
[ "$(uname -m)" = "$machine" ] ||
	die preflight.wrong-architecture "this hypervisor is $(uname -m), fleet.yaml says $machine"
free=$(df -Pk "$R/nix/store" | { read -r _ && read -r _ _ _ free _ && echo "$free"; })
[ "$operation" = rollback ] || [ "$free" -ge "$need" ] ||
	die preflight.no-space "/nix/store has $((free / 1024)) MiB free, $((need / 1024)) MiB are needed: run nix-collect-garbage there"
# What fleet has deployed here once enables them.
if [ "$operation" != rollback ] && [ ! -e "$state/deployed/system." ]; then
	[ "$(nix eval --raw --expr 'if builtins ? getFlake then "yes" else "no"' 2>/dev/null)" = yes ] ||
		die preflight.no-flakes "flakes are not enabled: nix.settings.experimental-features = [ \"nix-command\" \"flakes\" ]"
fi

mkdir -p "$state" "$R/run/fleet"
# mkdir is the lock: exactly one of many can make it.
if ! mkdir "$state/lock" 2>/dev/null; then
	[ -d "$state/lock" ] || die preflight.no-space "cannot create $state/lock"
	holder=
	[ ! -f "$state/lock/info" ] || holder=$(cat "$state/lock/info")
	die lock.held "$holder"
fi
# From here to the end of this script a failure gives it back.
trap 'rm -rf "$state/lock"' EXIT
now=$(date +%s)
printf '%s\t%s\t%s\t%s\n' "$id" "$operator" "$operation" "$now" | write "$state/lock/info"

deployment=$state/deployments/$id
mkdir -p "$deployment/steps" "$deployment/roots" "$roots/$id"
printf 'operator\t%s\noperation\t%s\nstarted\t%s\n' "$operator" "$operation" "$now" |
	write "$deployment/meta"

# What there is before is kept from garbage collection until this deployment has ended.
before() { # NAME PATH
	[ -n "$2" ] || return 0
	printf '%s\t%s\n' "$1" "$2"
	! in_store "$2" || ln -sfn "$2" "$roots/$id/$1"
}
{
	before system. "$(readlink -f "$R/run/current-system" 2>/dev/null || true)"
	for folder in "$vms"/*; do
		is_vm "$folder" || continue
		before "${folder##*/}" "$(target "$folder/current")"
		booted=$(target "$folder/booted")
		! in_store "$booted" || ln -sfn "$booted" "$roots/$id/${folder##*/}.booted"
	done
} >"$deployment/before"

# From now until the next boot, starting guests is the deployment's business (fleet-autostart).
: >"$R/run/fleet/seen"
trap - EXIT
