# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }:
{
  imports = [
    ../../modules/guest.nix
    ./config.nix
  ];

  environment.systemPackages = [
    pkgs.htop
    pkgs.postgresql_16
    pkgs.vim
  ];

  microvm = {
    hypervisor = "qemu";
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
        image = "var-lib-data.img";
        label = "var-lib-data";
        mountPoint = "/var/lib/data";
        size = 10240;
      }
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
  system.stateVersion = "25.11";

  systemd.network.networks."10-vm2" = {
    address = [ "10.2.0.2/24" ];
    dns = [ "10.2.0.1" ];
    gateway = [ "10.2.0.1" ];
    matchConfig.MACAddress = "02:36:d0:1e:0c:cd";
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
