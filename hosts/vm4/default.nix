# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }:
{
  imports = [ ../../modules/guest.nix ];

  environment.systemPackages = [
    pkgs.htop
    pkgs.vim
  ];

  microvm = {
    hypervisor = "qemu";
    interfaces = [
      {
        id = "vm-vm4";
        mac = "02:ae:bf:31:85:5d";
        type = "tap";
      }
    ];
    mem = 1024;
    vcpu = 1;
    volumes = [
      {
        fsType = "ext4";
        image = "var-lib-data.img";
        label = "var-lib-data";
        mountPoint = "/var/lib/data";
        size = 10240;
      }
    ];
  };

  networking.hostName = "vm4";
  system.stateVersion = "25.11";

  systemd.network.networks."10-vm4" = {
    address = [ "10.4.0.2/24" ];
    dns = [ "10.4.0.1" ];
    gateway = [ "10.4.0.1" ];
    matchConfig.MACAddress = "02:ae:bf:31:85:5d";
    networkConfig.IPv6AcceptRA = false;
  };

  time.timeZone = "UTC";

  users.users.ops = {
    extraGroups = [ "wheel" ];
    isNormalUser = true;
    openssh.authorizedKeys.keys = [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ops@example"
    ];
  };
}
