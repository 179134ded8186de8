# facts.sh CHECKOUT vms|brief|full [deployed] [ADDRESS…]: prints everything that fleet wants to know about a hypervisor, in
# one round trip. vms: leaves out what operations on vms do not use; that is what takes longest. Changes nothing. Pings guests
# at these addresses; with `deployed` also every guest that fleet deployed.
# First come records, lines of tab-separated fields, then sections with the output of a tool as it is.
# It runs on every hypervisor at every plan, so it starts few processes: each tool once for all guests.
checkout=$R$1 wanted=$2
shift 2

# Whether the kernel forwards packets. Files are read by the shell, because a sysctl would be a process each. A shell that
# reads byte by byte, as dash does, finds the end of such a file behind its first one: that is no failure.
forwarding() {
	for file in "$R"/proc/sys/net/ipv4/conf/*/forwarding; do
		on=''
		read -r on 2>/dev/null <"$file" || [ -n "$on" ] || continue
		file=${file%/*}
		[ "$on" != 0 ] || record closed4 "${file##*/}"
	done
	on=''
	read -r on 2>/dev/null <"$R/proc/sys/net/ipv6/conf/all/forwarding" || true
	[ -z "$on" ] || record forwards6 "$on"
}

# Fleet's nftables table, and chains of others that drop forwarded packets by policy, with the names and subnets in their
# tables: fleet guesses from these whether the guests' packets are accepted.
firewall() {
	chains=$(nft list chains 2>/dev/null) || return 0
	own=
	while read -r word one two rest; do
		case $word in
		table)
			family=$one table=$two
			[ "$one $two" != 'inet fleet' ] || own=yes
			;;
		chain) chain=$one ;;
		type)
			case "$family $table $two $rest" in
			'inet fleet '*) ;;
			*' hook forward '*'policy drop;'*)
				names=$(nft list table "$family" "$table" 2>/dev/null | grep -oE '"[^"]+"|[0-9a-f.:]+/[0-9]+' | sort -u | tr '\n' ' ')
				record drops "$family $table $chain" "$names"
				;;
			esac
			;;
		esac
	done <<-END
		$chains
	END
	read -r deployed 2>/dev/null <"$(table_file "$(target "$R/run/current-system")")" || deployed=
	if [ -n "$own" ]; then own=$(table_print); fi
	record table "$own" "$deployed"
}

