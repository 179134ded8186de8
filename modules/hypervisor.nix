# Rendered by fleet from fleet.yaml: change it there.
{
  config,
  inputs,
  lib,
  pkgs,
  ...
}:
{
  imports = [ inputs.microvm.nixosModules.host ];

  boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = lib.mkDefault true;

  environment.systemPackages = [ pkgs.git ];

  networking = {
    # networkd alone looks after bridges and TAPs.
    dhcpcd.denyInterfaces = [
      "br-*"
      "vm-*"
    ];

    nftables = {
      enable = true;
      # A flush would also take the tables of tailscale, Docker and the like.
      flushRuleset = lib.mkOverride 900 false;
    };
  };

  nix.settings.experimental-features = [
    "flakes"
    "nix-command"
  ];

  services.openssh = {
    enable = true;
    settings.PasswordAuthentication = lib.mkDefault false;
  };

  systemd.network = {
    enable = true;
    # Without the uplink networkd has no link that ever counts as online, and boot would wait.
    wait-online.enable = lib.mkDefault config.networking.useNetworkd;
  };

  # In place of microvm.autostart, which starts stopped guests at every switch.
  systemd.services.fleet-autostart = {
    description = "Start the guests of this hypervisor in order";
    after = [ "network.target" ];
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    # Every deployment makes this file, a reboot takes it away.
    unitConfig.ConditionPathExists = "!/run/fleet/seen";
    serviceConfig = {
      RemainAfterExit = true;
      Type = "oneshot";
    };
    script = ''
      while read -r vm; do
        if [ ! -e "${config.microvm.stateDir}/$vm/current" ]; then
          echo "<4>$vm is not created yet: skipped" >&2
        elif systemctl start "microvm@$vm.service"; then
          echo "$vm started"
        else
          echo "<3>$vm did not start, going on with the next" >&2
        fi
      done < /etc/fleet/autostart
    '';
  };
}
