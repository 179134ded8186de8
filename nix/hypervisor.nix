# For a NixOS host that is to become a hypervisor: what fleet needs of it before its first deployment, which brings the
# rest and keeps all of this.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.microvm-fleet.hypervisor;
in
{
  options.microvm-fleet.hypervisor = {
    enable = lib.mkEnableOption "what fleet needs before it can deploy to this host";
    sshKeys = mkOption {
      type = types.listOf types.singleLineStr;
      example = [ "ssh-ed25519 AAAA… deploy" ];
      description = "Public keys that fleet logs in with, as root: the operators' and that of CI.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.sshKeys != [ ];
        message = "microvm-fleet.hypervisor.sshKeys is empty: fleet could not log in.";
      }
      {
        assertion = config.services.openssh.settings.PermitRootLogin != "no";
        message = "services.openssh.settings.PermitRootLogin is no: fleet logs in as root, with a key.";
      }
    ];

    # ssh, ping, ip and Nix are on every NixOS.
    environment.systemPackages = [ pkgs.git ];

    nix.settings.experimental-features = [
      "flakes"
      "nix-command"
    ];

    services.openssh = {
      enable = true;
      settings.PasswordAuthentication = lib.mkDefault false;
    };
    users.users.root.openssh.authorizedKeys.keys = cfg.sshKeys;
  };
}
