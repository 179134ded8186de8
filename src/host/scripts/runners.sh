# runners.sh: what `fleet init --from` reads of the vms that a hypervisor already has, whoever made
# them. Reads only. A vm is records, lines of tab-separated fields, then its runner and its files.
record() {
	printf '%s' "$1"
	shift
	for field; do printf '\t%s' "$field"; done
	printf '\n'
}

# Every line of the files behind it, with what it is of in front; what is not there says nothing, and
# grep ends a last line that nobody ended.
lines() {
	key=$1
	shift
	for file; do
		[ ! -r "$file" ] || grep '' "$file" | sed "s/^/$key$tab/"
	done
}

systemctl show --no-pager -p Wants --value microvms.target 2>/dev/null | tr ' ' '\n' |
	sed -n "s/^microvm@\(.*\)\.service$/autostart$tab\1/p"
# MAC and address of everything that was heard of lately.
ip neigh show 2>/dev/null | sed -n "s/^\([^ ]*\) dev \([^ ]*\) lladdr \([^ ]*\) .*/neighbour$tab\1$tab\2$tab\3/p"
# Rules that change addresses: who is let out behind which, and what is forwarded to whom.
ruleset=$(nft list ruleset 2>/dev/null) || true
tables_of() { printf '%s\n' "$ruleset" | sed -n "/^table $1 /,/^}/p"; }
nat_of() { tables_of "$1" | grep -E 'masquerade|[sd]nat (ip6? )?(prefix )?to ' || true; }
record_rules() { printf '%s\n' "$2" | sed -n "s/^[[:space:]]*\([^[:space:]]\)/$1$tab\1/p"; }
# Of both families, each rule for one or for both.
inet=$(nat_of inet)
nat_rules() { # RECORD FAMILY SAVE TABLES
	rules=$(nat_of "$2")
	# What nft cannot say, iptables can; and of the tables of old kernels nft knows nothing.
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
# Of the bridges: who is in them, and who would be, were it up.
for port in "$R"/sys/class/net/*/brport; do
	[ -e "$port" ] || continue
	name=${port%/brport}
	bridge=$(target "$port/bridge")
	record port "${name##*/}" "${bridge##*/}"
done
for folder in "$R"/sys/class/net/*; do
	# TAPs and the like: nothing that a cable is in.
	[ ! -e "$folder/tun_flags" ] || record tun "${folder##*/}"
	if [ -e "$folder/bridge" ] || [ -e "$folder/bonding" ] || [ -e "$R/proc/net/vlan/${folder##*/}" ]; then
		record made "${folder##*/}"
	fi
done
# Accounts of people, who are counted from 1000 on; builders of Nix are from 30001.
[ ! -r "$R/etc/passwd" ] || while IFS=: read -r name _ uid _; do
	[ "$uid" -lt 1000 ] || [ "$uid" -gt 29999 ] || record user "$name"
done <"$R/etc/passwd"
# What the firewall lets in, by nft or by iptables, and tables that forward only what they name.
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
			lines "other-tap$tab$name" "$R$runner/share/microvm/tap-interfaces"
		fi
	fi
done
# What group kvm writes into these folders, links and names, leads nowhere and begins no record.
for folder in "$vms"/*; do
	is_vm "$folder" || continue
	record vm "${folder##*/}"
	[ -L "$folder/flake" ] || lines flake "$folder/flake"
	# What runs says more than what would run next.
	runner=$folder/booted
	[ -e "$runner" ] || runner=$folder/current
	runner=$(target "$runner")
	case $runner in "$R"/*) ;; *) runner=$R$runner ;; esac
	in_store "$runner" || runner=$R/nix/store/none
	lines hypervisor "$runner/share/microvm/hypervisor"
	lines vsock "$runner/share/microvm/vsock-cid"
	lines tap "$runner/share/microvm/tap-interfaces"
	lines macvtap "$runner/share/microvm/macvtap-interfaces"
	for share in "$runner"/share/microvm/virtiofs/*; do
		case ${share##*/} in *[!A-Za-z0-9_.-]*) continue ;; esac
		lines "share$tab${share##*/}" "$share/source"
	done
	for image in "$folder"/*; do
		case ${image##*/} in *[![:graph:]]*) continue ;; esac
		if [ ! -f "$image" ] || [ -L "$image" ]; then continue; fi
		record image "${image##*/}"
		if label=$(blkid -p -o value -s LABEL "$image" 2>/dev/null); then record label "${image##*/}" "$label"; fi
	done
	lines run "$runner/bin/microvm-run"
	guest=$R$(target "$runner/share/microvm/system")
	lines fstab "$guest/etc/fstab"
	lines network "$guest"/etc/systemd/network/*.network
done
echo '== end'
