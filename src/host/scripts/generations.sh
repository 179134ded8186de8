# generations.sh: prints every generation that one could roll back to: name, number, path, time, current.
# Number "kept": its profile entry is gone (nix-collect-garbage -d), but fleet's root keeps it. Then comes what tells
# which of them fit together, by base name of the store path: networks of systems, TAPs of runners.
LC_ALL=C
export LC_ALL
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
paths=$({
	for link in "$system_profile"-*-link "$roots"/previous-system. "$R/run/current-system"; do target "$link"; done
} | sort -u)
for path in $paths; do
	in_store "$path" || continue
	for name in $(bridges_of "$path"); do printf 'bridge\t%s\t%s\n' "${path##*/}" "$name"; done
	# The first file that matches an interface's name decides which bridge it enters, if any.
	for file in "$path"/etc/systemd/network/*.network; do
		[ -f "$file" ] || continue
		names='' bridge='-' addresses=''
		while IFS='=' read -r key value; do
			case $key in
			Name) names="$names $value" ;;
			Bridge) bridge=$value ;;
			Address) addresses="$addresses $value" ;;
			esac
		done <"$file"
		[ -z "$names" ] || printf 'wired\t%s\t%s\t%s\t%s\n' "${path##*/}" "${names# }" "$bridge" "${addresses# }"
	done
	for unit in "$path"/etc/systemd/system/install-microvm-*.service; do
		[ -e "$unit" ] || continue
		name=${unit##*/install-microvm-}
		printf 'declares\t%s\t%s\n' "${path##*/}" "${name%.service}"
	done
done
# Runners that fleet has not deployed have no record of TAPs and address, so these are read from the runner.
paths=$({
	for link in "$state"/profiles/*-link "$roots"/previous-*; do target "$link"; done
} | sort -u)
for path in $paths; do
	if ! in_store "$path" || [ -f "$state/expected/${path##*/}" ] || [ ! -f "$path/share/microvm/tap-interfaces" ]; then continue; fi
	shares=no
	[ ! -e "$path/bin/virtiofsd-run" ] || shares=yes
	printf 'runner\t%s\t%s\n' "${path##*/}" "$shares"
	store_text "$path/share/microvm/tap-interfaces" | while read -r tap; do
		[ -z "$tap" ] || printf 'tap\t%s\t%s\n' "${path##*/}" "$tap"
	done
	guest=$(target "$path/share/microvm/system")
	for file in "$R${guest#"$R"}"/etc/systemd/network/*.network; do
		store_text "$file" 65536 | sed -n "s|^Address=\([0-9.]*\)/.*|address$tab${path##*/}$tab\1|p"
	done
done
for file in "$state"/expected/*; do
	[ ! -f "$file" ] || printf 'expected\t%s\t%s\n' "${file##*/}" "$(cat "$file")"
done
