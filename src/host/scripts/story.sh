# story.sh [LINES UNIT…]…: what happened to these units, and what they said themselves last, each group so many lines:
# helpers that are started anew with a guest that crashes shall not drown it. Reads only.
# What happened is in the spool; what systemd did in the last day, in the journal. Of a guest the latter is told only where no
# watch tells what came of it.
# Of a guest (microvm@NAME) also how it and its helpers ended, what was kept of its memory, and how its agent said that it
# is inside, unless that is long ago.
# What somebody wrote to a journal must not reach a terminal as it is.
for unit; do
	guest=${unit#microvm@}
	[ "$guest" != "$unit" ] || continue
	guest=${guest%.service}
	ends_of "$guest" 10
	for dump in "$state/dumps/$guest"/*; do
		[ ! -f "$dump" ] || answer dump "${dump##*/}" "$(wc -c <"$dump" | tr -d ' ')"
	done
	cores_of "$guest"
	# shellcheck disable=SC2016 # for jq
	inside=$(jq -c --arg vm "$guest" --argjson from $(($(date +%s) - 120)) \
		'select(.at >= $from) | .vms[] | select(.name == $vm) | .agent // empty' "$state/metrics/last.json" 2>/dev/null) || inside=
	[ -z "$inside" ] || answer inside "$inside"
done
# happened MOST GREP-OPTION…: the last such events of the spool, in which a power cut may have left NULs.
happened() {
	most=$1
	shift
	cat "$state"/events/[0-9]*-*-*.jsonl 2>/dev/null | LC_ALL=C grep -a "$@" | tail -n "$most" | sed "s/^/spool$tab/" || true
}
guest=
for unit; do case $unit in microvm@*) guest=${unit#microvm@} && guest=${guest%.service} ;; esac done
if [ -n "$guest" ]; then
	# What happened to a network, or to many at once, names no vm of its own.
	seen=$(happened 20 -F -e "\"vm\":\"$guest\"")
	[ -z "$seen" ] || printf '%s\n' "$seen"
	# And of many only some are this guest's.
	happened 500 -F -e '"kind":"network.' -e '"kind":"incident.'
else
	seen=
	happened 20 -vF '"vm":'
fi
command -v journalctl >/dev/null || exit 0
read_journal() { # WORD LINES OPTION…
	word=$1 lines=$2
	shift 2
	set -- journalctl --quiet --no-pager --no-hostname --lines="$lines" "$@"
	! command -v timeout >/dev/null || set -- timeout 3 "$@"
	"$@" 2>/dev/null | plain_lines "$lines" | sed "s/^/$word$tab/" || true
}
events=
for unit; do case $unit in *.service) events="$events UNIT=$unit" ;; esac done
if [ -z "$seen" ] || [ ! -e "$R/etc/fleet/watch.json" ]; then
	# shellcheck disable=SC2086 # names of units have no spaces
	read_journal event 20 --output=short-unix --since=-24h _PID=1 $events
fi
while [ $# -gt 0 ]; do
	most=$1 own=
	shift
	while unit=${1-} && [ "${unit%.service}" != "$unit" ]; do
		own="$own _SYSTEMD_UNIT=$unit"
		shift
	done
	# shellcheck disable=SC2086
	read_journal line "$most" --utc --output=short $own
done
