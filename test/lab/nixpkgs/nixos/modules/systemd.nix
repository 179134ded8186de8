# systemd.{services,targets,timers,sockets}: the unit files as NixOS writes them.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  unitTypes = import ./systemd-unit-options.nix lib;
  inherit (import ./systemd-unit-text.nix { inherit lib pkgs; }) serviceText unitText;

  cfg = config.systemd;

  # file name → { unit, text } of every unit this configuration describes.
  timersOfServices = lib.concatMapAttrs (
    name: service:
    lib.optionalAttrs (service.startAt != [ ]) {
      ${name} = {
        wantedBy = [ "timers.target" ];
        timerConfig.OnCalendar = service.startAt;
      };
    }
  ) cfg.services;
  unitsOf =
    suffix: text: units:
    lib.mapAttrs' (name: unit: {
      name = "${name}.${suffix}";
      value = {
        inherit unit;
        text = text name unit;
      };
    }) (lib.filterAttrs (_: unit: unit.enable) units);
  described =
    unitsOf "service" serviceText cfg.services
    // unitsOf "target" (unitText null) cfg.targets
    // unitsOf "timer" (unitText "Timer") cfg.timers
    // unitsOf "socket" (unitText "Socket") cfg.sockets;
  masked = lib.concatMapAttrs (
    name: service: lib.optionalAttrs (!service.enable) { "${name}.service" = service; }
  ) cfg.services;

  # A unit that systemd itself brings is only added to, unless told otherwise.
  isDropIn =
    file: unit:
    unit.overrideStrategy == "asDropin" || builtins.elem file cfg.additionalUpstreamSystemUnits;
  filesOf =
    file:
    { unit, text }:
    { ${if isDropIn file unit then "${file}.d/overrides.conf" else file} = { inherit text; }; }
    // lib.genAttrs (map (target: "${target}.wants/${file}") unit.wantedBy) (_: { source = "../${file}"; })
    // lib.genAttrs (map (target: "${target}.requires/${file}") unit.requiredBy) (_: {
      source = "../${file}";
    })
    // lib.genAttrs unit.aliases (_: { source = file; });

  written =
    lib.concatMapAttrs filesOf described // lib.mapAttrs (_: _: { source = "/dev/null"; }) masked;
  upstream = lib.genAttrs (lib.subtractLists (builtins.attrNames masked) cfg.additionalUpstreamSystemUnits) (
    file: { copyOf = "/usr/lib/systemd/system/${file}"; }
  );
in
{
  options.systemd = {
    services = mkOption { type = types.attrsOf (types.submodule unitTypes.service); default = { }; };
    targets = mkOption { type = types.attrsOf (types.submodule unitTypes.common); default = { }; };
    timers = mkOption { type = types.attrsOf (types.submodule unitTypes.timer); default = { }; };
    sockets = mkOption { type = types.attrsOf (types.submodule unitTypes.socket); default = { }; };
    additionalUpstreamSystemUnits = mkOption { type = types.listOf types.str; default = [ ]; };
    defaultUnit = mkOption { type = types.str; default = "multi-user.target"; };
  };

  config = {
    systemd.timers = timersOfServices;
    # Targets count as the configuration's own: a switch starts again what active targets want.
    systemd.additionalUpstreamSystemUnits = [
      "basic.target"
      "getty.target"
      "local-fs.target"
      "multi-user.target"
      "network-online.target"
      "network-pre.target"
      "network.target"
      "nss-lookup.target"
      "paths.target"
      "remote-fs.target"
      "slices.target"
      "sockets.target"
      "sysinit.target"
      "systemd-sysctl.service"
      "time-sync.target"
      "timers.target"
    ];
    environment.etc."systemd/system".source = config.system.build.units;
    system.build.units = pkgs.writeTree "system-units" (
      upstream
      // written
      // {
        "default.target".source = config.systemd.defaultUnit;
      }
    );
  };
}
