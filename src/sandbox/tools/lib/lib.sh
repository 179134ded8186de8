# shellcheck shell=sh
# Sourced by every stand-in: where things are, and how something runs on after we have ended.

R=${FLEET_ROOT:?the tools in this folder are stand-ins: they work inside the sandbox of fleet only}
box=$R/sandbox
tools=$box/tools
# As absolute store paths on NixOS: what a stand-in needs does not depend on its caller's PATH.
read -r PATH <"$box/path"
export PATH

tab='	'
microvms=$R/var/lib/microvms

# The process whose sandbox this is. Without it nothing is left going round.
alive() { read -r server <"$box/server" && kill -0 "$server"; } 2>/dev/null

# detach COMMAND…: in a session and process group of its own and on record, so that it outlives
# its caller and can be ended as a whole. Call it in the background: it replaces the shell.
detach() {
	if command -v setsid >/dev/null; then
		exec setsid sh "$tools/lib/session" "$@"
	fi
	exec perl -e 'use POSIX "setsid"; setsid; exec @ARGV' sh "$tools/lib/session" "$@"
}

# later SECONDS FUNCTION [ARGUMENT…]: one of lib/*.sh, called then.
later() { (detach sh "$tools/lib/later" "$@" </dev/null >/dev/null 2>&1 &) }

# Prints 32 hexadecimal digits, never the same twice.
new_id() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
