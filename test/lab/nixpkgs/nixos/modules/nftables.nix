# networking.nftables: every table is replaced as a whole, tables of others are left alone, unless
# `ruleset` is set, which flushes everything.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking.nftables;
  tables = builtins.filter (table: table.enable) (builtins.attrValues cfg.tables);

  # Deleting what may not be there is an error, so it is made first.
  delete = table: "table ${table.family} ${table.name}\ndelete table ${table.family} ${table.name}\n";
  deletions = lib.concatMapStrings delete tables;
  rules = pkgs.writeText "nftables-rules" (
    lib.optionalString cfg.flushRuleset "flush ruleset\n"
    + deletions
    + lib.concatMapStrings (
      table: "table ${table.family} ${table.name} {\n${table.content}\n}\n"
    ) tables
    + lib.optionalString (cfg.ruleset != null) cfg.ruleset
  );
  deletionsFile = pkgs.writeText "nftables-deletions" deletions;
  # Tables of the system before this one go in the same transaction.
  remembered = "/var/lib/nftables/deletions.nft";
  load = pkgs.writeShellScript "nftables-load" ''
    set -e
    mkdir -p /var/lib/nftables
    touch ${remembered}
    cat ${remembered} ${rules} | ${pkgs.nftables}/bin/nft -f -
    cp --remove-destination ${deletionsFile} ${remembered}
  '';
  unload = pkgs.writeShellScript "nftables-unload" ''
    ${pkgs.nftables}/bin/nft -f ${remembered}
    rm -f ${remembered}
  '';
in
{
  options.networking.nftables = {
    enable = mkOption { type = types.bool; default = false; };
    ruleset = mkOption { type = types.nullOr types.lines; default = null; };
    flushRuleset = mkOption { type = types.bool; default = cfg.ruleset != null; };
    tables = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              enable = mkOption { type = types.bool; default = true; };
              name = mkOption { type = types.str; default = name; };
              family = mkOption {
                type = types.enum [ "ip" "ip6" "inet" "arp" "bridge" "netdev" ];
              };
              content = mkOption { type = types.lines; };
            };
          }
        )
      );
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.nftables ];
    systemd.services.nftables = {
      description = "nftables firewall";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-pre.target" ];
      before = [ "network-pre.target" ];
      reloadIfChanged = true;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${load}";
        ExecReload = "${load}";
        ExecStop = "${unload}";
      };
    };
  };
}
