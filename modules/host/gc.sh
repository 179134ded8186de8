# Rendered by fleet from fleet.yaml: change it there.
# gc.sh look|collect KEEP SECONDS: generations that nobody needs and that are older than SECONDS, but for the youngest KEEP
# before the current one; collect: of these go those that standard input names, by name, number and path, and then
# whatever of the store nothing leads to any more. What is deployed, was before that, is held, runs or looked well last
# stays whatever its age. So do those after the current one.
mode=$1 keep=$2 seconds=$3
now=$(date +%s)
wanted=
[ "$mode" = look ] || wanted=$(cat)

# old_of NAME PROFILE: rows of those that may go.
old_of() {
	current=$(target "$2")
	current=${current##*/}
	current=${current#"${2##*/}-"}
	current=${current%-link}
	case $current in '' | *[!0-9]*) return 0 ;; esac
	needed=" $(needed_of "$1" | tr '\n' ' ') "
	generation_numbers "$2" | sort -rn | {
		kept=0
		while read -r number; do
			[ "$number" -lt "$current" ] || continue
			path=$(target "$2-$number-link")
			case $needed in *" $path "*) continue ;; esac
			kept=$((kept + 1))
			[ "$kept" -gt "$keep" ] || continue
			made=$(stat -c %Y "$2-$number-link" 2>/dev/null || stat -f %m "$2-$number-link") || continue
			[ $((now - made)) -ge "$seconds" ] || continue
			if [ "$mode" = collect ]; then
				printf '%s\n' "$wanted" | grep -qxF "$1$tab$number$tab$path" || continue
				rm -f "$2-$number-link"
			fi
			printf '%s\t%s\t%s\t%s\n' "$1" "$number" "$made" "$path"
		done
	}
}

# Of vms that left, too, as long as somebody may bring them back: their current one stays.
names() {
	echo system.
	for profile in "$state"/profiles/*; do
		profile=${profile##*/}
		case $profile in *-link | *.* | '*') ;; *) echo "$profile" ;; esac
	done
}
profile_of() { case $1 in system.) echo "$system_profile" ;; *) echo "$state/profiles/$1" ;; esac }

# free_kib: 0 where df does not say.
free_kib() {
	df -Pk "$R/nix/store" 2>/dev/null | {
		free=
		{ read -r _ && read -r _ _ _ free _; } || true
		case $free in '' | *[!0-9]*) echo 0 ;; *) echo "$free" ;; esac
	}
}

# keep_needed: what stays has a root for as long as the collection lasts, also where somebody took its own away.
keep_needed() {
	mkdir -p "$roots/gc"
	for name in $(names); do needed_of "$name"; done | sort -u | {
		count=0
		while IFS= read -r path; do
			[ -e "$path" ] || continue
			count=$((count + 1))
			ln -sfn "$path" "$roots/gc/$count"
		done
	}
}

require_known_state
refuse_open gc.locked
if [ "$mode" = collect ]; then
	# For the collection itself, which may last, nobody is kept waiting.
	lock_to_delete gc.locked
	# Its roots are one collection's; Nix, which inherits this, holds it when the script is killed.
	exec 8>>"$locks/gc."
	flock -n -x 8 || die gc.locked 'somebody else collects there just now: wait for its end, then try again'
	root_found
	prune
fi
old=$(for name in $(names); do old_of "$name" "$(profile_of "$name")"; done)
[ -z "$old" ] || printf '%s\n' "$old" | while IFS= read -r row; do answer old "$row"; done
[ "$mode" = collect ] || exit 0
keep_needed
exec 9>&-
before=$(free_kib)
set -- nix-collect-garbage
! command -v nice >/dev/null || set -- nice -n 10 "$@"
# It names every path that it deletes.
said=$({ "$@" 2>&1 || echo "failed with $?"; } | tail -n 3 | cut -c 1-200)
rm -rf "${roots:?}/gc"
case $said in *'failed with '*)
	printf '%s\n' "$said" >&2
	why='nix-collect-garbage failed; the generations are no longer listed, and what only they needed goes with the next collection'
	event_soon gc.failed - "why=$why" || true
	die gc.failed "$why"
	;;
esac
# What Nix counts; others write to the disk meanwhile. One that does not say: by the disk.
counted=$(printf '%s\n' "$said" | sed -n 's/.* deleted, \([0-9][0-9.]* [KMGT]iB\) freed.*/\1/p' | tail -n 1)
freed=$(($(free_kib) - before))
if [ "$before" = 0 ] || [ "$freed" -lt 0 ]; then freed=0; fi
[ -z "$counted" ] || freed=$(printf '%s\n' "$counted" | LC_ALL=C awk '{ printf "%.0f", $1 * 1024 ^ (index("KMGT", substr($2, 1, 1)) - 1) }')
paths=$(printf '%s\n' "$said" | sed -n 's/^\([0-9][0-9]*\) store paths deleted.*/\1/p' | tail -n 1)
event_soon gc.ran - "freed:=$freed" "paths:=${paths:-0}" "generations:=$(printf '%s' "${old:+$old$spool_line_end}" | wc -l)" || true
answer freed "$freed" "$paths"
