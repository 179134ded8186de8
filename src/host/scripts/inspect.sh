# inspect.sh: prints what `fleet init` has to know about a host that is new to fleet. Changes nothing.
printf 'name\t%s\n' "$(uname -n)"
printf 'machine\t%s\n' "$(uname -m)"
[ ! -f "$state/fleet" ] || printf 'fleet\t%s\n' "$(head -n 1 "$state/fleet")"
routes=$(ip -j route show 2>/dev/null | tr '}' '\n')
device() { printf '%s\n' "$routes" | grep -F "$1" | sed -n 's/.*"dev":"\([^"]*\)".*/\1/p' | head -n 1; }
uplink=$(device '"dst":"default"')
# Without a default route it is the interface that we came in by (client, port, server, port).
connection=$(connection)
if [ -z "$uplink" ] && [ -n "$connection" ]; then
	server=${connection#* * }
	uplink=$(device "\"prefsrc\":\"${server%% *}\"")
fi
printf 'uplink\t%s\n' "$uplink"
# The port that sshd listens on. The one that we connected to may be forwarded to it.
printf 'port\t%s\n' "${connection##* }"
# stateVersion as the configuration has it. The running version could be a later one.
version=$(sed -n 's/.*system\.stateVersion *= *"\([^"]*\)".*/\1/p' "$R"/etc/nixos/*.nix 2>/dev/null | head -n 1)
printf 'state-version\t%s\n' "$version"
# The boot loader, which no hardware configuration names. The running system does: by the program that installs it.
# Without that, files on /boot suggest one (`likely`).
installs() { grep -aoE "/nix/store/[^ \"']*$1" "$R$2" 2>/dev/null | sort -u | head -n 2; }
# constant NAME PROGRAM: prints VALUE of a line NAME = "VALUE".
constant() { sed -n "s/^$1 *=[^\"]*\"\([^\"]*\)\".*/\1/p" "$R$2" 2>/dev/null | head -n 1; }
# attribute NAME FILE: prints the value of an attribute in Nix's XML.
attribute() { sed -n "/<attr name=\"$1\">/,/<\/attr>/s/.* value=\"\([^\"]*\)\".*/$1$tab\1/p" "$R$2"; }
esp=
for folder in /boot /efi /boot/efi; do
	if [ -d "$R$folder/loader" ] || [ -d "$R$folder/EFI" ]; then esp=$folder; fi
done
installer=$(installs '(install-systemd-boot\.sh|install-grub\.sh|extlinux-conf-builder)' /run/current-system/bin/switch-to-configuration)
loader=
case $installer in
*/nix/store/*/nix/store/*) ;;
*install-systemd-boot.sh)
	program=$(installs '/bin/systemd-boot' "$installer")
	said=$(constant EFI_SYS_MOUNT_POINT "$program")
	esp=${said:-$esp}
	[ -z "$esp" ] || loader=systemd-boot
	printf 'efiSysMountPoint\t%s\n' "$esp"
	printf 'bootMountPoint\t%s\n' "$(constant BOOT_MOUNT_POINT "$program")"
	printf 'canTouchEfiVariables\t%s\n' "$(constant CAN_TOUCH_EFI_VARIABLES "$program")"
	;;
*install-grub.sh)
	settings=$(installs '-grub-config\.xml' "$installer")
	# With two configurations GRUB is installed twice (mirroredBoots), for which init has no text.
	if [ -n "$settings" ] && [ -r "$R$settings" ]; then
		loader=grub
		for name in devices efiSupport efiSysMountPoint canTouchEfiVariables efiInstallAsRemovable; do
			attribute "$name" "$settings"
		done
		! grep -q GRUB_ENABLE_CRYPTODISK=y "$R$installer" || printf 'enableCryptodisk\ttrue\n'
	fi
	;;
*extlinux-conf-builder) loader=extlinux ;;
esac
if [ -n "$loader" ]; then
	printf 'loader\t%s\n' "$loader"
else
	efi=
	[ ! -d "$R/sys/firmware/efi/efivars" ] || efi=1
	if [ -n "$efi" ]; then
		printf 'efiSysMountPoint\t%s\ncanTouchEfiVariables\ttrue\nefiSupport\ttrue\n' "$esp"
		if [ -d "$R$esp/EFI/systemd" ] || [ -f "$R$esp/loader/loader.conf" ]; then printf 'likely\tsystemd-boot\n'; fi
	fi
	if [ -f "$R/boot/grub/grub.cfg" ]; then
		printf 'likely\tgrub\n'
		disk=$(lsblk -no PKNAME "$(findmnt -no SOURCE --target "$R/boot" 2>/dev/null)" 2>/dev/null | head -n 1) || true
		if [ -n "$efi" ]; then
			printf 'devices\tnodev\n'
		elif [ -n "$disk" ]; then
			printf 'devices\t/dev/%s\n' "$disk"
		fi
	fi
	[ ! -f "$R/boot/extlinux/extlinux.conf" ] || printf 'likely\textlinux\n'
fi
written=$R/etc/nixos/hardware-configuration.nix
[ ! -f "$written" ] || printf 'hardware-file\t/etc/nixos/hardware-configuration.nix\n'
# Always printed, because the answer ends with this section.
echo '== hardware'
if [ -f "$written" ]; then
	cat "$written"
elif command -v nixos-generate-config >/dev/null; then
	nixos-generate-config --show-hardware-config
fi
