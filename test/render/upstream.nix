# Rendered machines through the real module system and microvm.nix's real modules. The rest of NixOS
# is left open: any option may be set, sets merge, lists add up, other values must agree.
{
  nixpkgsLib,
  microvm,
  root,
}:
let
  lib = import nixpkgsLib;

  derivation = name: {
    inherit name;
    meta.mainProgram = name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    passthru.tapMultiQueue = true;
    type = "derivation";
    version = "6.12";
  };

  plain = lib.mkOptionType {
    name = "plain";
    merge =
      loc: defs:
      if lib.all (def: lib.isAttrs def.value && !lib.isDerivation def.value) defs then
        (lib.types.lazyAttrsOf plain).merge loc defs
      else if lib.all (def: lib.isList def.value) defs then
        lib.concatMap (def: def.value) defs
      else
        lib.mergeEqualOption loc defs;
  };

  # What the modules read but do not set themselves.
  nixos = system: {
    freeformType = lib.types.lazyAttrsOf plain;
    config = {
      _module.args.pkgs =
        lib.genAttrs [ "git" "htop" "iproute2" "postgresql_16" "tmux" "vim" "virtiofsd" ] derivation
        // {
          inherit lib;
          _type = "pkgs";
          python3Packages = {
            requests = derivation "requests";
            supervisor = derivation "supervisor";
          };
          stdenv = {
            hostPlatform = lib.systems.elaborate system;
            targetPlatform = lib.systems.elaborate system;
          };
          replaceVars = file: _: derivation (baseNameOf file);
          writers.writePython3 =
            name: _: _:
            derivation name;
          writeShellScript = name: _: derivation name;
          writeText = name: _: derivation name;
        };
      boot.kernelPackages.kernel = derivation "linux";
      nix = {
        enable = true;
        optimise.automatic = false;
      };
    };
  };

  evaluate =
    name: system: module:
    (lib.evalModules {
      specialArgs.inputs.microvm.nixosModules = {
        host = microvm + "/nixos-modules/host";
        microvm = microvm + "/nixos-modules/microvm";
      };
      modules = [
        (root + "/hosts/${name}")
        (nixos system)
        module
      ];
    }).config;

  failed = config: map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
in
{
  guest =
    name: system:
    let
      config = evaluate name system { microvm.declaredRunner = lib.mkForce (derivation "runner"); };
    in
    {
      inherit (config) fileSystems networking warnings;
      inherit (config.microvm.binScripts) tap-up;
      inherit (config.services) openssh;
      failed = failed config;
      initrd = config.boot.initrd.kernelModules;
      microvm = {
        inherit (config.microvm)
          hypervisor
          mem
          shares
          storeOnDisk
          vcpu
          volumes
          ;
        # macvtap has no default: it cannot be read here.
        interfaces = map (interface: removeAttrs interface [ "macvtap" ]) config.microvm.interfaces;
      };
      networks = config.systemd.network.networks;
      waitsOnline = config.systemd.network.wait-online.enable;
    };

  hypervisor =
    name: system:
    let
      config = evaluate name system { networking.useNetworkd = false; };
      services = config.systemd.services;
    in
    {
      inherit (config) networking;
      inherit (config.microvm) autostart;
      inherit (config.systemd.network) networks;
      failed = failed config;
      netdevs = lib.attrNames config.systemd.network.netdevs;
      services = lib.attrNames services;
      start = services.fleet-autostart;
      target = config.systemd.targets.microvms;
      waitsOnline = config.systemd.network.wait-online.enable;
    };
}
