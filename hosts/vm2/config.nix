# Rendered by fleet from fleet.yaml: change it there.
{
  networking.firewall.allowedTCPPorts = [ 5432 ];

  services.postgresql = {
    enable = true;
    enableTCPIP = true;
  };
}
