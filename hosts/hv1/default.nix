# Rendered by fleet from fleet.yaml: change it there.
{ pkgs, ... }:
{
  imports = [
    ../../modules/hypervisor.nix
    ./config.nix
    ./dns.nix
    ./firewall.nix
    ./networks.nix
    ./tailscale.nix
    ./watch.nix
    ../../nix/hv1-hardware.nix
  ];

  environment = {
    # In the order in which they start: name, when, address, TAPs and bridges, needs.
    etc."fleet/autostart".text = ''
      vm2 always 10.2.0.2 vm-vm2=br-vm2 -
      vm1 always 10.1.0.2 vm-vm1=br-vm1 vm2
      vm3 always 10.3.0.2 vm-vm3=br-vm3 -
      vm4 always 10.4.0.2 vm-vm4=br-vm4 -
      vm5 always 10.5.0.2 vm-vm5=br-vm5 -
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
