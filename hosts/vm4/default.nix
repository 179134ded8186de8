# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }@args:
import ../../modules/layers.nix args {
  imports = [ ../../modules/guest.nix ];

  layers = [ ../../modules/defaults.nix ];

  microvm.interfaces = [
    {
      id = "vm-vm4";
      mac = "02:ae:bf:31:85:5d";
      type = "tap";
    }
  ];

  networking.hostName = "vm4";

  systemd.network.networks."10-vm4" = {
    address = [ "10.4.0.2/24" ];
    dns = [ "10.4.0.1" ];
    gateway = [ "10.4.0.1" ];
    matchConfig.MACAddress = "02:ae:bf:31:85:5d";
    networkConfig.IPv6AcceptRA = false;
  };
}
