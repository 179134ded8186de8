# Rendered by fleet from fleet.yaml: change it there.
# After lib.sh, deployments.sh, spool.sh and guest-state.sh: the memory of a guest that hangs, before the watch ends it. After
# a crash there is no VMM any more that could write it; the VMM's own memory is systemd-coredump's business.
# QEMU writes as user microvm, in a folder that nobody but root and that user may enter; then the file becomes root's.
dumps=$state/dumps
# No dump is larger (KiB), and this much of the disk stays free. Two of a guest stay, for a week.
dump_most=$((64 * 1024 * 1024)) dump_spares=$((1024 * 1024))

# qmp_socket NAME: prints the name of QEMU's socket in the guest's folder, as its runner has it. Fails for other VMMs.
qmp_socket() {
	[ "$(store_text "$vms/$1/booted/share/microvm/hypervisor" 64)" = qemu ] || return 1
	socket=$(store_text "$vms/$1/booted/bin/microvm-shutdown" 65536 |
		sed -n 's/.*UNIX:\([A-Za-z0-9][A-Za-z0-9._-]*\),shut-none.*/\1/p' | head -n 1)
	[ -n "$socket" ] && echo "$socket"
}

# dump_guest NAME [SECONDS]: where fleet.yaml asks for it (dumps.guest). Sets dump, the file, and writes an event; else why
# there is none is in no_dump, and it fails. Whoever calls it has the lock of the guest: QEMU listens to one at a time, and
# the shutdown script needs it, too.
dump_guest() {
	dump='' no_dump=
	# shellcheck disable=SC2016 # for jq
	[ "$(policy '.vms[$name].dumps.guest // false' --arg name "$1")" = true ] || {
		no_dump='dumps.guest is false'
		return 1
	}
	memory=$(memory_of "$1")
	case $memory in '' | *[!0-9]* | ????????*) no_dump='its memory is unknown' && return 1 ;; esac
	memory=$((memory * 1024))
	socket=$(qmp_socket "$1") || {
		no_dump='only QEMU writes dumps, and needs a socket'
		return 1
	}
	[ "$memory" -le "$dump_most" ] || {
		no_dump="it has $((memory / 1024)) MiB, and a dump at most $((dump_most / 1024))"
		return 1
	}
	mkdir -m 711 "$dumps" 2>/dev/null || is_own "$dumps" || {
		no_dump="${dumps#"$R"} is not root's"
		return 1
	}
	rm -rf "$dumps/.new.$1"
	prune_dumps "$1" 1
	free=$(df -Pk "$dumps" | { read -r _ && read -r _ _ _ free _ && echo "$free"; }) || free=0
	[ "${free:-0}" -ge $((memory + dump_spares)) ] || {
		no_dump="${dumps#"$R"} has $((free / 1024)) MiB free, and $(((memory + dump_spares) / 1024)) are needed"
		return 1
	}
	{ [ -d "$dumps/$1" ] || mkdir -m 700 "$dumps/$1"; } && mkdir -m 700 "$dumps/.new.$1" || return
	[ -n "$R" ] || chown microvm "$dumps/.new.$1"
	# The guest stands still meanwhile, and goes on afterwards.
	# shellcheck disable=SC2016
	said=$(in_vm "$1" timeout "${2:-120}" sh -c '
		said=$2/said
		: >"$said"
		{
			printf "%s\n" "{\"execute\":\"qmp_capabilities\"}" \
				"{\"execute\":\"dump-guest-memory\",\"id\":\"dump\",\"arguments\":{\"paging\":false,\"protocol\":\"file:$2/memory\"}}"
			# A line end does no harm there, and ends this when QEMU is gone. dd writes what it reads at once, as head does not.
			until grep -q "\"id\": *\"dump\"" "$said"; do sleep 0.2 && echo; done
		} | socat -t 1 - "UNIX-CONNECT:$1" | dd bs=512 count=128 2>/dev/null >"$said"
		grep "\"id\": *\"dump\"" "$said"' fleet "$socket" "$dumps/.new.$1" 2>/dev/null)
	file=$dumps/$1/$(date +%s).elf
	case $said in
	*'"return"'*) rename "$dumps/.new.$1/memory" "$file" 2>/dev/null || said='there is no file' ;;
	esac
	rm -rf "$dumps/.new.$1"
	# Only here nobody else can replace it.
	if [ -f "$file" ] && [ ! -L "$file" ] && [ "$(stat -c %h "$file")" = 1 ]; then
		[ -n "$R" ] || chown root:root "$file"
		chmod 600 "$file"
		dump=$file
		event guest.dumped "$1" "file=${file#"$dumps/"}" || true
		return 0
	fi
	# Whatever it is that somebody put there, a folder, too: what he works in is left nowhere that this looks later.
	rm -rf "$file"
	no_dump="QEMU wrote none: $(printf '%s' "${said:-it did not answer in time}" | plain_lines 1)"
	return 1
}

# prune_dumps NAME KEEP: what is older than a week goes, and all but the last KEEP.
prune_dumps() (
	cd "$dumps/$1" 2>/dev/null || exit 0
	find . -maxdepth 1 -type f -mtime +7 -exec rm -f {} +
	# shellcheck disable=SC2012 # only root writes there
	ls -1t | tail -n +"$(($2 + 1))" | while IFS= read -r file; do rm -f "$file"; done
)
