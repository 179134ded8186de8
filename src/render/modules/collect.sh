# shellcheck shell=sh disable=SC2154 # behind the libraries
# fleet-gc, daily, behind the libraries: what `fleet gc` does, where the hypervisor has a `gc:`. $collection is the script
# that fleet gc sends. A deployment that is open comes first: then it is collected another day.
# shellcheck disable=SC2016 # for jq
asked=$(policy 'if .gc then "\(.gc.keep) \(.gc.olderThan | floor)" else empty end')
[ -n "$asked" ] || exit 0
keep=${asked% *} seconds=${asked#* }

said=$R/run/fleet/collected
mkdir -p "$R/run/fleet"
# try MODE: runs it; its rows are in $rows. It tells itself what it collected, or that Nix failed; what keeps it from
# beginning is told here, if it is not only that somebody else is at work.
try() {
  if rows=$(sh "${collection:?}" "$1" "$keep" "$seconds" 2>"$said"); then return 0; fi
  why=$(sed -n "s/^fleet-error$tab//p" "$said" | tail -n 1)
  case $why in
  gc.locked*) echo "not now: ${why#*"$tab"}" ;;
  *)
    plain_lines 20 <"$said" >&2
    case $why in gc.failed*) ;; *) event gc.failed - "why=${why#*"$tab"}" || true ;; esac
    ;;
  esac
  exit 0
}
try look
wanted=$(printf '%s\n' "$rows" | while IFS=$tab read -r kind name number _ path; do
  [ "$kind" != old ] || printf '%s\t%s\t%s\n' "$name" "$number" "$path"
done)
try collect <<END
$wanted
END
gone=$(printf '%s\n' "$rows" | grep -c "^old$tab") || true
freed='' paths=''
while IFS=$tab read -r kind one two; do
  [ "$kind" != freed ] || freed=$one paths=$two
done <<END
$rows
END
case $freed in '' | *[!0-9-]*) freed=0 ;; esac
case $paths in '' | *[!0-9]*) paths=0 ;; esac
echo "$gone generations and $paths store paths are gone, $((freed / 1024)) MiB freed"
