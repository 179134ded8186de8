# Rendered by fleet from fleet.yaml: change it there.
{
  networking.firewall.allowedTCPPorts = [ 80 ];
  services.nginx.enable = true;
}
