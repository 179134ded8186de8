# After locks.sh: who else has a guest's images. While somebody has, no VMM can have them; and two that write in one destroy it.

# images_of NAME: the files, by what fleet has deployed.
images_of() {
	folder=$vms/$1
	grep -o '"image":"[^"]*"' 2>/dev/null <"$state/deployed/$1" | sed 's/^"image":"//;s/"$//' | sort -u |
		while IFS= read -r image; do
			case $image in '' | *[!A-Za-z0-9_.-]*) continue ;; esac
			echo "$folder/$image"
		done
}

# program_of NUMBER: as its file is called, whatever it calls itself.
program_of() {
	program=$(target "$R/proc/$1/exe")
	program=${program%' (deleted)'}
	[ -n "$program" ] || read -r program 2>/dev/null <"$R/proc/$1/comm" || true
	printf '%s' "${program##*/}" | tr -cd 'A-Za-z0-9_.+-'
	echo
}

# keeps_out NUMBER FD: no VMM can have a file that this process has open: it writes, or is a tool of QEMU's, which locks it.
keeps_out() {
	case $(program_of "$1") in qemu-*) return 0 ;; esac
	case $(sed -n 's/^flags:[[:space:]]*//p' "$R/proc/$1/fdinfo/$2" 2>/dev/null) in *[1-35-7]) ;; *) return 1 ;; esac
}

# image_holders NAME TAP…: `NUMBER PROGRAM IMAGE` of each process that keeps its VMM out of an image, and is neither in a unit
# of a guest that runs nor a stray, which is ended; `- loopN IMAGE` of a loop device. Files are compared, not names: in a
# container another may be called the same.
# shellcheck disable=SC3013 # dash, bash and busybox know -ef
image_holders() {
	guest=$1
	images=$(images_of "$guest")
	[ -n "$images" ] || return 0
	ended=$(strays "$@")
	set --
	for image in $images; do
		for file in "$image" "$(readlink -f "$image")"; do
			case ${file##*/} in '' | *[!A-Za-z0-9_.-]*) ;; *) set -- "$@" -o -lname "*/${file##*/}" ;; esac
		done
	done
	shift
	find "$R"/proc/[0-9]*/fd \( "$@" \) 2>/dev/null | while IFS= read -r link; do
		number=${link#"$R"/proc/}
		number=${number%%/*}
		for image in $images; do
			if ! [ "$link" -ef "$image" ] || ! keeps_out "$number" "${link##*/}" || in_guest "$number" ||
				printf '%s\n' "$ended" | grep -qxF "$number"; then
				continue
			fi
			echo "$number $(program_of "$number") ${image##*/}"
		done
	done
	for file in "$R"/sys/block/loop*/loop/backing_file; do
		IFS= read -r path 2>/dev/null <"$file" || continue
		loop=${file%/loop/backing_file}
		for image in $images; do
			if ! [ "$path" -ef "$image" ] || grep -qsx 1 "$loop/ro"; then continue; fi
			echo "- ${loop##*/} ${image##*/}"
		done
	done
}

# refuse_held NAME TAP…: fails while somebody else has an image of the guest; whoever only looks is soon done.
refuse_held() {
	for tries in 2 1 0; do
		held=$(image_holders "$@" | head -n 1)
		[ -n "$held" ] || return 0
		[ "$tries" = 0 ] || sleep 1
	done
	read -r number program image <<-END
		$held
	END
	case $number in
	-) die operation.image-held "$image of $1 is attached as $program, so nothing was done: two that write in it destroy it. See who needs it; then unmount it, and detach it: losetup -d /dev/$program" ;;
	*) die operation.image-held "$image of $1 is open in process $number ($program), so nothing was done: no VMM can have it meanwhile. See what it is, then end it: kill $number" ;;
	esac
}
