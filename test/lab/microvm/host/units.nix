# The unit templates of one guest: what orders them, what each needs to exist, what restarts.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.microvm;
  dir = "${cfg.stateDir}/%i";

  # A helper of microvm@: runs before it, is stopped and restarted with it.
  helper =
    program: more:
    {
      before = [ "microvm@%i.service" ];
      partOf = [ "microvm@%i.service" ];
      restartIfChanged = false;
      unitConfig.ConditionPathExists = "${dir}/current/bin/${program}";
    }
    // more;

  # Sets devices up with one program of the runner, and takes them down with another.
  setup =
    name: up: down: more:
    helper up (
      {
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          SyslogIdentifier = "${name}@%i";
          ExecStart = "${dir}/current/bin/${up}";
        }
        // lib.optionalAttrs (down != null) { ExecStop = "${dir}/booted/bin/${down}"; };
      }
      // more
    );

  helpers = map (name: "microvm-${name}@%i.service") [
    "tap-interfaces"
    "macvtap-interfaces"
    "pci-devices"
    "virtiofsd"
    "set-booted"
  ];
in
{
  config.systemd.services = lib.mkIf cfg.host.enable {
    "microvm-tap-interfaces@" = setup "microvm-tap-interfaces" "tap-up" "tap-down" {
      description = "Setup MicroVM '%i' TAP interfaces";
      after = [
        "network.target"
        "microvm-set-booted@%i.service"
      ];
    };
    "microvm-macvtap-interfaces@" = setup "microvm-macvtap-interfaces" "macvtap-up" "macvtap-down" {
      description = "Setup MicroVM '%i' MACVTAP interfaces";
      after = [ "microvm-set-booted@%i.service" ];
    };
    "microvm-pci-devices@" = setup "microvm-pci-devices" "pci-setup" null {
      description = "Setup MicroVM '%i' devices for passthrough";
    };

    "microvm-virtiofsd@" = helper "virtiofsd-run" {
      description = "VirtioFS daemons for MicroVM '%i'";
      after = [
        "local-fs.target"
        "microvm-set-booted@%i.service"
      ];
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "all";
        WorkingDirectory = dir;
        ExecStart = "${dir}/current/bin/virtiofsd-run";
        KillMode = "mixed";
        LimitNOFILE = 1048576;
        PrivateTmp = "yes";
        Restart = "always";
        RestartSec = "5s";
        SyslogIdentifier = "microvm-virtiofsd@%i";
      };
    };

    # No path condition: for a vm that was never created this unit fails, and microvm@ with it.
    "microvm-set-booted@" = {
      description = "Save MicroVM '%i' booted configuration";
      before = [ "microvm@%i.service" ];
      partOf = [ "microvm@%i.service" ];
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        SyslogIdentifier = "microvm-set-booted@%i";
        WorkingDirectory = dir;
        User = "microvm";
        Group = "kvm";
        ExecStop = "${pkgs.coreutils}/bin/rm booted";
      };
      script = ''
        rm -f booted
        ln -s "$(readlink current)" booted
      '';
    };

    "microvm@" = {
      description = "MicroVM '%i'";
      requires = helpers;
      after = [
        "network.target"
        "systemd-modules-load.service"
      ]
      ++ helpers;
      restartIfChanged = false;
      unitConfig.ConditionPathExists = "${dir}/current/bin/microvm-run";
      serviceConfig = {
        Type = if cfg.host.useNotifySockets then "notify" else "simple";
        NotifyAccess = "all";
        WorkingDirectory = dir;
        ExecStart = "${dir}/current/bin/microvm-run";
        ExecStop = "${dir}/booted/bin/microvm-shutdown";
        TimeoutSec = cfg.host.startupTimeout;
        Restart = "always";
        RestartSec = "5s";
        User = "microvm";
        Group = "kvm";
        SyslogIdentifier = "microvm@%i";
        LimitNOFILE = 1048576;
        LimitMEMLOCK = "infinity";
      };
    };
  };
}
