# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }:
{
  imports = [
    ../../modules/hypervisor.nix
    ./config.nix
    ./firewall.nix
    ./networks.nix
    ../../nix/hv1-hardware.nix
  ];

  environment = {
    # In the order in which they start after a reboot.
    etc."fleet/autostart".text = ''
      vm2
      vm1
      vm3
      vm4
    '';
    systemPackages = [ pkgs.tmux ];
  };

  networking.hostName = "hv1";
  system.stateVersion = "25.11";
  time.timeZone = "UTC";

  users.users.root.openssh.authorizedKeys.keys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ops@example"
  ];
}
