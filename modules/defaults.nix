# Rendered by fleet from fleet.yaml: change it there.
# A layer of vms, and no module by itself: modules/layers.nix makes one of all.
{ pkgs, ... }:
{
  microvm = {
    hypervisor = "qemu";
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

  packages = {
    htop = pkgs.htop;
    vim = pkgs.vim;
  };

  system.stateVersion = "25.11";
  time.timeZone = "UTC";

  users.users.ops = {
    extraGroups = [ "wheel" ];
    isNormalUser = true;
    openssh.authorizedKeys.keys = [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ops@example"
    ];
  };
}
