# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh
# guest-keys NAME: what a guest is given to be looked into, made once and kept. Its ssh host key, and
# the public half of the key that the hypervisor logs in with. Nobody but root reads the folders.
R=${FLEET_ROOT:-}
keys=$R/var/lib/fleet/guest-keys
name=$1
case $name in "" | *[!a-z0-9-]*) exit 1 ;; esac

# key FILE COMMENT TYPE BITS: a key pair. Of several that make it at once, one wins.
key() {
  if [ ! -s "$1" ]; then
    new=$(mktemp -d "$keys/.new.XXXXXX")
    ssh-keygen -q -t "$3" -b "$4" -N "" -C "$2" -f "$new/key"
    ln "$new/key" "$1" 2>/dev/null || [ -s "$1" ] || mv -f "$new/key" "$1"
    rm -rf "$new"
  fi
  renew "$1.pub" ssh-keygen -y -f "$1"
}

# renew FILE COMMAND...: what COMMAND prints becomes FILE; on a full disk the one that is there stays.
renew() {
  file=$1
  shift
  if "$@" >"$file.$$" && [ -s "$file.$$" ]; then
    mv -f "$file.$$" "$file"
  else
    rm -f "$file.$$"
    [ -s "$file" ]
  fi
}

mkdir -p "$R/var/lib/fleet"
umask 077
mkdir -p "$keys"
key "$keys/check_ed25519" fleet-check ed25519 256
# The guest's sshd reads who may log in as that user, not as root.
umask 022
mkdir -p "$keys/$name"
umask 077
# ed25519 and the usual 256 bits are what a guest may have a key of its own of.
key "$keys/$name/ssh_host_ecdsa_key" "$name" ecdsa 521
umask 022
renew "$keys/$name/fleet-check" echo "restrict $(cat "$keys/check_ed25519.pub")"
# Only guests with exports heed it.
mkdir -p "$keys/$name/exports"
renew "$keys/$name/exports/root" echo "restrict $(cat "$keys/check_ed25519.pub")"
