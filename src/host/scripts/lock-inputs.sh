# lock-inputs.sh BYTES [INPUT…]: makes a flake.lock, or renews inputs in it; the new one goes to
# standard output. Standard input: BYTES of flake.nix, then the flake.lock there is, if any.
bytes=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
head -c "$bytes" >flake.nix
cat >flake.lock
[ -s flake.lock ] || rm flake.lock
for input; do
	shift
	set -- "$@" --update-input "$input"
done
nix --extra-experimental-features 'nix-command flakes' flake lock "$@" "path:$folder" >&2
cat flake.lock
