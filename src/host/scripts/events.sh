# events.sh once|follow CURSOR|- SINCE|-: the events of this hypervisor behind CURSOR (EPOCH:SEQ), or all, oldest first: a
# line of JSON each, as it is in the spool. Without a cursor only what happened at SINCE (seconds) or later. Then `live`; with
# follow also what is written from then on, until nobody listens. `gone EPOCH:SEQ` first where what the cursor names is not
# there any more: the first that is.
how=$1 cursor=$2 since=$3
[ "$since" != - ] || since=
case $cursor in
-) epoch='' seq=0 ;;
*[!0-9a-f:-]* | *:*:* | :* | *:) die events.cursor 'that is no place in the spool' ;;
*) epoch=${cursor%:*} seq=${cursor#*:} ;;
esac
case $seq in *[!0-9]* | '' | ???????????*) die events.cursor 'that is no place in the spool' ;; esac
seq=${seq#"${seq%%[!0]*}"}
seq=${seq:-0}

# first_of FILE: prints epoch and number of the first event that a file was begun with, as its name has them.
first_of() {
	first=${1##*/}
	first=${first%.jsonl}
	number=${first##*-}
	number=${number#"${number%%[!0]*}"}
	echo "${first%-*} ${number:-0}"
}

# list: prints the files that may have events behind the cursor, the oldest first; none without a spool.
list() {
	before=
	for file in "$spool"/[0-9]*-*-*.jsonl; do
		[ -f "$file" ] || continue
		first=${file##*/}
		first=${first%.jsonl}
		number=${first##*-}
		number=${number#"${number%%[!0]*}"}
		# All of a file is behind us when the next one begins at our place, or before.
		if [ "${first%-*}" = "$epoch" ] && [ "${number:-0}" -le $((seq + 1)) ]; then before=; fi
		case $epoch in
		'') ;;
		*) if [ "$(printf '%s\n%s\n' "${first%-*}" "$epoch" | sort | head -n 1)" != "$epoch" ]; then continue; fi ;;
		esac
		before="$before$file
"
	done
	printf %s "$before"
}