# The mount that /var/lib/fleet is on: the longest path, and of several at that path the last.
mounted() {
	[ -r "$R/proc/mounts" ] || return 0
	folder=/var/lib/fleet/ mount='' kind='' kept=no
	while read -r _ point type _; do
		case $folder in
		"${point%/}"/*) [ "${#point}" -lt "${#mount}" ] || mount=$point kind=$type ;;
		esac
		# If this is a mount of its own, the root file system is probably not persistent.
		[ "$point" != /var/lib/nixos ] || kept=yes
	done <"$R/proc/mounts"
	record mounted "$mount" "$kind" "$kept"
}

# Files that could be disks of guests, with their sizes. Group kvm may create any number of others, with any name: of a
# folder only the first hundred are listed, then `cut`.
images() {
	set --
	for folder in "$vms"/* "$aside"/*/*; do
		from=${folder%/*}
		case ${from##*/} in *[!a-z0-9-]*) continue ;; esac
		is_vm "$folder" || continue
		files=0
		for file in "$folder"/*; do
			case ${file##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
			if [ -L "$file" ] || [ ! -f "$file" ]; then continue; fi
			files=$((files + 1))
			[ "$files" -le 100 ] || {
				echo "cut $folder"
				break
			}
			set -- "$@" "$file"
		done
		# Many at a time, but not more than a command line holds.
		if [ $# -ge 1000 ]; then
			sizes "$@"
			set --
		fi
	done
	[ $# -eq 0 ] || sizes "$@"
}

# How much the folders take, each as soon as it is known; `cut` if they hold too much to wait for.
taken() {
	if ! command -v timeout >/dev/null; then
		du -sk "$@"
		return
	fi
	code=0
	timeout -k 1 5 du -sk "$@" || code=$?
	case $code in 124 | 137) echo cut ;; esac
}

# -c in GNU and busybox, -f in BSD.
sizes() { stat -c '%s %n' "$@" 2>/dev/null || stat -f '%z %N' "$@" 2>/dev/null || true; }

# Addresses of the deployed guests: that of the first NIC, as formatExpected (src/model/expected.ts) writes it.
deployed_addresses() {
	for file in "$state"/deployed/*; do
		read -r line 2>/dev/null <"$file" || continue
		case $line in *"$tab{\"tap\":\""*'","address":"'*) ;; *) continue ;; esac
		line=${line#*'","address":"'}
		line=${line%%'"'*}
		case $line in *[!0-9.]*) ;; *) echo "$line" ;; esac
	done
}

# What disks, the folders of guests and the checkout hold.
stored() {
	echo '== disks'
	df -Pk "$R/nix/store" "$state_disk" "$vms_disk" ${boot:+"$boot"} 2>/dev/null || true
	echo '== taken'
	# Images are sparse: this is what they take now, not how large they may become.
	of_vms / taken
	echo '== images'
	images
	echo '== checkout'
	[ ! -d "$checkout/.git" ] || git --no-optional-locks -C "$checkout" status --porcelain=v2 --branch 2>/dev/null || true
}

look() {
	# `full` is read again and again, so one ping is enough. Others are read once, so a lost ping is followed by another.
	patience='-w 2'
	[ "$wanted" != full ] || patience='-W 1'
	ask_guests "$patience" "$@"

	record root "$R"
	record now "$(date +%s)"
	read -r up _ 2>/dev/null </proc/uptime && record uptime "${up%.*}"
	record machine "$(uname -m)"
	record client "$(connection)"
	read -r boot_id <"$R/proc/sys/kernel/random/boot_id" && record boot "$boot_id"
	for tool in git ip microvm nix nix-env ping systemctl systemd-run; do
		command -v "$tool" >/dev/null || record missing "$tool"
	done
	record version "$(state_version)" "$state_reads"
	[ ! -f "$state/fleet" ] || { read -r fleet <"$state/fleet" && record fleet "$fleet"; }
	# id, operator, operation, time, decision, seconds until it rolls back; of open deployments and of the one with the lock.
	deployment() { # RECORD FOLDER
		operator='' operation='' started='' deadline=''
		while IFS=$tab read -r key value; do
			case $key in operator) operator=$value ;; operation) operation=$value ;; started) started=$value ;; esac
		done 2>/dev/null <"$2/meta" || true
		read -r deadline 2>/dev/null <"$2/deadline" || true
		read -r up _ 2>/dev/null </proc/uptime || up=$(date +%s)
		record "$1" "${2##*/}" "$operator" "$operation" "$started" "$(target "$2/decided")" "$((${deadline:-0} - ${up%.*}))"
	}
	if [ -L "$state/lock" ]; then deployment lock "$state/$(target "$state/lock")"; fi
	ended='' result=''
	for folder in "$state"/deployments/*; do
		[ -e "$folder/begun" ] || continue
		if [ -f "$folder/result" ]; then
			read -r how <"$folder/result" || how=
			case $how in '' | untouched) ;; *) ended=${folder##*/} result=$how ;; esac
			continue
		fi
		deployment open "$folder"
	done
	[ -z "$ended" ] || record ended "$ended" "$result"
	if [ "$wanted" != vms ]; then
		forwarding
		firewall
		mounted
	fi
	for kind in deployed held stopped waiting; do
		for file in "$state/$kind"/*; do
			case $file in *.new) continue ;; esac
			[ -f "$file" ] || continue
			while IFS= read -r line; do
				record "$kind" "${file##*/}" "$line"
				[ "$kind" = deployed ] || continue
				path=${line#*"$tab"}
				path=${path%%"$tab"*}
				[ -e "$path" ] || record gone "${file##*/}"
			done <"$file"
		done
	done
	# Anything that somebody other than root may have put there is ignored.
	own=
	for folder in "$aside"/*/*; do
		from=${folder%/*}
		case ${from##*/} in *[!a-z0-9-]*) continue ;; esac
		if is_vm "$folder" && was_set_aside "${from##*/}" "${folder##*/}"; then
			[ -n "$own" ] || is_own "$aside" || break
			own=yes
			record aside "${folder##*/}" "${folder#"$R"}"
		fi
	done
	for folder in "$vms"/*; do
		is_vm "$folder" || continue
		declarative=no
		! is_declared "$R/run/current-system" "${folder##*/}" || declarative=yes
		record vm "${folder##*/}" "$declarative"
	done
	# Also guests with names that fleet.yaml does not allow. A guest whose runner was collected does not start again.
	for folder in "$vms"/*; do
		is_guest "$folder" || continue
		is_vm "$folder" || record other "${folder##*/}"
		for link in current booted; do
			[ ! -L "$folder/$link" ] || [ -e "$folder/$link" ] || record lost "${folder##*/}" "$link"
		done
	done
	# A folder that does not exist yet will be created on the file system of its parent.
	state_disk=$state vms_disk=$vms boot=$R/boot
	[ -d "$state_disk" ] || state_disk=${state%/*}
	[ -d "$vms_disk" ] || vms_disk=${vms%/*}
	[ -d "$boot" ] || boot=
	for disk in /nix/store /var/lib/fleet /var/lib/microvms ${boot:+/boot}; do record disk "$disk"; done
	if [ -r "$R/proc/meminfo" ]; then
		while read -r key value _; do
			case $key in MemTotal: | MemAvailable:) record memory "${key%:}" "$value" ;; esac
			[ "$key" != MemAvailable: ] || break
		done <"$R/proc/meminfo"
	fi
	processors=$R/sys/devices/system/cpu/online
	[ ! -r "$processors" ] || { read -r online <"$processors" && record processors "$online"; }

	echo '== links'
	# The system's links before those of vms: the first one of a name counts, and group kvm may write the latter.
	ls -ld "$system_profile" "$system_profile"-*-link \
		"$R"/run/current-system "$R"/run/current-system/kernel "$R"/run/current-system/initrd "$R"/run/current-system/kernel-modules \
		"$R"/run/booted-system "$R"/run/booted-system/kernel "$R"/run/booted-system/initrd "$R"/run/booted-system/kernel-modules \
		"$roots"/deployed-* 2>/dev/null || true
	print_runners
	echo '== times'
	link_times() { # by one stat
		set --
		for link in "$system_profile" "$R/run/current-system"; do [ ! -L "$link" ] || set -- "$@" "$link"; done
		for folder in "$vms"/*; do
			if is_vm "$folder" && [ -L "$folder/current" ]; then set -- "$@" "$folder/current"; fi
		done
		# -c in GNU and busybox, -f in BSD.
		[ $# -eq 0 ] || stat -c '%Y %n' "$@" 2>/dev/null || stat -f '%m %N' "$@" 2>/dev/null || true
	}
	link_times
	[ "$wanted" = vms ] || stored
	print_units 'fleet-back-*.timer' 'fleet-back-*.service' 'fleet-2*.service' \
		nixos-upgrade.timer nixos-upgrade.service comin.service dnsmasq.service
	echo '== processes'
	# The kernel cuts names at 15 characters. Those with a dot are run by a wrapper that Nix made.
	grep -hsxE 'nixos-rebuild|nixos-rebuild-n|\.nixos-rebuild-|switch-to-confi|\.switch-to-conf|microvm|nix-collect-gar' \
		"$R"/proc/[0-9]*/comm || true
	echo '== failed'
	[ "$wanted" != full ] || systemctl list-units --no-pager --no-legend --plain --full --state=failed 2>/dev/null || true
	print_addresses
	if [ "$wanted" != vms ]; then
		echo '== routes'
		ip -j route show 2>/dev/null || true
		echo
		echo '== routes6'
		ip -6 -j route show 2>/dev/null || true
		echo
	fi
	print_answers "$@"
	echo '== end'
}

if [ "${1:-}" = deployed ]; then
	shift
	for address in $(deployed_addresses); do
		case " $* " in *" $address "*) ;; *) set -- "$@" "$address" ;; esac
	done
fi
# Written at once: sshd sends each line that is written by itself as a packet of its own.
seen=$(look "$@")
printf '%s\n' "$seen"
