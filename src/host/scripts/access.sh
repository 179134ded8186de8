# access.sh CHECKOUT HYPERVISOR TOPLEVEL: prints who can log in after the first switch of an adopted host, and what its
# network will be. Evaluates the new system before it is activated.
# shellcheck disable=SC2016 # these are for Nix
json=$(nix eval --json "git+file://$R$1#nixosConfigurations.$2.config" --apply '
c:
let
  n = c.networking;
  sshd = c.services.openssh;
  names = builtins.attrNames;
  memberOf = user: builtins.filter (g: builtins.elem user (c.users.groups.${g}.members or [ ])) (names (c.users.groups or { }));
  firewalls = [ n.firewall ] ++ builtins.attrValues (n.firewall.interfaces or { });
  ports = protocol: option: builtins.concatMap (f: map (p: "${protocol} ${toString p}") (f.${option} or [ ])) firewalls;
  ranges = protocol: option: builtins.concatMap (f: map (r: { inherit protocol; inherit (r) from to; }) (f.${option} or [ ])) firewalls;
  # Some versions of NixOS have a string here, others a list.
  words = value: if value == null then null else if builtins.isList value then value else [ (toString value) ];
in
{
  sshd = sshd.enable;
  ports = sshd.ports;
  publicKeys = sshd.settings.PubkeyAuthentication or null;
  rootLogin = sshd.settings.PermitRootLogin or "prohibit-password";
  allowUsers = words (sshd.settings.AllowUsers or null);
  allowGroups = words (sshd.settings.AllowGroups or null);
  denyUsers = words (sshd.settings.DenyUsers or null);
  denyGroups = words (sshd.settings.DenyGroups or null);
  keysFiles = sshd.authorizedKeysFiles or [ "/etc/ssh/authorized_keys.d/%u" ];
  extraConfig = sshd.extraConfig or "";
  firewall = n.firewall.enable;
  openPorts = n.firewall.allowedTCPPorts;
  openRanges = n.firewall.allowedTCPPortRanges;
  wheelNeedsPassword = c.security.sudo.wheelNeedsPassword;
  sudoers = builtins.concatMap (
    rule:
    if builtins.any (a: a.command or "" == "ALL" && builtins.elem "NOPASSWD" a.options) rule.commands then
      rule.users
    else
      [ ]
  ) (c.security.sudo.extraRules or [ ]);
  users = builtins.mapAttrs (name: u: {
    groups = u.extraGroups ++ [ (u.group or "") ] ++ memberOf name;
    keys = u.openssh.authorizedKeys.keys ++ map builtins.readFile (u.openssh.authorizedKeys.keyFiles or [ ]);
  }) c.users.users;
  network = {
    dhcp = n.useDHCP or true || n.networkmanager.enable or false;
    makes = names (n.bridges or { }) ++ names (n.bonds or { }) ++ names (n.vlans or { });
    bridges = builtins.mapAttrs (name: b: b.interfaces or [ ]) (n.bridges or { });
    interfaces = builtins.mapAttrs (name: i: {
      addresses = map (a: "${a.address}/${toString a.prefixLength}") ((i.ipv4.addresses or [ ]) ++ (i.ipv6.addresses or [ ]));
      dhcp = i.useDHCP or null == true;
    }) (n.interfaces or { });
    firewall = n.firewall.enable;
    open = ports "tcp" "allowedTCPPorts" ++ ports "udp" "allowedUDPPorts";
    ranges = ranges "tcp" "allowedTCPPortRanges" ++ ranges "udp" "allowedUDPPortRanges";
    forwards = map (f: "${f.proto or "tcp"} ${toString f.sourcePort}") (n.nat.forwardPorts or [ ]);
    autostart = c.microvm.autostart or [ ];
  };
}' 3>&-)
answer access "$json"
for file in "$R$3"/etc/systemd/network/*.netdev "$R$3"/etc/systemd/network/*.network; do
	[ ! -r "$file" ] || grep '' "$file" | sed "s/^/networkd$tab${file##*/}$tab/"
done >&"${FLEET_ANSWER:-1}"
