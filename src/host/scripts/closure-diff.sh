# closure-diff.sh OLD NEW: how much two generations take with all they need, and what comes, goes and grows, as nix says it.
for path; do
	in_store "$path" || die diff.no-path "$path is not in the store"
	[ -e "$path" ] || die diff.collected "$path is not there any more: it was collected"
	size=$(nix path-info -S "$path" 2>/dev/null) || size=
	size=${size##*[!0-9]}
	answer size "$path" "${size:-0}"
done
lines=$(nix store diff-closures "$1" "$2") || die diff.failed "nix store diff-closures $1 $2 failed"
[ -z "$lines" ] || printf '%s\n' "$lines" | while IFS= read -r line; do answer closure "$line"; done
