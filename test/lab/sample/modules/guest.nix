{ inputs, ... }:
{
  imports = [ inputs.microvm.nixosModules.microvm ];

  boot.initrd.systemd.enable = true;
  microvm.hypervisor = "qemu";
  microvm.shares = [
    {
      tag = "ro-store";
      source = "/nix/store";
      mountPoint = "/nix/.ro-store";
      proto = "virtiofs";
      readOnly = true;
    }
  ];
  networking.useDHCP = false;
  networking.useNetworkd = true;
  services.openssh.enable = true;
  system.stateVersion = "25.11";
}
