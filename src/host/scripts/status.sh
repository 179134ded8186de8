# status.sh, behind facts.sh and with its arguments: what a person on call asks besides. Reads only. First the answer
# of facts.sh, then records, the last of them `end`. Bounded: the journal of a day to some thousand lines and seconds.

# Milliseconds since the machine came up.
ticks() { ! read -r up _ 2>/dev/null </proc/uptime || record "$1" "${up%.*}${up#*.}0"; }

# What guests use, as the kernel counts it by unit: processor time in microseconds, bytes of memory without what is
# merely cached. Reading a file is no process.
used() { # RECORD
	for folder in "$R"/sys/fs/cgroup/*.slice/microvm@*.service "$R"/sys/fs/cgroup/*.slice/*.slice/microvm@*.service; do
		[ -d "$folder" ] || continue
		name=${folder##*/microvm@} spent='' anon='' shared=''
		while read -r key value; do
			[ "$key" != usage_usec ] || { spent=$value && break; }
		done 2>/dev/null <"$folder/cpu.stat" || true
		while read -r key value; do
			case $key in anon) anon=$value ;; shmem) shared=$value && break ;; esac
		done 2>/dev/null <"$folder/memory.stat" || true
		record "$1" "${name%.service}" "$spent" "${anon:+$((anon + ${shared:-0}))}"
	done
}

# How guests ended and came back in the last day, in systemd's words: only systemd writes as process 1.
ends() {
	command -v journalctl >/dev/null || return 0
	set -- _PID=1
	# A process exited, the kernel had no memory, a unit ended well or not, a restart was scheduled.
	for id in 98e322203f7a4ed290d09fe03c09fe15 fe6faa94e7774663a0da52717891d8ef 7ad2d189f7e94e70a38c781354912448 \
		d9b373ed55a64feb8242e02dbe79a49c 5eb03494b6584870a536b337290809b3; do
		set -- "$@" "MESSAGE_ID=$id"
	done
	guests=
	for folder in "$vms"/*; do
		! is_vm "$folder" || { set -- "$@" "UNIT=microvm@${folder##*/}.service" && guests=yes; }
	done
	[ -n "$guests" ] || return 0
	! command -v timeout >/dev/null || set -- timeout 3 journalctl "$@"
	[ "$1" = timeout ] || set -- journalctl "$@"
	{ "$@" --quiet --no-pager --no-hostname --output=short-unix --lines=4000 --since=-24h 2>/dev/null || [ $? != 124 ] || echo cut; } |
		cut -c 1-200 | sed "s/^/journal$tab/"
}

# What the hypervisor itself knows of each guest.
guest_records() {
	wanted=
	for file in "$state"/guests/*; do
		name=${file##*/} last='' ended=
		case $name in -* | *[!a-z0-9-]* | '') continue ;; esac
		[ -f "$file" ] || continue
		while IFS=$tab read -r key value; do
			record known "$name" "$key" "$value"
			case $key in lastEnd) last=$value ;; ended) ended=$value ;; esac
		done <"$file" || true
		# A generation that writes no more than its id, older than what is here or returned to, leaves the rest to the spool.
		case $last in "${ended%% *}" | *[!0-9a-f:-]* | *:*:*) ;; *:?*) wanted="$wanted $name=$last" ;; esac
	done
	[ -z "$wanted" ] || ends_told
}

# ends_told: prints the events of `wanted`, each out of one file of the spool: the last that begins no later.
ends_told() {
	set --
	for file in "$state"/events/[0-9]*-*-*.jsonl; do
		[ ! -f "$file" ] || set -- "$@" "$file"
	done
	[ $# -gt 0 ] || return 0
	LC_ALL=C awk -v wanted="$wanted" -v OFS="\t" '
		BEGIN {
			for (i = split(wanted, pair, " "); i > 0; i--) {
				split(pair[i], part, /[=:]/)
				in_file = ""
				for (f = 1; f < ARGC; f++) {
					name = ARGV[f]
					sub(/.*\//, "", name)
					if (substr(name, 1, 21) == part[2] && substr(name, 23, 10) + 0 <= part[3] + 0) in_file = ARGV[f]
				}
				if (in_file == "") continue
				of["\"epoch\":\"" part[2] "\",\"seq\":" part[3] ","] = part[1]
				open[in_file] = 1
			}
			for (file in open) {
				while ((getline line < file) > 0) {
					# {"v":1,"epoch":"…","seq":7,…
					begin = substr(line, 8, 60)
					end = index(begin, ",\"at\"")
					key = substr(begin, 1, end)
					if (end > 0 && key in of) print "lastend", of[key], line
				}
				close(file)
			}
		}' "$@" </dev/null
}

# What nobody owns, as fleet-reconcile last found it, and the second of uptime at which the watch last looked to the end: 0
# where it began to look and never came to it.
looked_after() {
	while IFS=$tab read -r kind what name; do
		[ "$kind" != orphan ] || record orphan "$what" "$name"
	done 2>/dev/null <"$state/found" || true
	[ -d "$R/run/fleet/watch" ] || return 0
	looked=0
	read -r looked 2>/dev/null <"$R/run/fleet/watch/looked" || true
	record watched "$looked"
}

# Who deployed what, and what is done just now.
deployments_seen() {
	for folder in "$state"/deployments/*; do
		[ -e "$folder/begun" ] || continue
		if [ ! -e "$folder/result" ]; then
			[ ! -f "$folder/journal" ] || tail -n 1 "$folder/journal" | sed "s/^/phase$tab${folder##*/}$tab/"
			continue
		fi
		operator='' commit='' started='' result='' failure='' blames=''
		while IFS=$tab read -r key value; do
			case $key in operator) operator=$value ;; commit) commit=$value ;; started) started=$value ;; esac
		done 2>/dev/null <"$folder/meta" || true
		[ -n "$commit" ] || continue
		read -r result 2>/dev/null <"$folder/result" || true
		[ "$result" = "done" ] || while IFS=$tab read -r key value; do
			case $key in message) failure=$value ;; blames) blames=$value && break ;; esac
		done 2>/dev/null <"$folder/failure" || true
		record past "${folder##*/}" "$operator" "$commit" "$started" "$result" "$failure" "$blames"
	done
}

more() {
	ticks from
	used before
	! read -r one five fifteen _ 2>/dev/null <"$R/proc/loadavg" || record load "$one" "$five" "$fifteen"
	# NixOS writes it without an end of line.
	release=
	read -r release 2>/dev/null <"$R/run/current-system/nixos-version" || true
	[ -z "$release" ] || record release "$release"
	deployments_seen
	guest_records
	looked_after
	ends
	# What a guest uses now, not since it began: a tenth of a second tells.
	[ ! -d "$vms" ] || sleep 0.1
	ticks to
	used after
	record end
}
seen=$(more)
printf '%s\n' "$seen"
