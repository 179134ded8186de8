# What microvm.nix itself reads of NixOS and the lab's other modules do not declare.
{ lib, ... }:
let
  option = type: default: lib.mkOption { inherit type default; };
in
{
  options = {
    boot.initrd.systemd.enable = option lib.types.bool true;
    boot.kernelPatches = option (lib.types.listOf lib.types.raw) [ ];
    nix.enable = option lib.types.bool true;
    nix.optimise.automatic = option lib.types.bool false;
    security.virtualisation.flushL1DataCache = option (lib.types.nullOr lib.types.str) null;
    system.boot.loader.initrdFile = option lib.types.str "initrd";
    virtualisation.libvirtd.enable = option lib.types.bool false;
  };
}
