import { rendered } from '../marker.ts';
import {
  againScript,
  alertsScript,
  collectScript,
  deploymentsScript,
  endedScript,
  guestStateScript,
  libScript,
  locksScript,
  reconcileScript,
  sampleScript,
  spoolScript,
  watchScript,
} from './shell.generated.ts';

export const watchModulePath = 'modules/watch.nix';

const watchModule = rendered(`{
  config,
  lib,
  pkgs,
  ...
}:
let
  # The scripts that fleet sends over ssh use the same libraries.
  libraries = [
    ./lib.sh
    ./deployments.sh
    ./locks.sh
    ./spool.sh
    ./guest-state.sh
  ];
  shell = file: lib.concatMapStrings builtins.readFile (libraries ++ [ file ]);

  tools = [
    pkgs.iproute2
    pkgs.jq
    pkgs.procps
    pkgs.util-linux
  ];

  folders = [
    config.microvm.stateDir
    "/var/lib/fleet"
  ];

  # None of it is restarted by a switch: what it is about goes on meanwhile. Guests come before all of it.
  unit = description: file: seconds: more: {
    inherit description;
    after = [ "fleet-recover.service" ];
    restartIfChanged = false;
    path = tools ++ more;
    script = shell file;
    unitConfig.RequiresMountsFor = folders;
    serviceConfig = {
      Type = "oneshot";
      CPUWeight = 20;
      IOWeight = 20;
      TimeoutStartSec = seconds;
    };
  };

  every = seconds: {
    wantedBy = [ "timers.target" ];
    timerConfig = {
      AccuracySec = "1s";
      OnActiveSec = seconds;
      OnUnitActiveSec = seconds;
    };
  };

  # How a guest, or one of its helpers, ended. The unit runs as user microvm, and the spool is root's.
  searchPath = lib.makeBinPath (
    tools
    ++ [
      pkgs.coreutils
      pkgs.findutils
      pkgs.gnugrep
      pkgs.gnused
      pkgs.systemd
    ]
  );
  ended = pkgs.writeShellScript "fleet-ended" ''
    set -e
    export PATH=\${searchPath}
    \${shell ./ended.sh}
  '';
  recorded = name: {
    after = [ "fleet-recover.service" ];
    unitConfig.RequiresMountsFor = [ "/var/lib/fleet" ];
    serviceConfig.ExecStopPost = [ "+\${ended} \${name} %i" ];
  };
in
{
  systemd.services = {
    fleet-watch = unit "Look at the guests" ./watch.sh 120 [
      pkgs.curl
      pkgs.fping
      pkgs.iputils
      pkgs.openssh
      pkgs.socat
    ];
    fleet-sample = unit "Measure what guests use" ./sample.sh 60 [ pkgs.socat ];
    fleet-alerts =
      unit "Tell of what is wrong" ./alerts.sh 150 [ pkgs.curl ]
      // {
        after = [ "fleet-sample.service" ];
      };
    # After a boot it waits for the guests that autostart starts.
    fleet-reconcile =
      unit "Compare what runs with what is declared" ./reconcile.sh 120 [ config.nix.package ]
      // {
        after = [
          "fleet-autostart.service"
          "fleet-recover.service"
        ];
      };
    fleet-gc = unit "Collect what nobody needs" ./collect.sh 3600 [ config.nix.package ];
    "fleet-again@" =
      unit "Start guest %i again" ./again.sh 300 [
        pkgs.curl
        pkgs.socat
      ]
      // {
        scriptArgs = "%i";
      };

    # Stopped is what fleet's records say: no limit of systemd's keeps anybody from starting a guest.
    "microvm@" = lib.recursiveUpdate (recorded "microvm") {
      unitConfig.StartLimitIntervalSec = 0;
    };
    "microvm-macvtap-interfaces@" = recorded "microvm-macvtap-interfaces";
    "microvm-pci-devices@" = recorded "microvm-pci-devices";
    "microvm-set-booted@" = recorded "microvm-set-booted";
    "microvm-tap-interfaces@" = recorded "microvm-tap-interfaces";
    "microvm-virtiofsd@" = recorded "microvm-virtiofsd";
  };

  systemd.timers = {
    fleet-watch = every "15s";
    fleet-sample = every "15s";
    fleet-alerts = every "15s";
    fleet-reconcile = every "5min";
    fleet-gc = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = "daily";
        RandomizedDelaySec = "1h";
      };
    };
  };
}
`);

/** What looks after a hypervisor between deployments; the same in every fleet. */
export const watchFiles: readonly (readonly [path: string, text: string])[] = [
  [watchModulePath, watchModule],
  ['modules/again.sh', rendered(againScript)],
  ['modules/alerts.sh', rendered(alertsScript)],
  ['modules/collect.sh', rendered(collectScript)],
  ['modules/deployments.sh', rendered(deploymentsScript)],
  ['modules/ended.sh', rendered(endedScript)],
  ['modules/guest-state.sh', rendered(guestStateScript)],
  ['modules/lib.sh', rendered(libScript)],
  ['modules/locks.sh', rendered(locksScript)],
  ['modules/reconcile.sh', rendered(reconcileScript)],
  ['modules/sample.sh', rendered(sampleScript)],
  ['modules/spool.sh', rendered(spoolScript)],
  ['modules/watch.sh', rendered(watchScript)],
];
