# Rendered by fleet from fleet.yaml: change it there.
{ inputs, lib, ... }:
{
  imports = [ inputs.microvm.nixosModules.microvm ];

  # The hypervisor's store: a new generation of a guest needs no new disk image.
  microvm.shares = [
    {
      mountPoint = "/nix/.ro-store";
      proto = "virtiofs";
      readOnly = true;
      source = "/nix/store";
      tag = "ro-store";
    }
  ];

  networking = {
    useDHCP = lib.mkDefault false;
    useNetworkd = true;
  };

  # Users have keys and no passwords.
  security.sudo.wheelNeedsPassword = lib.mkDefault false;

  services.openssh = {
    enable = lib.mkDefault true;
    settings.PasswordAuthentication = lib.mkDefault false;
  };
}
