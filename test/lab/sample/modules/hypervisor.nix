{ inputs, pkgs, ... }:
{
  imports = [ inputs.microvm.nixosModules.host ];

  boot.kernel.sysctl."net.ipv4.ip_forward" = 1;
  environment.systemPackages = [ pkgs.git ];
  networking.nftables.enable = true;
  nix.settings.experimental-features = [
    "nix-command"
    "flakes"
  ];
  services.openssh.enable = true;
  systemd.network.enable = true;
  systemd.services.fleet-autostart = {
    description = "Start the fleet's vms in order";
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    unitConfig.ConditionPathExists = "!/run/fleet/seen";
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
    script = ''
      while read -r vm; do
        if [ -e "/var/lib/microvms/$vm/current" ]; then
          systemctl start "microvm@$vm.service" || true
        fi
      done < /etc/fleet/autostart
    '';
  };
}
