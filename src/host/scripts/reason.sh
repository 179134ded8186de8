# reason.sh ID NAME: prints the last lines of a guest and its helpers since the deployment or operation began, which may
# say why the guest does not run. Prints nothing without journalctl.
command -v journalctl >/dev/null || exit 0
name=$2
since=$(meta "$1" started)
[ -n "$since" ] || since=$(sed -n "s/^started$tab//p" "$state/operations/$1/meta" 2>/dev/null) || true
said() { # LINES UNIT…
	lines=$1
	shift
	for unit; do set -- "$@" --unit="$unit@$name.service" && shift; done
	journalctl --quiet --no-pager --no-hostname --utc --output=short ${since:+"--since=@$since"} --lines="$lines" "$@" 2>/dev/null |
		plain_lines "$lines" || true
}
# shellcheck disable=SC2086 # names of units have no spaces
said 6 $guest_helpers
said 10 microvm
