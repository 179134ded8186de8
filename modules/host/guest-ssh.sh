# Rendered by fleet from fleet.yaml: change it there.
# Put in front of scripts that log in to a guest.
# fleet's key is ecdsa. Guests built by an older fleet have an ed25519 key instead.
algorithms=ecdsa-sha2-nistp521,ssh-ed25519

# know_guest NAME ADDRESS PORT USER SECONDS: whom in_guest reaches, in what time. Makes $folder, which goes with the script.
know_guest() {
	name=$1 address=$2 port=$3 user=$4 seconds=$5
	keys=$state/guest-keys
	known=$(cat "$keys/$name"/ssh_host_*_key.pub 2>/dev/null) || true
	[ -n "$known" ] ||
		die guest.no-keys "there is no key in $keys/$name: the guest has not started since its first run check or export"
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	# Only the host keys that fleet gave this guest are accepted, because another guest may take its address.
	printf '%s\n' "$known" | while read -r type key _; do printf '%s %s %s\n' "$name" "$type" "$key"; done >"$folder/known_hosts"
}

# in_guest COMMAND: runs it there, and ends as it ends (124: it took too long, 255: ssh failed). The command goes over
# standard input, where no process list shows it, and only the guest's shell interprets it.
in_guest() {
	# shellcheck disable=SC2016 # the guest's shell reads it
	printf %s "$1" | timeout -k 1 "$seconds" ssh -F none -T -p "$port" -i "$keys/check_ed25519" \
		-o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o ConnectTimeout="$seconds" \
		-o StrictHostKeyChecking=yes -o UserKnownHostsFile="$folder/known_hosts" -o GlobalKnownHostsFile=/dev/null \
		-o HostKeyAlias="$name" -o HostKeyAlgorithms="$algorithms" -o UpdateHostKeys=no -o LogLevel=ERROR \
		-- "$user@$address" 'eval " $(cat)" </dev/null'
}
