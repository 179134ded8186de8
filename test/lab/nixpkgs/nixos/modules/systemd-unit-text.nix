# Unit options → the text of a unit file.
{ lib, pkgs }:
let
  render =
    value:
    if builtins.isBool value then
      lib.boolToString value
    else
      toString value;

  lines =
    settings:
    let
      line = key: value: lib.concatMapStrings (one: "${key}=${render one}\n") (lib.toList value);
    in
    lib.concatStrings (lib.mapAttrsToList line (lib.filterAttrs (_: value: value != null) settings));

  # With its head even when there is nothing in it: systemd takes an empty file for a masked unit.
  section = name: settings: "[${name}]\n${lines settings}\n";

  list = key: values: lib.optionalAttrs (values != [ ]) { ${key} = toString values; };

  triggers =
    key: values:
    lib.optionalAttrs (values != [ ]) {
      ${key} = "${pkgs.writeText key (lib.concatMapStrings (value: "${toString value}\n") values)}";
    };

  unitSection =
    unit:
    section "Unit" (
      lib.optionalAttrs (unit.description != "") { Description = unit.description; }
      // list "After" unit.after
      // list "Before" unit.before
      // list "BindsTo" unit.bindsTo
      // list "Conflicts" unit.conflicts
      // list "Documentation" unit.documentation
      // list "OnFailure" unit.onFailure
      // list "PartOf" unit.partOf
      // list "Requires" unit.requires
      // list "Requisite" unit.requisite
      // list "Upholds" unit.upholds
      // list "Wants" unit.wants
      // triggers "X-Reload-Triggers" unit.reloadTriggers
      // triggers "X-Restart-Triggers" unit.restartTriggers
      // unit.unitConfig
    );

  # What a NixOS service finds in PATH, and nothing else.
  searchPath =
    paths:
    let
      all =
        paths
        ++ (with pkgs; [
          coreutils
          findutils
          gnugrep
          gnused
          systemd
        ]);
      in_ = dir: lib.concatMapStringsSep ":" (path: "${path}/${dir}") all;
    in
    "${in_ "bin"}:${in_ "sbin"}";

  scripts =
    name: service:
    let
      # Template names hold an @, which a store path may not.
      storeName = lib.concatStringsSep "-at-" (lib.splitString "@" name);
      job = part: text: "${pkgs.writeShellScript "unit-script-${storeName}-${part}" "set -e\n${text}"}";
      set = key: part: text: lib.optionalAttrs (text != "") { ${key} = job part text; };
    in
    lib.optionalAttrs (service.script != "") {
      ExecStart = "${job "start" service.script} ${service.scriptArgs}";
    }
    // set "ExecStartPre" "pre-start" service.preStart
    // set "ExecStartPost" "post-start" service.postStart
    // set "ExecStop" "pre-stop" service.preStop
    // set "ExecStopPost" "post-stop" service.postStop
    // set "ExecReload" "reload" service.reload;

  isForced = service: service.overrideStrategy == "asDropin" && service.path == [ ];

  changes =
    service:
    if service.reloadIfChanged then
      { X-ReloadIfChanged = true; }
    else if !service.restartIfChanged then
      { X-RestartIfChanged = false; }
    else
      { };
in
{
  serviceText =
    name: service:
    let
      environment =
        service.environment
        // lib.optionalAttrs (!isForced service) { PATH = searchPath service.path; };
      assignments = lib.mapAttrsToList (key: value: builtins.toJSON "${key}=${render value}") (
        lib.filterAttrs (_: value: value != null) environment
      );
    in
    unitSection service
    + section "Service" (
      lib.optionalAttrs (assignments != [ ]) { Environment = assignments; }
      // changes service
      // lib.optionalAttrs (!service.stopIfChanged) { X-StopIfChanged = false; }
      // scripts name service
      // service.serviceConfig
    );

  unitText =
    kind: _: unit:
    unitSection unit
    + lib.optionalString (kind == "Timer") (section "Timer" unit.timerConfig)
    + lib.optionalString (kind == "Socket") (
      section "Socket" (
        unit.socketConfig
        // lib.optionalAttrs (unit.listenStreams != [ ]) { ListenStream = unit.listenStreams; }
        // lib.optionalAttrs (unit.listenDatagrams != [ ]) { ListenDatagram = unit.listenDatagrams; }
      )
    );
}
