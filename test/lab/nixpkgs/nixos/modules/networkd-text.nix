# systemd.network options → the text of .netdev, .network and .link files.
lib:
let
  render = value: if builtins.isBool value then lib.boolToString value else toString value;

  section =
    name: settings:
    lib.optionalString (settings != { }) (
      "[${name}]\n"
      + lib.concatStrings (
        lib.mapAttrsToList (
          key: value: lib.concatMapStrings (one: "${key}=${render one}\n") (lib.toList value)
        ) settings
      )
      + "\n"
    );
  # Sections that may be there several times. Each was once wrapped in `<name>Config`.
  sections = name: inner: lib.concatMapStrings (one: section name (one.${inner} or one));

  # Option name → section, for the options that are a whole section.
  whole = {
    bondConfig = "Bond";
    bridgeConfig = "Bridge";
    bridgeVLANConfig = "BridgeVLAN";
    dhcpPrefixDelegationConfig = "DHCPPrefixDelegation";
    dhcpServerConfig = "DHCPServer";
    dhcpV4Config = "DHCPv4";
    dhcpV6Config = "DHCPv6";
    ipv6AcceptRAConfig = "IPv6AcceptRA";
    ipv6SendRAConfig = "IPv6SendRA";
    linkConfig = "Link";
    macvlanConfig = "MACVLAN";
    matchConfig = "Match";
    netdevConfig = "NetDev";
    networkConfig = "Network";
    tapConfig = "Tap";
    tunConfig = "Tun";
    vlanConfig = "VLAN";
    vxlanConfig = "VXLAN";
    wireguardConfig = "WireGuard";
  };

  # Option name → key in [Network], for the options that are a shorthand.
  shorthand = {
    DHCP = "DHCP";
    address = "Address";
    bond = "Bond";
    bridge = "Bridge";
    dns = "DNS";
    domains = "Domains";
    gateway = "Gateway";
    macvlan = "MACVLAN";
    ntp = "NTP";
    vlan = "VLAN";
    vrf = "VRF";
  };

  several = {
    addresses = sections "Address" "addressConfig";
    bridgeVLANs = sections "BridgeVLAN" "bridgeVLANConfig";
    ipv6Prefixes = sections "IPv6Prefix" "ipv6PrefixConfig";
    routes = sections "Route" "routeConfig";
    routingPolicyRules = sections "RoutingPolicyRule" "routingPolicyRuleConfig";
    wireguardPeers = sections "WireGuardPeer" "wireguardPeerConfig";
  };

  known = whole // shorthand // several // {
    enable = null;
    extraConfig = null;
    name = null;
  };
in
unit:
let
  unknown = builtins.attrNames (builtins.removeAttrs unit (builtins.attrNames known));
  used = table: builtins.intersectAttrs unit table;
  match = lib.optionalAttrs (unit ? name) { Name = unit.name; } // unit.matchConfig or { };
  network =
    unit.networkConfig or { }
    // lib.mapAttrs' (option: key: lib.nameValuePair key unit.${option}) (
      lib.filterAttrs (option: _: unit.${option} != [ ]) (used shorthand)
    );
  others = builtins.removeAttrs (used whole) [
    "matchConfig"
    "networkConfig"
  ];
in
if unknown != [ ] then
  throw "The option `systemd.network.….${builtins.head unknown}' does not exist."
else
  section "Match" match
  + lib.concatStrings (lib.mapAttrsToList (option: name: section name unit.${option}) others)
  + section "Network" network
  + lib.concatStrings (lib.mapAttrsToList (option: f: f unit.${option}) (used several))
  + unit.extraConfig or ""
