# This machine's own: where it is reached and who may log in. A system without it cuts the uplink.
{ modulesPath, ... }:
{
  imports = [ (modulesPath + "/profiles/qemu-guest.nix") ];

  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };

  systemd.network.enable = true;
  systemd.network.networks."10-host0" = {
    matchConfig.Name = "host0";
    address = [ "@address@/30" ];
    routes = [
      {
        Destination = "10.250.0.0/24";
        Gateway = "@gateway@";
      }
    ];
  };

  security.sudo.wheelNeedsPassword = false;
  users.users.root.openssh.authorizedKeys.keys = [ "@key@" ];
  users.users.deploy = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = [ "@key@" ];
  };
}
