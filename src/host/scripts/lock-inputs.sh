# lock-inputs.sh [INPUT…]: makes a flake.lock, or renews inputs in it; the new one goes to standard
# output. Standard input: flake.nix, a line `== lock`, then the flake.lock there is, if any.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM
cd "$folder"
# Not head -c: where it reads ahead (BSD), the lock would lose its beginning.
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
