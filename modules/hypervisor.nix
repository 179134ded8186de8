# Rendered by fleet from fleet.yaml: change it there.
{
  config,
  inputs,
  lib,
  pkgs,
  ...
}:
{
  imports = [
    inputs.microvm.nixosModules.host
    ./watch.nix
  ];

  boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = lib.mkDefault true;

  environment.systemPackages = [
    pkgs.git
    pkgs.jq
  ];

  networking = {
    # networkd alone looks after TAPs, and after the bridges that networks.nix names.
    dhcpcd.denyInterfaces = [ "vm-*" ];
    networkmanager.unmanaged = [ "interface-name:vm-*" ];

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

  # Users have keys and no passwords.
  security.sudo.wheelNeedsPassword = lib.mkDefault false;

  services.openssh = {
    enable = true;
    settings.PasswordAuthentication = lib.mkDefault false;
  };

  systemd.network = {
    enable = true;
    # At every TAP that comes up it would take away what others have set: wg-quick, a second uplink, a person.
    config.networkConfig = {
      ManageForeignRoutes = lib.mkDefault false;
      ManageForeignRoutingPolicyRules = lib.mkDefault false;
    };
    # Without the uplink networkd has no link that ever counts as online, and boot would wait.
    wait-online.enable = lib.mkDefault config.networking.useNetworkd;
  };

  # After a power cut in mid-deployment each guest and the system are on what they were on before it, or on
  # what was confirmed, before any guest starts. What to do lies in the deployment's own folder.
  systemd.services.fleet-recover = {
    description = "Put an unfinished deployment in order";
    before = [ "fleet-autostart.service" ];
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    unitConfig = {
      # Every deployment makes that file, a reboot takes it away.
      ConditionPathExists = "!/run/fleet/seen";
      RequiresMountsFor = [
        config.microvm.stateDir
        "/var/lib/fleet"
      ];
    };
    serviceConfig = {
      RemainAfterExit = true;
      Type = "oneshot";
    };
    script = builtins.readFile ./host/recover.sh;
  };
  systemd.services."microvm@".after = [ "fleet-recover.service" ];
  systemd.services."microvm-set-booted@".after = [ "fleet-recover.service" ];
  systemd.services."microvm-tap-interfaces@".after = [ "fleet-recover.service" ];

  # In place of microvm.autostart, which starts stopped guests at every switch.
  systemd.services.fleet-autostart = {
    description = "Start the guests of this hypervisor in order";
    # What guests share may be mounted from elsewhere.
    after = [ "network.target" "remote-fs.target" ];
    path = [
      pkgs.iputils
      pkgs.jq
      pkgs.util-linux
    ];
    wantedBy = [ "multi-user.target" ];
    restartIfChanged = false;
    # Every deployment makes the one, the script the other; a reboot takes them away.
    unitConfig.ConditionPathExists = [
      "!/run/fleet/seen"
      "!/run/fleet/autostarted"
    ];
    # It counts as started when each guest had its turn: nothing waits for those that are tried again.
    serviceConfig = {
      NotifyAccess = "all";
      RemainAfterExit = true;
      TimeoutStartSec = "infinity";
      Type = "notify";
    };
    script = lib.concatMapStrings builtins.readFile [
      ./host/lib.sh
      ./host/deployments.sh
      ./host/locks.sh
      ./host/spool.sh
      ./host/guest-state.sh
      ./host/autostart.sh
    ];
  };

  # Only for guests with run checks, whose runners have a share with this tag.
  systemd.services."fleet-guest-keys@" = {
    description = "ssh keys for guest %i";
    path = [ pkgs.openssh ];
    restartIfChanged = false;
    unitConfig.ConditionPathExists = "${config.microvm.stateDir}/%i/current/share/microvm/virtiofs/fleet-keys";
    serviceConfig.Type = "oneshot";
    scriptArgs = "%i";
    script = builtins.readFile ./host/guest-keys.sh;
  };

  systemd.services."microvm-virtiofsd@" = {
    after = [
      "fleet-guest-keys@%i.service"
      "fleet-recover.service"
    ];
    requires = [ "fleet-guest-keys@%i.service" ];
  };
}
