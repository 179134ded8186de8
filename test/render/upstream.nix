# Rendered machines through the real module system and microvm.nix's real modules. The rest of NixOS
# is left open: any option may be set, sets merge, lists add up, other values must agree.
{
  nixpkgsLib,
  microvm,
  root,
}:
let
  lib = import nixpkgsLib;

  derivation =
    name:
    let
      package = {
        inherit name;
        configureFlags = [ ];
        dev = package;
        meta.mainProgram = name;
        out = package;
        outPath = "/nix/store/00000000000000000000000000000000-${name}";
        override = _: package;
        overrideAttrs = _: package;
        passthru.tapMultiQueue = true;
        type = "derivation";
        version = "6.12";
      };
    in
    package;

  tools = [
    "bash"
    "bubblewrap"
    "cloud-hypervisor"
    "coreutils"
    "crosvm"
    "curl"
    "docker"
    "erofs-utils"
    "findutils"
    "firecracker"
    "fping"
    "gawk"
    "git"
    "gnugrep"
    "gnused"
    "htop"
    "iproute2"
    "iputils"
    "jq"
    "kind"
    "kubectl"
    "openssh"
    "postgresql_16"
    "procps"
    "qemu_kvm"
    "socat"
    "systemd"
    "time"
    "tmux"
    "util-linux"
    "vim"
    "virtiofsd"
  ];

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

  pkgsFor =
    system:
    lib.genAttrs tools derivation
    // {
      inherit lib;
      _type = "pkgs";
      buildPackages = lib.genAttrs tools derivation // {
        runCommandLocal =
          name: _: _:
          derivation name;
      };
      closureInfo = _: derivation "closure-info";
      linux.target = "bzImage";
      python3Packages = {
        requests = derivation "requests";
        supervisor = derivation "supervisor";
      };
      replaceVars = file: _: derivation (baseNameOf file);
      stdenv = {
        hostPlatform = lib.systems.elaborate system;
        targetPlatform = lib.systems.elaborate system;
      };
      writeClosure = _: derivation "closure";
      writers = {
        # Its text in place of its path, to be looked at.
        writeJSON = name: data: derivation name // { outPath = builtins.toJSON data; };
        writePython3 =
          name: _: _:
          derivation name;
      };
      writeShellScript = name: _: derivation name;
      writeText = name: _: derivation name;
    };

  # What the modules read but do not set themselves.
  nixos = system: {
    freeformType = lib.types.lazyAttrsOf plain;
    options.system.build = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.unspecified; };
    config = {
      _module.args.pkgs = pkgsFor system;
      boot.kernelPackages.kernel = derivation "linux";
      nix = {
        enable = true;
        optimise.automatic = false;
      };
      security.virtualisation.flushL1DataCache = null;
      system = {
        boot.loader.initrdFile = "initrd";
        build = {
          initialRamdisk = derivation "initrd";
          toplevel = derivation "toplevel";
        };
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

  # What the runner would start. Every runner throws here for what it cannot do.
  command =
    config: system:
    let
      pkgs = pkgsFor system;
    in
    (import (microvm + "/lib/runners/${config.microvm.hypervisor}.nix") (
      {
        inherit pkgs;
        inherit (import (microvm + "/lib") { inherit lib; })
          extractOptValues
          extractParamValue
          withDriveLetters
          ;
        linuxTarget = pkgs.linux.target;
        macvtapFds = { };
        microvmConfig = config.microvm // {
          inherit (config.networking) hostName;
        };
      }
    )).command;

  failed = config: map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
in
{
  guest =
    name: system:
    let
      config = evaluate name system { microvm.declaredRunner = lib.mkForce (derivation "runner"); };
    in
    {
      inherit (config)
        fileSystems
        networking
        time
        warnings
        ;
      packages = map (package: package.name) (config.environment.systemPackages or [ ]);
      release = config.system.stateVersion;
      command = command config system;
      inherit (config.microvm.binScripts) tap-up;
      inherit (config.services) openssh;
      users = config.users or { };
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
      keys = services."fleet-guest-keys@";
      virtiofsd = removeAttrs services."microvm-virtiofsd@" [ "serviceConfig" ];
      target = config.systemd.targets.microvms;
      waitsOnline = config.systemd.network.wait-online.enable;
    };
}
