# runners.sh: prints what `fleet init --from` has to know about the vms that a hypervisor already has, whoever made them.
# Changes nothing. For each vm: records of tab-separated fields, then the lines of its runner and of its files.
record() {
	printf '%s' "$1"
	shift
	for field; do printf '\t%s' "$field"; done
	printf '\n'
}

# lines KEY FILE…: prints every line of these files behind KEY. Files that do not exist are skipped. grep also ends a last
# line without a line break.
lines() {
	key=$1
	shift
	for file; do
		[ ! -r "$file" ] || grep '' "$file" | sed "s/^/$key$tab/"
	done
}

# its_lines KEY FILE…: the same of files that are a runner's or its guest's.
its_lines() {
	key=$1
	shift
	for file; do store_text "$file" 65536 | grep '' | sed "s/^/$key$tab/"; done
}

systemctl show --no-pager -p Wants --value microvms.target 2>/dev/null | tr ' ' '\n' |
	sed -n "s/^microvm@\(.*\)\.service$/autostart$tab\1/p"
# MAC and address of recent neighbours.
ip neigh show 2>/dev/null | sed -n "s/^\([^ ]*\) dev \([^ ]*\) lladdr \([^ ]*\) .*/neighbour$tab\1$tab\2$tab\3/p"
# NAT rules: source NAT, and forwarded ports.
ruleset=$(nft list ruleset 2>/dev/null) || true
tables_of() { printf '%s\n' "$ruleset" | sed -n "/^table $1 /,/^}/p"; }
nat_of() { tables_of "$1" | grep -E 'masquerade|[sd]nat (ip6? )?(prefix )?to ' || true; }
record_rules() { printf '%s\n' "$2" | sed -n "s/^[[:space:]]*\([^[:space:]]\)/$1$tab\1/p"; }
# Tables of family inet may have rules for IPv4, IPv6 or both.
inet=$(nat_of inet)
nat_rules() { # RECORD FAMILY SAVE TABLES
	rules=$(nat_of "$2")
	# nft cannot print every iptables rule (`xt target`), and does not know iptables' own tables in the kernel.
	if [ -z "$rules$inet" ] || tables_of "$2" | grep -q 'xt target' || grep -qx nat "$R/proc/net/$4" 2>/dev/null; then
		rules="$rules
$("$3" -t nat 2>/dev/null | grep -E -- '-j (MASQUERADE|SNAT|DNAT)')" || true
	fi
	record_rules "$1" "$rules"
}
nat_rules rule ip iptables-save ip_tables_names
nat_rules rule6 ip6 ip6tables-save ip6_tables_names
record_rules rule-inet "$inet"
if [ "$(cat "$R/proc/sys/net/ipv6/conf/all/forwarding" 2>/dev/null)" = 1 ]; then
	record forward6
fi
# Ports of bridges, interfaces that could be such ports, and interfaces that are not hardware.
for port in "$R"/sys/class/net/*/brport; do
	[ -e "$port" ] || continue
	name=${port%/brport}
	bridge=$(target "$port/bridge")
	record port "${name##*/}" "${bridge##*/}"
done
for folder in "$R"/sys/class/net/*; do
	# TAPs and TUNs.
	[ ! -e "$folder/tun_flags" ] || record tun "${folder##*/}"
	if [ -e "$folder/bridge" ] || [ -e "$folder/bonding" ] || [ -e "$R/proc/net/vlan/${folder##*/}" ]; then
		record made "${folder##*/}"
	fi
done
# Accounts of people have uids from 1000 on; those of Nix's builders begin at 30001.
[ ! -r "$R/etc/passwd" ] || while IFS=: read -r name _ uid _; do
	[ "$uid" -lt 1000 ] || [ "$uid" -gt 29999 ] || record user "$name"
done <"$R/etc/passwd"
# Ports that the firewall opens, in nft or iptables, and tables that drop forwarded packets by policy.
record_rules accepts "$(tables_of inet | grep -E 'dport .* accept' || true)"
if [ -z "$ruleset" ] || printf '%s\n' "$ruleset" | grep -q 'xt target'; then
	record_rules accepts "$(iptables-save -t filter 2>/dev/null | grep -E -- '--dports? .*-j (ACCEPT|nixos-fw-accept)' || true)"
fi
printf '%s\n' "$ruleset" | grep -E '^table |hook forward .*policy drop' | while read -r word family name rest; do
	if [ "$word" = table ]; then table="$family $name"; elif [ "$table" != 'inet fleet' ]; then record refusing "$table"; fi
done
for file in "$R"/etc/systemd/network/*.network; do
	lines "networkd$tab${file##*/}" "$file"
done
for file in "$R"/etc/systemd/network/*.netdev; do
	lines "netdev$tab${file##*/}" "$file"
done
for folder in "$vms"/*; do
	name=${folder##*/}
	if ! is_vm "$folder"; then
		case $name in *[![:graph:]]*) continue ;; esac
		[ -L "$folder/current" ] || continue
		record other "$name"
		runner=$(target "$folder/booted")
		[ -n "$runner" ] || runner=$(target "$folder/current")
		if in_store "$R$runner" && [ ! -L "$folder" ]; then
			its_lines "other-tap$tab$name" "$R$runner/share/microvm/tap-interfaces"
		fi
	fi
done
# Group kvm may write in these folders: links are not followed, and names that could forge a record are skipped.
for folder in "$vms"/*; do
	is_vm "$folder" || continue
	record vm "${folder##*/}"
	flake_of "${folder##*/}" 2>/dev/null | grep '' | sed "s/^/flake$tab/"
	# The runner that runs, rather than the one that would start next.
	runner=$folder/booted
	[ -e "$runner" ] || runner=$folder/current
	runner=$(target "$runner")
	case $runner in "$R"/*) ;; *) runner=$R$runner ;; esac
	in_store "$runner" || runner=$R/nix/store/none
	its_lines hypervisor "$runner/share/microvm/hypervisor"
	its_lines vsock "$runner/share/microvm/vsock-cid"
	its_lines tap "$runner/share/microvm/tap-interfaces"
	its_lines macvtap "$runner/share/microvm/macvtap-interfaces"
	for share in "$runner"/share/microvm/virtiofs/*; do
		case ${share##*/} in *[!A-Za-z0-9_.-]*) continue ;; esac
		its_lines "share$tab${share##*/}" "$share/source"
	done
	for image in "$folder"/*; do
		case ${image##*/} in *[![:graph:]]*) continue ;; esac
		if [ ! -f "$image" ] || [ -L "$image" ]; then continue; fi
		record image "${image##*/}"
		if label=$(blkid -p -o value -s LABEL "$image" 2>/dev/null); then record label "${image##*/}" "$label"; fi
	done
	its_lines run "$runner/bin/microvm-run"
	guest=$R$(target "$runner/share/microvm/system")
	its_lines fstab "$guest/etc/fstab"
	its_lines network "$guest"/etc/systemd/network/*.network
done
echo '== end'
