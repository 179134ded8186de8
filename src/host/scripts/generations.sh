# generations.sh: every generation one could return to. Fields: name, number, path, time, current.
# Number "kept": held by fleet, though its profile entry is gone (nix-collect-garbage -d).
list() { # NAME PROFILE
	current=$(target "$2")
	for link in "$2"-*-link; do
		[ -L "$link" ] || continue
		number=${link#"$2"-}
		number=${number%-link}
		# `web-2-1-link` is another vm's.
		case $number in '' | *[!0-9]*) continue ;; esac
		mark=no
		[ "${link##*/}" != "$current" ] && [ "$link" != "$current" ] || mark=yes
		printf 'generation\t%s\t%s\t%s\t%s\t%s\n' "$1" "$number" "$(target "$link")" \
			"$(stat -c %Y "$link" 2>/dev/null || stat -f %m "$link")" "$mark"
	done
}
list system. "$system_profile"
for folder in "$vms"/*; do
	! is_vm "$folder" || list "${folder##*/}" "$state/profiles/${folder##*/}"
done
for root in "$roots"/previous-*; do
	[ -L "$root" ] || continue
	name=${root##*/previous-}
	printf 'generation\t%s\tkept\t%s\t0\tno\n' "$name" "$(target "$root")"
done
for file in "$state"/expected/*; do
	[ ! -f "$file" ] || printf 'expected\t%s\t%s\n' "${file##*/}" "$(cat "$file")"
done
