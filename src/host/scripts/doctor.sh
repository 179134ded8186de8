# doctor.sh, behind facts.sh and with its arguments: what else could keep a hypervisor from being deployed to. Reads
# only. First the answer of facts.sh, then records, the last of them `end`.

# Who could change what is built: the checkout is root's alone.
# shellcheck disable=SC2154 # facts.sh says which it is
checkout_seen() {
	[ -d "$checkout" ] || return 0
	is_own "$checkout" || record shared yes
	[ ! -e "$checkout/.git" ] || git -C "$checkout" rev-parse -q --git-dir >/dev/null 2>&1 || record unusable yes
}

# What the kernel has. A device's node is there for a module that can be loaded, but for /dev/kvm, which is there without
# the processor's part, too: opening one would load its module, so that of the kernel counts.
kernel_seen() {
	[ ! -e "$R/sys/class/misc/kvm" ] || record kernel kvm
	for device in net/tun vhost-net vhost-vsock; do
		if [ -e "$R/sys/class/misc/${device#net/}" ] || [ -e "$R/dev/$device" ]; then record kernel "${device#net/}"; fi
	done
}

inodes_seen() {
	state_disk=$state vms_disk=$vms
	[ -d "$state_disk" ] || state_disk=${state%/*}
	[ -d "$vms_disk" ] || vms_disk=${vms%/*}
	df -Pi "$R/nix/store" "$state_disk" "$vms_disk" 2>/dev/null | sed "1d;s/^/inodes$tab/"
}

more() {
	[ "$(id -u)" = 0 ] || [ -n "$R" ] || record user "$(id -un)"
	# NixOS writes it without an end of line.
	release=
	read -r release 2>/dev/null <"$R/run/current-system/nixos-version" || true
	[ -z "$release" ] || record nixos "$release"
	if command -v nix >/dev/null; then
		record nix "$(nix --version 2>/dev/null)"
		! has_flakes || record flakes yes
	fi
	command -v flock >/dev/null || record missing flock
	checkout_seen
	kernel_seen
	inodes_seen
	record end
}
seen=$(more)
printf '%s\n' "$seen"
