# services.dnsmasq. NixOS' is ready when it has its name on D-Bus, this one when it has written its
# process id: both have their sockets by then, so that one that gets none fails to start.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.dnsmasq;

  line = key: value: if value == true then "${key}\n" else "${key}=${toString value}\n";
  file = pkgs.writeText "dnsmasq.conf" (
    lib.concatStrings (
      lib.mapAttrsToList (key: value: lib.concatMapStrings (line key) (lib.toList value)) (
        lib.filterAttrs (_: value: value != false) cfg.settings
      )
    )
  );
  pidFile = "/run/dnsmasq/pid";
in
{
  options.services.dnsmasq = {
    enable = mkOption { type = types.bool; default = false; };
    resolveLocalQueries = mkOption { type = types.bool; default = true; };
    settings = mkOption { type = types.attrsOf types.anything; default = { }; };
  };

  config = lib.mkIf cfg.enable {
    networking.nameservers = lib.optional cfg.resolveLocalQueries "127.0.0.1";
    systemd.services.dnsmasq = {
      description = "Dnsmasq Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ config.environment.etc.hosts.text ];
      preStart = "/usr/sbin/dnsmasq --test -C ${file}";
      postStart = ''
        until [ -s ${pidFile} ]; do
          kill -0 "$MAINPID"
          sleep 0.1
        done
      '';
      serviceConfig = {
        ExecStart = "/usr/sbin/dnsmasq -k --user=dnsmasq --pid-file=${pidFile} -C ${file}";
        RuntimeDirectory = "dnsmasq";
        Restart = "on-failure";
      };
    };
  };
}
