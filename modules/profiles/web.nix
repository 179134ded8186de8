# Rendered by fleet from fleet.yaml: change it there.
# A layer of vms, and no module by itself: modules/layers.nix makes one of all.
{ pkgs, ... }:
{
  config = {
    networking.firewall.allowedTCPPorts = [ 80 ];
    services.nginx.enable = true;
  };

  packages.curl = pkgs.curl;
}
