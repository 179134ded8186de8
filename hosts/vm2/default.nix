# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }@args:
import ../../modules/layers.nix args {
  imports = [ ../../modules/guest.nix ];

  config = import ./config.nix;
  layers = [ ../../modules/defaults.nix ];

  microvm = {
    interfaces = [
      {
        id = "vm-vm2";
        mac = "02:36:d0:1e:0c:cd";
        type = "tap";
      }
    ];
    mem = 3072;
    vcpu = 2;
    volumes = [
      {
        fsType = "ext4";
        image = "var-lib-postgresql.img";
        label = "var-lib-po-c3507";
        mountPoint = "/var/lib/postgresql";
        size = 20480;
      }
    ];
  };

  networking.hostName = "vm2";
  packages.postgresql_16 = pkgs.postgresql_16;

  systemd.network.networks."10-vm2" = {
    address = [ "10.2.0.2/24" ];
    dns = [ "10.2.0.1" ];
    gateway = [ "10.2.0.1" ];
    matchConfig.MACAddress = "02:36:d0:1e:0c:cd";
    networkConfig.IPv6AcceptRA = false;
  };
}
