# shellcheck shell=sh
# Sourced by every stand-in: where things are, and how something runs on after we have ended.

R=${FLEET_ROOT:?the tools in this folder are stand-ins: they work inside the sandbox of fleet only}
box=$R/sandbox
tools=$box/tools
# As absolute store paths on NixOS: what a stand-in needs does not depend on its caller's PATH.
# shellcheck source=/dev/null
. "$box/path.sh"
export PATH

tab='	'
microvms=$R/var/lib/microvms

# The process whose sandbox this is. Without it nothing is left going round.
alive() { read -r server <"$box/server" && kill -0 "$server"; } 2>/dev/null

# detach SCRIPT…: run by sh in a session and process group of its own, so that it outlives its caller
# and can be ended as a whole. Call it in the background: it replaces the shell. It has none of its caller's files:
# a lock that the caller has on one is not its.
detach() {
	exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	if command -v setsid >/dev/null; then exec setsid sh "$@"; fi
	exec perl -e 'use POSIX "setsid"; setsid; exec @ARGV' sh "$@"
}

# What is detached puts itself on record, for stop() in src/sandbox/hypervisor.ts.
on_record() { : >"$box/sessions/$$"; }
off_record() { rm -f "$box/sessions/$$"; }

# is_ours GROUP: no other's process has its number by now. Only Linux tells.
is_ours() { [ ! -r "/proc/$1/environ" ] || tr '\0' '\n' <"/proc/$1/environ" | grep -qxF "FLEET_ROOT=$R"; } 2>/dev/null

# later SECONDS COMMAND…: a command, or a function of lib/*.sh, then.
later() { (detach "$tools/lib/later" "$@" </dev/null >/dev/null 2>&1 &) }

# Prints 32 hexadecimal digits, never the same twice.
new_id() {
	if read -r uuid </proc/sys/kernel/random/uuid; then
		oldIFS=$IFS IFS=-
		# shellcheck disable=SC2086 # its parts
		set -- $uuid
		IFS=$oldIFS
		echo "$1$2$3$4$5"
	else
		od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
	fi 2>/dev/null
}

# add_root LINK: what LINK leads to is kept from nix-collect-garbage while LINK is there.
add_root() {
	oldIFS=$IFS IFS=/
	# shellcheck disable=SC2086 # its folders
	set -- "$1" $1
	IFS=_
	leaf=$1
	shift
	root=$*
	IFS=$oldIFS
	ln -sfn "$leaf" "$R/nix/var/nix/gcroots/auto/$root"
}
