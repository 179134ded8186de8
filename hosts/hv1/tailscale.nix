# Rendered by fleet from fleet.yaml: change it there.
{ lib, ... }:
{
  services.tailscale = {
    enable = true;
    extraSetFlags = [
      "--advertise-routes=10.1.0.0/24,10.2.0.0/24,10.3.0.0/24,10.4.0.0/24,10.5.0.0/24"
    ];
    extraUpFlags = [
      "--advertise-routes=10.1.0.0/24,10.2.0.0/24,10.3.0.0/24,10.4.0.0/24,10.5.0.0/24"
    ];
    useRoutingFeatures = lib.mkDefault "server";
  };

  # It may fail until somebody has logged in, which is no fault of a deployment.
  systemd.services.tailscaled-set = {
    serviceConfig = {
      Restart = "on-failure";
      RestartSec = 30;
    };
    startLimitIntervalSec = 0;
  };
}
