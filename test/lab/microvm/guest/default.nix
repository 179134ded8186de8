# The guest's side: `microvm.*` options and what they become, `config.microvm.declaredRunner`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.microvm;
in
{
  imports = [
    ./options.nix
  ];

  options.microvm = {
    binScripts = mkOption { type = types.attrsOf types.lines; default = { }; };
    declaredRunner = mkOption { type = types.raw; };
    kernelParams = mkOption { type = types.listOf types.str; };
  };

  config = {
    microvm = {
      # The kernel is told which system this is: whatever changes the guest changes its runner.
      kernelParams = config.boot.kernelParams ++ [ "init=${config.system.build.toplevel}/init" ];
      declaredRunner = import ./runner.nix { inherit cfg config lib pkgs; };
      binScripts = lib.mkMerge [
        (import ./interfaces.nix { inherit config lib pkgs; })
        (import ./shares.nix { inherit cfg lib pkgs; })
      ];
    };
    assertions = [
      {
        assertion = builtins.all (nic: builtins.stringLength nic.id <= 15) cfg.interfaces;
        message = "MicroVM ${config.networking.hostName}: interface name longer than 15 characters";
      }
    ];
    fileSystems = import ./file-systems.nix { inherit cfg lib; };
  };
}
