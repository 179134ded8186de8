# microvm.vms.NAME: guests that belong to the hypervisor's own configuration. A fleet does not make
# them, but a machine that it adopts may have them.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (config.microvm) stateDir vms;
  optional = mkOption { type = types.nullOr types.raw; default = null; };

  nixosSystem = import (modulesPath + "/..") {
    inherit lib;
    packagesFor = _: pkgs;
  };
  evaluate =
    name: module:
    nixosSystem {
      inherit (pkgs) system;
      modules = [
        ../guest
        { networking.hostName = lib.mkDefault name; }
        module
      ];
    };

  guestOf =
    name: vm:
    if vm.flake != null then
      vm.flake.nixosConfigurations.${name}.config
    else if vm.evaluatedConfig != null then
      vm.evaluatedConfig.config
    else
      (evaluate name vm.config).config;

  unitsOf =
    name: vm:
    let
      guest = guestOf name vm;
      isFlake = vm.flake != null;
      # restartIfChanged of the vm decides, whatever the template says.
      dropIn = {
        overrideStrategy = "asDropin";
        path = lib.mkForce [ ];
        serviceConfig.X-RestartIfChanged = [
          ""
          vm.restartIfChanged
        ];
      };
    in
    {
      "install-microvm-${name}" = {
        description = "Install MicroVM '${name}'";
        before = map (unit: "${unit}@${name}.service") [
          "microvm"
          "microvm-tap-interfaces"
          "microvm-virtiofsd"
          "microvm-set-booted"
        ];
        partOf = [ "microvm@${name}.service" ];
        wantedBy = [ "microvms.target" ];
        unitConfig = lib.optionalAttrs (isFlake && vm.updateFlake != null) {
          ConditionPathExists = "!${stateDir}/${name}";
        };
        serviceConfig.Type = "oneshot";
        script = ''
          mkdir -p ${stateDir}/${name}
          cd ${stateDir}/${name}
          ln -sTf ${guest.microvm.declaredRunner} current
          chown -h microvm:kvm . current
          ${
            if isFlake then
              ''
                echo '${if vm.updateFlake != null then vm.updateFlake else vm.flake}' > flake
                chown -h microvm:kvm flake
              ''
            else
              "ln -sTf ${guest.system.build.toplevel} toplevel"
          }
        '';
      };
      "microvm@${name}" = dropIn // {
        restartTriggers = [ guest.system.build.toplevel ];
      };
      "microvm-tap-interfaces@${name}" = dropIn;
      "microvm-virtiofsd@${name}" = dropIn;
    };
in
{
  options.microvm.vms = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule (
        { config, ... }:
        {
          options = {
            config = optional;
            flake = optional;
            updateFlake = optional;
            evaluatedConfig = optional;
            autostart = mkOption { type = types.bool; default = true; };
            restartIfChanged = mkOption { type = types.bool; default = config.flake == null; };
          };
        }
      )
    );
  };

  config = {
    microvm.autostart = builtins.filter (name: vms.${name}.autostart) (builtins.attrNames vms);
    systemd.services = lib.mkMerge (lib.mapAttrsToList unitsOf vms);
  };
}
