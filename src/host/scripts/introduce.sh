# introduce.sh: what `fleet init` wants to know of a host that fleet has never seen. Reads only.
printf 'name\t%s\n' "$(uname -n)"
printf 'machine\t%s\n' "$(uname -m)"
routes=$(ip -j route show 2>/dev/null | tr '}' '\n')
device() { printf '%s\n' "$routes" | grep -F "$1" | sed -n 's/.*"dev":"\([^"]*\)".*/\1/p' | head -n 1; }
uplink=$(device '"dst":"default"')
# Without a default route it is where we came in: client, port, server, port.
connection=$(connection)
if [ -z "$uplink" ] && [ -n "$connection" ]; then
	server=${connection#* * }
	uplink=$(device "\"prefsrc\":\"${server%% *}\"")
fi
printf 'uplink\t%s\n' "$uplink"
# sshd's own: the port that we called may be forwarded to it.
printf 'port\t%s\n' "${connection##* }"
# The configuration says what the installation began as; the running version is only a guess.
version=$(sed -n 's/.*system\.stateVersion *= *"\([^"]*\)".*/\1/p' "$R"/etc/nixos/*.nix 2>/dev/null | head -n 1)
printf 'state-version\t%s\n' "$version"
echo '== hardware'
if [ -f "$R/etc/nixos/hardware-configuration.nix" ]; then
	cat "$R/etc/nixos/hardware-configuration.nix"
elif command -v nixos-generate-config >/dev/null; then
	nixos-generate-config --show-hardware-config
fi
