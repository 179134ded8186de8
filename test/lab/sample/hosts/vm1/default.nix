{ pkgs, ... }:
{
  imports = [ ../../modules/guest.nix ];

  networking.hostName = "vm1";
  microvm.vcpu = 1;
  microvm.mem = 1024;
  microvm.interfaces = [
    {
      type = "tap";
      id = "vm-vm1";
      mac = "02:00:00:00:00:01";
    }
  ];
  microvm.volumes = [
    {
      image = "var.img";
      label = "var-vm1";
      mountPoint = "/var";
      size = 1024;
    }
  ];
  systemd.network.networks."10-uplink" = {
    matchConfig.MACAddress = "02:00:00:00:00:01";
    address = [ "10.1.0.11/24" "fd00:1::b/64" ];
    gateway = [ "10.1.0.1" ];
  };
  boot.kernelParams = [ "lab.http=80" ];
  environment.systemPackages = [ pkgs.vim ];
}
