# host-keys.sh NAME…: the public halves of the ssh host keys that guests were given by this hypervisor, a row each.
for name; do
	for file in "$state/guest-keys/$name"/ssh_host_*_key.pub; do
		[ -f "$file" ] || continue
		read -r type key _ <"$file" || true
		answer host-key "$name" "$type" "$key"
	done
done
