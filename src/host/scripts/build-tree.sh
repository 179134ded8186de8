# build-tree.sh FOLDER JOBS KIND:NAME…: builds these machines of what the bundle in FOLDER holds, and says of each what it
# became. FOLDER has the only roots of what is built.
folder=$1 flake=git+file://$1/tree jobs=$2
shift 2
out=$folder/roots work=$folder/eval
mkdir "$folder/tree" "$out" "$work"
# Somebody's hook or alias may have started us.
# shellcheck disable=SC2046 # they are names
unset $(git rev-parse --local-env-vars)
# Without settings of whoever runs this, which may change files.
plain_git() { GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git -C "$folder/tree" "$@"; }
# Some versions of Nix refuse a detached HEAD.
plain_git init -q --template= --initial-branch=fleet
plain_git pull -q --ff-only --no-tags "$folder/bundle" fleet
rm "$folder/bundle"
# fleet deploys with them, and they may not be enabled yet.
NIX_CONFIG="${NIX_CONFIG:-}
extra-experimental-features = nix-command flakes"
export NIX_CONFIG

build_all "$@"
for item; do
	name=${item#*:}
	built=$(target "$out/$name")
	if ! fails "$item" && in_store "$built"; then
		twice=
		case $item in hypervisor:*) twice=$(declared_in "$built" "$@") ;; esac
		if [ -z "$twice" ]; then
			answer built "$name" "$built"
			continue
		fi
		echo "error: $twice is in microvm.vms of the new system, too: take it out there" >>"$work/$name.log"
	fi
	answer failed "$name"
	{ tail -n 60 "$work/$name.log" 2>/dev/null || true; } | cut -c 1-500 |
		while IFS= read -r line; do answer said "$name" "$line"; done
done
