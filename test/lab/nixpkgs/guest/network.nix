# The guest's addresses, as the kernel command line carries them to the lab's guest.
{ config, lib }:
let
  networks = builtins.attrValues config.systemd.network.networks;
  matches =
    nic: network:
    let
      match = network.matchConfig or { };
      macs = lib.toList (match.MACAddress or match.PermanentMACAddress or [ ]);
    in
    if macs != [ ] then
      builtins.elem (lib.toLower nic.mac) (map lib.toLower (lib.concatMap (lib.splitString " ") macs))
    else
      # A match on type or name fits when there is only one to fit.
      builtins.length config.microvm.interfaces == 1;
  listOf =
    short: long: network:
    (network.${short} or [ ]) ++ lib.toList (network.networkConfig.${long} or [ ]);
  # The default route; a route of another table is not.
  isDefault = route: route ? Gateway && !(route ? Table);
  routed = network: map (route: route.Gateway) (builtins.filter isDefault (network.routes or [ ]));
in
map (
  nic:
  let
    found = builtins.filter (matches nic) networks;
    network = if found == [ ] then { } else builtins.head found;
    gateways = listOf "gateway" "Gateway" network ++ routed network;
  in
  "lab.net=${nic.mac},${lib.concatStringsSep "+" (listOf "address" "Address" network)},${
    lib.optionalString (gateways != [ ]) (builtins.head gateways)
  }"
) (builtins.filter (nic: nic.type == "tap") config.microvm.interfaces)
