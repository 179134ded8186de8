import { rendered } from '../marker.ts';
import {
  againScript,
  alertsScript,
  collectScript,
  deploymentsScript,
  dumpScript,
  endedScript,
  endsScript,
  gcScript,
  guestSshScript,
  guestStateScript,
  healScript,
  libScript,
  locksScript,
  memoryLevelScript,
  memoryScript,
  reconcileScript,
  sampleProgram,
  sampleScript,
  sampleTableScript,
  spoolScript,
  startedScript,
  vmmScript,
  watchJudgeScript,
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
    ./host/lib.sh
    ./host/deployments.sh
    ./host/locks.sh
    ./host/spool.sh
    ./host/guest-state.sh
    ./host/ends.sh
    ./host/memory-level.sh
  ];
  shell = file: lib.concatMapStrings builtins.readFile (libraries ++ [ file ]);
  # What the watch knows besides, and what restarts guests.
  watching = [
    ./host/dump.sh
    ./host/vmm.sh
  ];

  tools = [
    # sh, for what is done as user microvm.
    pkgs.bash
    pkgs.gawk
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
    unitConfig = {
      RequiresMountsFor = folders;
      # A person who starts it by hand must not keep it from looking.
      StartLimitIntervalSec = 0;
    };
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

  # 1, also for true, or 0.
  forwards =
    name:
    let
      value = config.boot.kernel.sysctl.\${name} or 0;
    in
    if value == true || value == 1 || value == "1" then "1" else "0";

  # How a guest, or one of its helpers, ended; and that a guest started. Its unit runs as user microvm, these as root; what
  # becomes of them is no failure of the unit.
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
    # Helpers come and go with their guest: only a failure is news.
    [ "$1" = microvm ] || [ "$SERVICE_RESULT" != success ] || exit 0
    export PATH=\${searchPath}
    \${shell ./host/ended.sh}
  '';
  started = pkgs.writeShellScript "fleet-started" ''
    export PATH=\${searchPath}
    \${shell ./host/started.sh}
  '';
  recorded = name: more: {
    after = [ "fleet-recover.service" ];
    serviceConfig = {
      ExecStopPost = [ "-+\${ended} \${name} %i" ];
    }
    // more;
    unitConfig = {
      RequiresMountsFor = [ "/var/lib/fleet" ];
      # Stopped is what fleet's records say: no limit of systemd's keeps anybody from starting a guest.
      StartLimitIntervalSec = 0;
    };
  };

  again = unit "Start guest %i again" ./host/again.sh 300 [ ];
in
{
  systemd.services = {
    fleet-watch =
      unit "Look at the guests" ./host/watch.sh 180 [
        pkgs.curl
        pkgs.fping
        pkgs.openssh
        pkgs.socat
      ]
      // {
        # Only where the user's own configuration does not say otherwise.
        environment = {
          FLEET_FORWARDING = forwards "net.ipv4.conf.all.forwarding";
          FLEET_FORWARDING6 = forwards "net.ipv6.conf.all.forwarding";
        };
        script = lib.concatMapStrings builtins.readFile (
          libraries
          ++ watching
          ++ [
            ./host/guest-ssh.sh
            ./host/watch-judge.sh
            ./host/watch.sh
          ]
        );
      };
    "fleet-heal@" =
      unit "Restart guest %i, which is not well" ./host/heal.sh 600 [ pkgs.socat ]
      // {
        scriptArgs = "%i";
        script = lib.concatMapStrings builtins.readFile (libraries ++ watching ++ [ ./host/heal.sh ]);
      };
    fleet-sample =
      unit "Measure what guests use" ./host/sample.sh 60 [ pkgs.curl ]
      // {
        script =
          "sample_program=\${./host/sample.jq}\\n"
          + lib.concatMapStrings builtins.readFile (
            libraries
            ++ [
              ./host/sample-table.sh
              ./host/sample.sh
            ]
          );
      };
    # Started by fleet-sample, while memory is short.
    fleet-memory =
      unit "Make room in memory" ./host/memory.sh 240 [ pkgs.socat ]
      // {
        # Where QEMU listens.
        script = lib.concatMapStrings builtins.readFile (
          libraries
          ++ [
            ./host/dump.sh
            ./host/memory.sh
          ]
        );
      };
    fleet-alerts =
      unit "Tell of what is wrong" ./host/alerts.sh 150 [ pkgs.curl ]
      // {
        after = [ "fleet-sample.service" ];
      };
    # After a boot it waits for the guests that autostart starts.
    fleet-reconcile =
      unit "Compare what runs with what is declared" ./host/reconcile.sh 120 [ config.nix.package ]
      // {
        after = [
          "fleet-autostart.service"
          "fleet-recover.service"
        ];
      };
    fleet-gc =
      unit "Collect what nobody needs" ./host/collect.sh 3600 [ config.nix.package ]
      // {
        script = "collection=\${pkgs.writeText "fleet-collection" (shell ./host/gc.sh)}\\n" + shell ./host/collect.sh;
      };
    "fleet-again@" = again // {
      scriptArgs = "%i";
      # While somebody else is at work with the guest it looks again.
      serviceConfig = again.serviceConfig // {
        Restart = "on-failure";
        RestartSec = 10;
      };
      unitConfig = again.unitConfig // {
        StartLimitIntervalSec = 0;
      };
    };

    "fleet-guest-keys@" = recorded "fleet-guest-keys" { };
    "microvm@" = recorded "microvm" { ExecStartPost = [ "-+\${started} %i" ]; };
    "microvm-macvtap-interfaces@" = recorded "microvm-macvtap-interfaces" { };
    "microvm-pci-devices@" = recorded "microvm-pci-devices" { };
    "microvm-set-booted@" = recorded "microvm-set-booted" { };
    "microvm-tap-interfaces@" = recorded "microvm-tap-interfaces" { };
    "microvm-virtiofsd@" = recorded "microvm-virtiofsd" { };
  };

  # They are bounded by number and size, too. Since they were written: whoever looks at them does not keep them.
  systemd.tmpfiles.rules = [
    "e /var/lib/fleet/ends - - - mM:30d"
    "e /var/lib/fleet/dumps - - - mM:7d"
  ];

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
  ['modules/host/again.sh', rendered(againScript)],
  ['modules/host/alerts.sh', rendered(alertsScript)],
  ['modules/host/collect.sh', rendered(collectScript)],
  ['modules/host/deployments.sh', rendered(deploymentsScript)],
  ['modules/host/dump.sh', rendered(dumpScript)],
  ['modules/host/ended.sh', rendered(endedScript)],
  ['modules/host/ends.sh', rendered(endsScript)],
  ['modules/host/gc.sh', rendered(gcScript)],
  ['modules/host/guest-ssh.sh', rendered(guestSshScript)],
  ['modules/host/guest-state.sh', rendered(guestStateScript)],
  ['modules/host/heal.sh', rendered(healScript)],
  ['modules/host/lib.sh', rendered(libScript)],
  ['modules/host/locks.sh', rendered(locksScript)],
  ['modules/host/memory-level.sh', rendered(memoryLevelScript)],
  ['modules/host/memory.sh', rendered(memoryScript)],
  ['modules/host/reconcile.sh', rendered(reconcileScript)],
  ['modules/host/sample-table.sh', rendered(sampleTableScript)],
  ['modules/host/sample.jq', rendered(sampleProgram)],
  ['modules/host/sample.sh', rendered(sampleScript)],
  ['modules/host/spool.sh', rendered(spoolScript)],
  ['modules/host/started.sh', rendered(startedScript)],
  ['modules/host/vmm.sh', rendered(vmmScript)],
  ['modules/host/watch-judge.sh', rendered(watchJudgeScript)],
  ['modules/host/watch.sh', rendered(watchScript)],
];
