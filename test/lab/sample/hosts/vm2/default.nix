{ pkgs, ... }:
{
  imports = [ ../../modules/guest.nix ];

  networking.hostName = "vm2";
  microvm.vcpu = 2;
  microvm.mem = 1024;
  microvm.interfaces = [
    {
      type = "tap";
      id = "vm-vm2";
      mac = "02:00:00:00:00:02";
    }
  ];
  microvm.volumes = [
    {
      image = "var.img";
      label = "var-vm2";
      mountPoint = "/var";
      size = 1024;
    }
  ];
  systemd.network.networks."10-uplink" = {
    matchConfig.MACAddress = "02:00:00:00:00:02";
    address = [ "10.1.0.12/24" "fd00:1::c/64" ];
    gateway = [ "10.1.0.1" ];
  };
  boot.kernelParams = [ "lab.http=80" ];
  environment.systemPackages = [ pkgs.vim ];
}
