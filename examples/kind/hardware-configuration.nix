# What nixos-generate-config says of your machine goes here; this is only so that the example evaluates.
{
  boot.loader.systemd-boot.enable = true;

  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };

  networking.interfaces.enp1s0.useDHCP = true;
}
