# arm.sh ID SECONDS: before the switch, the hypervisor itself holds its way back: a timer that
# needs neither fleet, nor git, nor an evaluation, nor the network. See disarm.sh, back-now.sh.
id=$1 seconds=$2
deployment=$state/deployments/$id
old=$(target "$roots/$id/system.")
in_store "$old" || die arm.no-generation "this hypervisor has no current system to go back to"

# Transient units have hardly a PATH on NixOS, and a switch changes what is on ours: store paths.
path=
for tool in systemctl nix-env sh date mkdir mv; do
	real=$(readlink -f "$(command -v "$tool")")
	# Where one file goes by many names (coreutils, busybox, nix) the link's own folder is meant.
	[ "${real##*/}" = "$tool" ] || real=$(command -v "$tool")
	case :$path: in *":${real%/*}:"*) ;; *) path=$path${path:+:}${real%/*} ;; esac
done

write "$deployment/back.sh" <<EOF
# The way back of deployment $id: runs unless it is disarmed in time.
PATH=$path
export PATH FLEET_ROOT='$R'
deployment='$deployment'
# Whoever makes this folder first, the way back or its disarming, has decided.
mkdir "\$deployment/decided" 2>/dev/null || exit 0
printf '%s\tback\tway-back\tbegin\n' "\$(date +%s)" >>"\$deployment/journal"
# A switch that hangs holds the lock of switch-to-configuration: it is stopped first.
systemctl stop 'fleet-$id-*.service'
'$old/bin/switch-to-configuration' test
code=\$?
[ ! -e "\$deployment/bridges-removed" ] || systemctl restart systemd-networkd.service
nix-env -p '$system_profile' --set '$old'
'$old/bin/switch-to-configuration' boot
# Guests that were stopped for the switch run again.
if [ -f "\$deployment/stopped" ]; then
	while IFS= read -r name; do systemctl start --no-block "microvm@\$name.service"; done <"\$deployment/stopped"
fi
printf '%s\tback\tway-back\tend\t%s\n' "\$(date +%s)" "\$code" >>"\$deployment/journal"
echo "\$code" >"\$deployment/back.rc.new"
mv -f "\$deployment/back.rc.new" "\$deployment/back.rc"
EOF
rm -rf "$deployment/decided" "$deployment/confirmed" "$deployment/back.rc"
systemd-run --quiet --collect --unit="fleet-back-$id" --description="fleet $id: way back" \
	--on-active="$seconds" --timer-property=AccuracySec=1s \
	"$(command -v sh)" "$deployment/back.sh"
