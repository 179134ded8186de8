# After locks.sh: who else has what is a guest's own, its TAPs and macvtaps, its images, its folder. While somebody has, its
# VMM cannot have them; and two that write in one image destroy it.

# names_in KEY: of records of guests, on standard input.
names_in() { grep -o "\"$1\":\"[^\"]*\"" | sed 's/^[^:]*:"//;s/"$//' | sort -u; }

# links_to PATTERN…: `NUMBER FD TARGET` of each process that has such a file open, or any TAP or macvtap, or works in such a
# folder, and is in no unit of a guest that runs. One pass over all processes.
links_to() {
	busy=$nl$(busy_guests)$nl || return 0
	for pattern; do
		shift
		set -- "$@" -o -lname "$pattern"
	done
	last='' theirs=
	find "$R"/proc/[0-9]*/fd "$R"/proc/[0-9]*/cwd \( -lname /dev/net/tun -o -lname '/dev/tap[0-9]*' "$@" \) 2>/dev/null |
		while IFS= read -r link; do
			number=${link#"$R"/proc/}
			number=${number%%/*}
			if [ "$number" != "$last" ]; then
				last=$number theirs=
				unit=$(unit_of "$number")
				case $busy in *"$nl$unit$nl"*) [ -z "$unit" ] || theirs=yes ;; esac
			fi
			[ -n "$theirs" ] || echo "$number ${link##*/} $(target "$link")"
		done
}

# images_of NAME: its images, by every path that a process may have them open by: what fleet has deployed, and what lies in its
# folder as one.
images_of() {
	{
		names_in image 2>/dev/null <"$state/deployed/$1" | sed "s|^|$vms/$1/|"
		for file in "$vms/$1"/*.img; do echo "$file"; done
	} | while IFS= read -r file; do
		[ -f "$file" ] || continue
		echo "$file"
		readlink -f "$file" || true
	done | sort -u
}

# things_of NAME [TAP…]: `interface TAP`, `device /dev/tapN` and `image FILE`, a line each. Macvtaps are declared by Nix alone,
# so its runners are asked, too.
things_of() {
	guest=$1
	shift
	{
		for tap; do echo "$tap"; done
		for runner in "$(target "$vms/$guest/current")" "$(target "$vms/$guest/booted")"; do
			file=$runner/share/microvm/macvtap-interfaces
			if in_store "$runner" && [ -e "$file" ]; then store_text "$file" | cut -d ' ' -f 1 || true; fi
		done
	} | while IFS= read -r tap; do
		case $tap in '' | *[!A-Za-z0-9_.-]*) continue ;; esac
		echo "interface $tap"
		# A TAP has a number, too, but no device of that name.
		! read -r index 2>/dev/null <"$R/sys/class/net/$tap/ifindex" || echo "device /dev/tap$index"
	done
	images_of "$guest" | sed 's/^/image /'
}

# program_of NUMBER: as its file is called, whatever it calls itself.
program_of() {
	program=$(target "$R/proc/$1/exe")
	program=${program%' (deleted)'}
	[ -n "$program" ] || read -r program 2>/dev/null <"$R/proc/$1/comm" || true
	program=${program##*/}
	# As nixpkgs wraps it.
	case $program in .*-wrapped) program=${program#.} && program=${program%-wrapped} ;; esac
	printf '%s\n' "$program" | tr -cd 'A-Za-z0-9_.+\n-'
}

# is_vmm_of NAME NUMBER: a VMM, or virtiofsd, that works in the guest's folder or calls itself by its name. Another
# machine's, to which somebody has lent an image, does neither.
is_vmm_of() {
	case $(program_of "$2") in
	qemu-system-* | qemu-kvm | cloud-hyperviso* | firecracker | crosvm | lkvm | stratovirt | alioth | virtiofsd) ;;
	*) return 1 ;;
	esac
	[ "$(target "$R/proc/$2/cwd")" = "$vms/$1" ] ||
		[ "$(tr '\0' '\n' 2>/dev/null <"$R/proc/$2/cmdline" | head -n 1)" = "microvm@$1" ]
}

