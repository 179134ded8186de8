# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }@args:
import ../../modules/layers.nix args {
  imports = [ ../../modules/guest.nix ];

  layers = [ ../../modules/defaults.nix ];

  microvm.interfaces = [
    {
      id = "vm-vm5";
      mac = "02:85:90:04:34:95";
      type = "tap";
    }
  ];

  networking.hostName = "vm5";

  systemd.network.networks."10-vm5" = {
    address = [ "10.5.0.2/24" ];
    dns = [ "10.5.0.1" ];
    gateway = [ "10.5.0.1" ];
    matchConfig.MACAddress = "02:85:90:04:34:95";
    networkConfig.IPv6AcceptRA = false;
  };
}
