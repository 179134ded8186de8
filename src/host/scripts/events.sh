# events.sh once|follow CURSOR|- SINCE|- COUNT: the events behind CURSOR (EPOCH:SEQ), or all, oldest first: a line of JSON
# each, as the spool has it; without a cursor those since that second. Not more than the last COUNT of them; 0: all. Then
# `live CURSOR`, where that ends, and with follow what is written from there on, until nobody listens. `gone` first where
# the place of the cursor is not there any more, so that nobody knows what was between.
how=$1 cursor=$2 since=$3 count=$4
[ "$since" != - ] || since=0
[ "$cursor" != - ] || cursor=
# place CURSOR: sets epoch and seq.
place() {
	epoch='' seq=0
	case $1 in
	'') return ;;
	*[!0-9a-f:-]* | *:*:*) die events.cursor 'it is no place in the spool: give one as EPOCH:SEQ' ;;
	????????????-????????:?*) epoch=${1%:*} seq=${1#*:} ;;
	*) die events.cursor 'it is no place in the spool: give one as EPOCH:SEQ' ;;
	esac
}
place "$cursor"

# behind: prints what is behind that place, and its end to standard error. A line that is not whole yet, or never will be,
# is none. The names of files say what begins in them.
behind() {
	set --
	for file in "$spool"/[0-9]*-*-*.jsonl; do
		[ ! -f "$file" ] || set -- "$@" "$file"
	done
	LC_ALL=C awk -v epoch="$epoch" -v seq="$seq" -v since="$since" '
		BEGIN {
			first = 1
			for (i = 1; i < ARGC; i++) {
				name = ARGV[i]
				sub(/.*\//, "", name)
				of[i] = substr(name, 1, 21)
				if (epoch == "" || of[i] > epoch || of[i] == epoch && substr(name, 23, 10) - 1 > seq) continue
				first = i
				if (of[i] == epoch) known = 1
			}
			if (epoch != "" && !known) {
				print "gone" | "cat 1>&5"
				close("cat 1>&5")
			}
			for (i = first; i < ARGC; i++) {
				# A file that was removed meanwhile has none.
				while ((getline line < ARGV[i]) > 0) {
					if (length(line) > 4095) continue
					if (line !~ /^[{]"v":[0-9]+,"epoch":"[0-9]+-[0-9a-f]+","seq":[0-9]+,"at":[0-9]+,.*[}]$/) continue
					split(line, part, /[:,]/)
					if (substr(part[4], 2, 21) != of[i]) continue
					if (epoch != "" && of[i] <= epoch && (of[i] < epoch || part[6] + 0 <= seq + 0)) continue
					end = of[i] ":" part[6]
					if (part[8] + 0 >= since + 0) print line
				}
				close(ARGV[i])
			}
			if (end != "") print end | "cat 1>&2"
		}' "$@" </dev/null
}
exec 5>&1
# catch_up COUNT: prints it, and goes there.
catch_up() {
	if [ "$1" = 0 ]; then
		end=$(behind 2>&1 >&5)
	else
		end=$({ behind | tail -n "$1" >&5; } 2>&1)
	fi || true
	case $end in '' | *[!0-9a-f:-]*) ;; *) cursor=$end && place "$end" ;; esac
}

# Before anything is read, so that what is written meanwhile is seen.
seen=
read -r seen 2>/dev/null <"$spool_counter" || true
catch_up "$count"
since=0
echo "live ${cursor:--}"
[ "$how" = follow ] || exit 0
quiet=0
while sleep 1; do
	now=
	read -r now 2>/dev/null <"$spool_counter" || true
	quiet=$((quiet + 1))
	if [ "$now" != "$seen" ]; then
		seen=$now
		catch_up 0
	elif [ "$quiet" -ge 30 ]; then
		# Only who writes learns that nobody listens any more.
		quiet=0
		catch_up 0
		echo alive
	fi
done