# keeps_out NUMBER FD: no VMM can have a file that this process has open: it writes, or is a tool of QEMU's, which locks it.
keeps_out() {
	case $(program_of "$1") in qemu-*) return 0 ;; esac
	case $(sed -n 's/^flags:[[:space:]]*//p' "$R/proc/$1/fdinfo/$2" 2>/dev/null) in *[1-35-7]) ;; *) return 1 ;; esac
}

# who_has NAME THINGS: of links on standard input, those to the guest's. `stray NUMBER`: who has a TAP of it, or is a VMM of it,
# which somebody started by hand or which outlived its unit. `holder NUMBER PROGRAM FILE`: who else has an image, so that no
# VMM can; `-`: it is attached as a loop device.
who_has() {
	while read -r number fd path; do
		case $path in
		/dev/net/tun) thing="interface $(sed -n 's/^iff:[[:space:]]*//p' "$R/proc/$number/fdinfo/$fd" 2>/dev/null)" ;;
		/dev/tap*) thing="device $path" ;;
		*) thing="image $path" ;;
		esac
		case $nl$2$nl in *"$nl$thing$nl"*) ;; *) thing=none ;; esac
		case $thing in
		interface* | device*) echo "stray $number" ;;
		*)
			if is_vmm_of "$1" "$number"; then
				echo "stray $number"
			elif [ "$thing" != none ] && keeps_out "$number" "$fd"; then
				echo "holder $number $(program_of "$number") $path"
			fi
			;;
		esac
	done
	for file in "$R"/sys/block/loop*/loop/backing_file; do
		IFS= read -r path 2>/dev/null <"$file" || continue
		loop=${file%/loop/backing_file}
		case $nl$2$nl in *"${nl}image $path$nl"*) ;; *) continue ;; esac
		grep -qsx 1 "$loop/ro" || echo "holder - ${loop##*/} $path"
	done
}

# strays_and_holders NAME [TAP…]: all of them, each once; who is a stray is no holder.
strays_and_holders() {
	things=$(things_of "$@")
	set -- "$1" "$vms/$1" "$vms/$1/*"
	while IFS= read -r thing; do
		case $thing in image*[*?[\\]*) ;; image*) set -- "$@" "${thing#image }" ;; esac
	done <<-END
		$things
	END
	guest=$1
	shift
	all=$(links_to "$@" | who_has "$guest" "$things" | sort -u)
	printf '%s\n' "$all" | while read -r what number more; do
		case $what in
		stray) echo "stray $number" ;;
		holder) case $nl$all$nl in *"${nl}stray $number$nl"*) ;; *) echo "holder $number $more" ;; esac ;;
		esac
	done
}

# refuse_held NAME [TAP…]: fails while somebody else has an image of the guest; whoever only looks is soon done. Sets `found`,
# for end_strays.
refuse_held() {
	for left in 2 1 0; do
		found=$(strays_and_holders "$@")
		held=$(printf '%s\n' "$found" | sed -n 's/^holder //p' | head -n 1)
		[ -n "$held" ] || return 0
		[ "$left" = 0 ] || sleep 1
	done
	read -r number program path <<-END
		$held
	END
	case $number in
	-) die operation.image-held "${path##*/} of $1 is attached as $program, so nothing was done: two that write in it destroy it. See who needs it, then detach it: losetup -d /dev/$program" ;;
	*) die operation.image-held "${path##*/} of $1 is open in process $number ($program), so nothing was done: no other can have it meanwhile. See what it is, then end it: kill $number" ;;
	esac
}

# end_strays NAME FOUND: by their numbers, if they are still so.
end_strays() {
	printf '%s\n' "$2" | sed -n 's/^stray //p' | while read -r number; do
		what=$(program_of "$number")
		# Asked in this order: one that ends is in no unit any more, but has lost its files before.
		if in_guest "$number" || ! has_open "$1" "$number"; then continue; fi
		end_process "$number" || continue
		answer stray "$number" "$what"
	done
}

# has_open NAME NUMBER: it has a TAP or a macvtap open, or something of the guest's.
has_open() {
	[ -n "$(find "$R/proc/$2/fd" "$R/proc/$2/cwd" \( -lname /dev/net/tun -o -lname '/dev/tap[0-9]*' -o -lname "$vms/$1" -o -lname "$vms/$1/*" \) 2>/dev/null)" ]
}
