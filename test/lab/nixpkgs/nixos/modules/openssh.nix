# services.openssh: sshd reads only what this system says.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.openssh;

  render =
    value:
    if builtins.isBool value then
      (if value then "yes" else "no")
    else
      toString value;
  text = lib.concatStrings (
    map (port: "Port ${toString port}\n") cfg.ports
    ++ map (key: "HostKey ${key.path}\n") cfg.hostKeys
    ++ lib.mapAttrsToList (key: value: "${key} ${render value}\n") (
      lib.filterAttrs (_: value: value != null) cfg.settings
    )
  );
in
{
  options.services.openssh = {
    enable = mkOption { type = types.bool; default = false; };
    ports = mkOption { type = types.listOf types.port; default = [ 22 ]; };
    openFirewall = mkOption { type = types.bool; default = true; };
    authorizedKeysInHomedir = mkOption { type = types.bool; default = true; };
    authorizedKeysFiles = mkOption { type = types.listOf types.str; default = [ ]; };
    hostKeys = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
    };
    extraConfig = mkOption { type = types.lines; default = ""; };
    settings = mkOption {
      default = { };
      type = types.submodule {
        options = {
          PermitRootLogin = mkOption { type = types.str; default = "prohibit-password"; };
          PasswordAuthentication = mkOption { type = types.bool; default = true; };
          KbdInteractiveAuthentication = mkOption { type = types.bool; default = true; };
          X11Forwarding = mkOption { type = types.bool; default = false; };
          UsePAM = mkOption { type = types.bool; default = true; };
        };
      };
    };
  };

  config = lib.mkIf cfg.enable {
    services.openssh.authorizedKeysFiles =
      lib.optional cfg.authorizedKeysInHomedir "%h/.ssh/authorized_keys"
      ++ [ "/etc/ssh/authorized_keys.d/%u" ];
    services.openssh.settings = {
      AuthorizedKeysFile = lib.mkDefault (toString cfg.authorizedKeysFiles);
      HostKey = lib.mkDefault (if cfg.hostKeys == [ ] then "/etc/ssh/ssh_host_ed25519_key" else null);
      # A session finds the system's programs, never those of the distribution underneath.
      SetEnv = lib.mkDefault "PATH=${config.system.build.searchPath}";
      Subsystem = lib.mkDefault "sftp internal-sftp";
    };
    networking.firewall.allowedTCPPorts = lib.optionals cfg.openFirewall cfg.ports;
    environment.etc."ssh/sshd_config".text = text + cfg.extraConfig;
    systemd.services.sshd = {
      description = "SSH Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      stopIfChanged = false;
      restartTriggers = [ config.environment.etc."ssh/sshd_config".text ];
      serviceConfig = {
        Type = "notify";
        Restart = "always";
        ExecStart = "/usr/sbin/sshd -D -f /etc/ssh/sshd_config";
        KillMode = "process";
        RuntimeDirectory = "sshd";
        RuntimeDirectoryPreserve = true;
      };
    };
  };
}
