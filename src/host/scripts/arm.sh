# arm.sh ID SECONDS: before anything is stopped for a switch, the hypervisor itself holds its way
# back: a timer that needs neither fleet, nor git, nor an evaluation, nor the network. See disarm.sh
# and back.sh.
id=$1 seconds=$2
deployment=$state/deployments/$id
old=$(target "$roots/$id/system.")
in_store "$old" || die arm.no-generation "this hypervisor has no current system to go back to"
# What a reboot would boot may be another system than the one that runs: it comes back, too.
profile=$(readlink -f "$system_profile" 2>/dev/null || true)
in_store "$profile" || profile=$old
ln -sfn "$profile" "$roots/$id/profile."
number=$(target "$system_profile")
number=${number##*/system-}
number=${number%-link}

# Transient units have hardly a PATH on NixOS, and a switch changes what is on ours: the old system's
# tools first, then the store paths of those that are there now.
path=$old/sw/bin
for tool in systemctl nix-env sh date mkdir ln readlink mv; do
	real=$(readlink -f "$(command -v "$tool")")
	# Where one file goes by many names (coreutils, busybox, nix) the link's own folder is meant.
	[ "${real##*/}" = "$tool" ] || real=$(command -v "$tool")
	case :$path: in *":${real%/*}:"*) ;; *) path=$path:${real%/*} ;; esac
done

write "$deployment/back.sh" <<EOF
# The way back of deployment $id: runs unless it is disarmed in time.
PATH='$path'
export PATH FLEET_ROOT='$R'
deployment='$deployment'
# Whoever makes this link first, the way back or its disarming, has decided. A disk that cannot hold
# it has not: then going back is the safe side.
ln -s back "\$deployment/decided" 2>/dev/null || [ ! -L "\$deployment/decided" ] || exit 0
printf '%s\tback\tway-back\tbegin\n' "\$(date +%s)" >>"\$deployment/journal"
# A switch that hangs holds the lock of switch-to-configuration: it is stopped first.
systemctl stop 'fleet-$id-*.service'
'$old/bin/switch-to-configuration' test
code=\$?
[ ! -e "\$deployment/bridges-removed" ] || systemctl restart systemd-networkd.service
boot=0
if [ "\$(readlink -f '$system_profile')" != '$profile' ]; then
	nix-env -p '$system_profile' --switch-generation '$number' ||
		nix-env -p '$system_profile' --set '$profile' || boot=1
fi
'$profile/bin/switch-to-configuration' boot || boot=\$?
# Guests that were stopped for the switch run again.
if [ -f "\$deployment/stopped" ]; then
	while IFS= read -r name; do systemctl start --no-block "microvm@\$name.service"; done <"\$deployment/stopped"
fi
printf '%s\tback\tway-back\tend\t%s %s\n' "\$(date +%s)" "\$code" "\$boot" >>"\$deployment/journal"
echo "\$code \$boot" >"\$deployment/back.rc.new"
mv -f "\$deployment/back.rc.new" "\$deployment/back.rc"
EOF
rm -f "$deployment/decided" "$deployment/back.rc"
systemd-run --quiet --collect --unit="fleet-back-$id" --description="fleet $id: way back" \
	--on-active="$seconds" --timer-property=AccuracySec=1s \
	"$(command -v sh)" "$deployment/back.sh"
