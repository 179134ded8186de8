# What an administrator had here before the fleet came: flakes, git and sshd.
{ pkgs, ... }:
{
  networking.hostName = "";
  nix.settings.experimental-features = [
    "nix-command"
    "flakes"
  ];
  environment.systemPackages = [ pkgs.git ];
  services.openssh.enable = true;
  system.stateVersion = "25.11";
}
