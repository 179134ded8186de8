# After lib.sh, in front of what writes events: the spool, one line of JSON for each thing that happened here. Events are
# numbered within an epoch, so that a reader sees whether one is missing. A new epoch begins at each boot, and whenever it
# is in doubt which event was the last: after a power cut, or when an older folder was put back. See docs/spool.md.
spool=$state/events
# In memory: after a reboot nobody knows whether the last line is the last that was written.
spool_counter=$R/run/fleet/spool
# A file has at most 1 MiB. All have at most 32, and the last event in each is at most 30 days old.
spool_file_bytes=1048576 spool_bytes_in_all=33554432
spool_line_end='
'

# Whoever writes waits so many seconds for the others: the start and the end of a guest wait for whoever writes.
spool_patience=3
# What begins a line that has no number yet.
spool_unnumbered='{"v":1,"epoch":"late","seq":0,'

# event KIND VM|- [KEY=TEXT | KEY:=JSON]…: appends an event. Succeeds once it is on disk; prints nothing. `event_id` is its
# number (EPOCH:SEQ); one that is late has none yet. Nothing that matters may depend on it: a full disk, or a host without
# jq, makes it fail.
event() { event_soon "$@" && sync "$spool_file" ${spool_late:+"$spool/late"} 2>/dev/null; }

# event_soon …: the same, but a power cut may take it.
event_soon() {
	event_id='' spool_late=
	{ command -v jq && spool_locks; } >/dev/null || return 1
	{
		if flock -w "$spool_patience" -x 6; then
			spool_find && spool_take && spool_append "$@"
		else
			spool_aside "$@"
		fi
	} 2>/dev/null 6>>"$R/run/fleet/locks/events."
}

# event_late: numbers what is late, where there is any.
event_late() {
	for spool_late in "$spool"/late/[0-9]*; do
		if [ ! -f "$spool_late" ] || ! spool_locks; then return 0; fi
		{ flock -w "$spool_patience" -x 6 && spool_find && spool_take; } 2>/dev/null 6>>"$R/run/fleet/locks/events." || true
		return 0
	done
}

# spool_locks: whoever can open a file can lock it. locks.sh has the same folder.
spool_locks() {
	command -v flock >/dev/null || return 1
	[ -d "$R/run/fleet/locks" ] ||
		{ mkdir -p "$R/run/fleet" && { mkdir -m 700 "$R/run/fleet/locks" || [ -d "$R/run/fleet/locks" ]; }; } 2>/dev/null
}

# spool_aside KIND VM [PAIR]…: somebody has the lock for long, because a disk stalls. The event is kept in a file of its own,
# late/TIME-WORD, without a number, until the next writer takes it up.
spool_aside() {
	[ -d "$spool" ] || mkdir -m 700 "$spool" || return
	is_own "$spool" || return
	[ -d "$spool/late" ] || mkdir -m 700 "$spool/late" || [ -d "$spool/late" ] || return
	spool_epoch=late spool_seq=-1 spool_at=$(date +%s)
	spool_cut "$@" || return
	set -- "$spool"/late/*
	[ $# -lt 1000 ] || return
	spool_last=
	read -r spool_last </proc/sys/kernel/random/uuid || spool_last=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
	spool_file=$spool/late/$(printf %012d "$spool_at")-${spool_last%%-*} spool_late=yes
	printf '%s\n' "$spool_line" >"$spool_file.new" && mv -f "$spool_file.new" "$spool_file"
}

# spool_take: appends what is late, in the order of its time. A power cut in between tells it twice, never not.
spool_take() {
	for spool_late in "$spool"/late/[0-9]*-????????; do
		[ -f "$spool_late" ] || continue
		spool_line=
		read -r spool_line <"$spool_late" || true
		case $spool_line in
		"$spool_unnumbered"*'}')
			spool_line="{\"v\":1,\"epoch\":\"$spool_epoch\",\"seq\":$((spool_seq + 1)),${spool_line#"$spool_unnumbered"}"
			spool_put && sync "$spool_file" || return
			;;
		esac
		rm -f "$spool_late"
	done
	spool_late='' event_id=
}

# spool_find: finds where the next event goes: epoch, last number, file and its bytes. Begins an epoch unless the counter
# and the last line of the newest file agree.
spool_find() {
	spool_epoch='' spool_seq='' spool_bytes='' spool_since='' spool_file='' spool_why=
	read -r spool_epoch spool_seq spool_bytes spool_since <"$spool_counter" || true
	spool_at=$(date +%s)
	for spool_file in "$spool"/[0-9]*-*-*.jsonl; do :; done
	if [ ! -f "$spool_file" ]; then
		spool_why=first
		[ -z "$spool_seq" ] || spool_why=counter
		spool_begin "$spool_why"
		return
	fi
	# The dot keeps the end of the line.
	spool_last=$(tail -c 4096 "$spool_file" && echo .)
	spool_mended=
	case $spool_last in
	*"$spool_line_end.") spool_last=${spool_last%"$spool_line_end."} ;;
	# A power cut, a full disk, or the writer was killed. Else the next line would be lost, too.
	?*.) echo >>"$spool_file" && spool_mended=yes spool_why='cut' ;;
	*) spool_why='cut' ;;
	esac
	if [ -z "$spool_seq" ]; then
		spool_why=no-counter
	elif [ -z "$spool_why" ]; then
		case ${spool_last##*"$spool_line_end"} in
		'{"v":1,"epoch":"'"$spool_epoch"'","seq":'"$spool_seq"',"'*'}') return 0 ;;
		esac
		spool_why=counter
	fi
	spool_begin "$spool_why" || return
	[ -z "$spool_mended" ] || spool_append spool.mended -
}

# spool_begin WHY: begins an epoch. Epochs sort by time even where the clock was set back.
spool_begin() {
	mkdir -m 700 "$spool" || is_own "$spool" || return
	spool_began=$spool_at
	# Of the newest file and of the counter: an older folder may have been put back.
	for spool_last in "${spool_file##*/}" "$spool_epoch"; do
		spool_last=${spool_last%%-*}
		# Zeros in front would make it octal.
		spool_last=${spool_last#"${spool_last%%[!0]*}"}
		case $spool_last in *[!0-9]*) spool_last= ;; esac
		[ "${spool_last:-0}" -lt "$spool_began" ] || spool_began=$((spool_last + 1))
	done
	spool_last=
	read -r spool_last </proc/sys/kernel/random/uuid || spool_last=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
	spool_epoch=$(printf '%012d-%s' "$spool_began" "${spool_last%%-*}") spool_seq=0 spool_bytes=
	spool_append spool.epoch - "why=$1"
}

