# networking.firewall, on nftables only: without networking.nftables.enable the ports are known but
# nothing is filtered (NixOS would use iptables).
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.networking.firewall;
  ports = mkOption { type = types.listOf types.port; default = [ ]; };
  ranges = mkOption { type = types.listOf (types.attrsOf types.port); default = [ ]; };
  perInterface = {
    allowedTCPPorts = ports;
    allowedUDPPorts = ports;
    allowedTCPPortRanges = ranges;
    allowedUDPPortRanges = ranges;
  };

  set =
    ports: ranges:
    lib.concatStringsSep ", " (
      map toString ports ++ map (range: "${toString range.from}-${toString range.to}") ranges
    );
  accept =
    prefix: allowed:
    lib.concatMapStrings
      (
        { proto, elements }:
        lib.optionalString (elements != "") "${prefix}${proto} dport { ${elements} } accept\n"
      )
      [
        { proto = "tcp"; elements = set allowed.allowedTCPPorts allowed.allowedTCPPortRanges; }
        { proto = "udp"; elements = set allowed.allowedUDPPorts allowed.allowedUDPPortRanges; }
      ];
  trusted = lib.concatMapStringsSep ", " builtins.toJSON ([ "lo" ] ++ cfg.trustedInterfaces);
in
{
  options.networking.firewall = perInterface // {
    enable = mkOption { type = types.bool; default = true; };
    allowPing = mkOption { type = types.bool; default = true; };
    trustedInterfaces = mkOption { type = types.listOf types.str; default = [ ]; };
    extraInputRules = mkOption { type = types.lines; default = ""; };
    checkReversePath = mkOption {
      type = types.either types.bool (types.enum [ "strict" "loose" ]);
      default = true;
    };
    extraReversePathFilterRules = mkOption { type = types.lines; default = ""; };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule { options = perInterface; });
      default = { };
    };
  };

  config.networking.nftables.tables.nixos-fw = lib.mkIf cfg.enable {
    family = "inet";
    content = ''
      ${lib.optionalString (cfg.checkReversePath != false) ''
        chain rpfilter {
          type filter hook prerouting priority mangle + 10; policy drop;
          meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept
          fib saddr . mark ${lib.optionalString (cfg.checkReversePath != "loose") ". iif"} oif exists accept
          ${cfg.extraReversePathFilterRules}
        }
      ''}
      chain input {
        type filter hook input priority filter; policy drop;
        iifname { ${trusted} } accept
        ct state { established, related } accept
        ct state invalid drop
        ${accept "" cfg}
        ${lib.concatStrings (
          lib.mapAttrsToList (name: accept "iifname ${builtins.toJSON name} ") cfg.interfaces
        )}
        ${lib.optionalString cfg.allowPing "icmp type echo-request accept"}
        icmpv6 type != { nd-redirect, 139 } accept
        ${cfg.extraInputRules}
      }
    '';
  };
}
