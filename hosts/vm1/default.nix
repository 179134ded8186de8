# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }@args:
import ../../modules/layers.nix args {
  imports = [ ../../modules/guest.nix ];

  layers = [
    ../../modules/defaults.nix
    ../../modules/profiles/web.nix
  ];

  microvm.interfaces = [
    {
      id = "vm-vm1";
      mac = "02:7b:11:e3:d1:b4";
      type = "tap";
    }
  ];

  networking.hostName = "vm1";

  systemd.network.networks."10-vm1" = {
    address = [ "10.1.0.2/24" ];
    dns = [ "10.1.0.1" ];
    gateway = [ "10.1.0.1" ];
    matchConfig.MACAddress = "02:7b:11:e3:d1:b4";
    networkConfig.IPv6AcceptRA = false;
  };
}
