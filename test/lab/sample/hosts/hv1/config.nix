{ pkgs, ... }:
{
  networking.hostName = "hv1";
  environment.systemPackages = [ pkgs.tmux ];
  environment.etc."fleet/autostart".text = ''
    vm1
    vm2
  '';
  microvm.autostart = [ ];
  system.stateVersion = "25.11";
  time.timeZone = "UTC";
}
