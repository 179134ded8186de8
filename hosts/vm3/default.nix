# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }@args:
import ../../modules/layers.nix args {
  imports = [ ../../modules/guest.nix ];

  layers = [ ../../modules/defaults.nix ];

  microvm.interfaces = [
    {
      id = "vm-vm3";
      mac = "02:2e:d1:20:d7:22";
      type = "tap";
    }
  ];

  networking.hostName = "vm3";

  systemd.network.networks."10-vm3" = {
    address = [ "10.3.0.2/24" ];
    dns = [ "10.3.0.1" ];
    gateway = [ "10.3.0.1" ];
    matchConfig.MACAddress = "02:2e:d1:20:d7:22";
    networkConfig.IPv6AcceptRA = false;
  };
}