# spool_append KIND VM [PAIR]…
spool_append() { spool_cut "$@" && spool_put; }

# spool_cut KIND VM [PAIR]…: sets `spool_line`, of less than 4096 bytes: only such a line is written at once.
spool_cut() {
	spool_line=$(spool_line 1000 "$@") || spool_line=$(spool_line 150 "$@") || spool_line=$(spool_line 20 "$@")
}

# spool_put: appends `spool_line`, which has the next number.
spool_put() {
	spool_seq=$((spool_seq + 1)) spool_fresh=
	# An epoch begins with a file, and no file lasts longer than a week: they go as a whole.
	if [ -z "$spool_bytes" ] || [ $((spool_bytes + ${#spool_line})) -ge "$spool_file_bytes" ] ||
		[ $((spool_at - spool_since)) -ge 604800 ]; then
		# Nothing is on disk before what was told as written earlier.
		[ -z "$spool_bytes" ] || sync "$spool_file" || return
		spool_file=$spool/$spool_epoch-$(printf %010d "$spool_seq").jsonl
		spool_fresh=yes spool_bytes=0 spool_since=$spool_at
	fi
	printf '%s\n' "$spool_line" >>"$spool_file" || {
		[ -z "$spool_fresh" ] || rm -f "$spool_file"
		return 1
	}
	if [ -n "$spool_fresh" ]; then
		sync "$spool_file" "$spool" || return
		spool_prune || true
	fi
	spool_bytes=$((spool_bytes + ${#spool_line} + 1))
	# Without it the next event begins an epoch.
	echo "$spool_epoch $spool_seq $spool_bytes $spool_since" >"$spool_counter" || true
	event_id=$spool_epoch:$spool_seq
}

# spool_line LIMIT KIND VM [PAIR]…: prints the line, with each text cut to so many bytes. Fails if it is too long.
spool_line() (
	# shellcheck disable=SC2030
	LC_ALL=C
	export LC_ALL
	limit=$1 kind=$2 vm=$3
	shift 3
	count=$#
	for pair; do
		key=${pair%%=*} value=${pair#*=}
		case $key in
		*:) set -- "$@" --argjson "${key%:}" "$value" ;;
		*)
			[ "${#value}" -le "$limit" ] || value=$(printf "%.${limit}s…" "$value")
			set -- "$@" --arg "$key" "$value"
			;;
		esac
	done
	shift "$count"
	[ "$vm" = - ] || set -- --arg vm "$vm" "$@"
	up=0
	read -r up _ </proc/uptime || true
	# shellcheck disable=SC2016 # jq's variable
	line=$(jq -nc --argjson v 1 --arg epoch "$spool_epoch" --argjson seq $((spool_seq + 1)) --argjson at "$spool_at" \
		--argjson up "${up%.*}" --arg kind "$kind" "$@" '$ARGS.named') || exit
	# One that is late gets a longer beginning.
	[ "${#line}" -lt 4060 ] && printf '%s\n' "$line"
)

# spool_prune: removes the oldest files. The youngest four stay, however wrong the clock is.
spool_prune() (
	set -- "$spool"/[0-9]*-*-*.jsonl
	total=$(wc -c "$@" | tail -n 1 | { read -r total _ && echo "$total"; })
	old=$(find "$spool" -name '*.jsonl' -mtime +30)
	while [ $# -gt 4 ]; do
		if [ "$total" -le $((spool_bytes_in_all - spool_file_bytes)) ] && [ $# -le 500 ]; then
			case $spool_line_end$old$spool_line_end in *"$spool_line_end$1$spool_line_end"*) ;; *) break ;; esac
		fi
		total=$((total - $(wc -c <"$1")))
		rm -f "$1"
		shift
	done
)
