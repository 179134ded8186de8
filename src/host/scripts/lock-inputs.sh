# lock-inputs.sh [INPUT…]: creates a flake.lock, or updates these inputs in it, and prints it. Standard input: flake.nix, a
# line `== lock`, then the old flake.lock, if there is one.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM
cd "$folder"
# Not `head -c`, which reads ahead in BSD: the lock would lose its beginning.
while IFS= read -r line && [ "$line" != '== lock' ]; do
	printf '%s\n' "$line"
done >flake.nix
cat >flake.lock
[ -s flake.lock ] || rm flake.lock
for input; do
	shift
	set -- "$@" --update-input "$input"
done
nix --extra-experimental-features 'nix-command flakes' flake lock "$@" "path:$folder" >&2
cat flake.lock
