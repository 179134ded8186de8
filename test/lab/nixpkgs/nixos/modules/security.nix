# sudo, as far as logging in as somebody else than root depends on it.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.sudo;
in
{
  options.security.sudo = {
    enable = mkOption { type = types.bool; default = true; };
    wheelNeedsPassword = mkOption { type = types.bool; default = true; };
    extraConfig = mkOption { type = types.lines; default = ""; };
  };

  config.environment.etc.sudoers = lib.mkIf cfg.enable {
    mode = "0440";
    text = ''
      Defaults !secure_path
      Defaults env_keep+=SSH_AUTH_SOCK
      root ALL=(ALL:ALL) SETENV: ALL
      %wheel ALL=(ALL:ALL) ${lib.optionalString (!cfg.wheelNeedsPassword) "NOPASSWD:"}SETENV: ALL
      ${cfg.extraConfig}
    '';
  };
}
