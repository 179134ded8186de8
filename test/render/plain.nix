# A rendered fleet as plain data, without nixpkgs: modules are called with the arguments they name,
# imports become paths, and a set among them becomes "inline". `pkgs` stands in for nixpkgs.
{
  root,
  paths,
  pkgs,
}:
let
  args = {
    pkgs = pkgs // {
      writeShellScript = name: _: name;
      writeText = name: _: name;
    };
    config = {
      nix.package = "nix";
      microvm = {
        stateDir = "/var/lib/microvms";
        shares = [ ];
        qemu = { };
      };
      networking = {
        hostName = "host";
        useNetworkd = false;
      };
    };
    inputs.microvm.nixosModules = {
      host = "microvm/host";
      microvm = "microvm/microvm";
    };
    lib = {
      mkDefault = value: value;
      concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
      any = builtins.any;
      hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
      makeBinPath = builtins.concatStringsSep ":";
      recursiveUpdate = a: b: a // b;
      mkOverride = _: value: value;
    };
  };

  load =
    path:
    let
      module = import (root + "/${path}");
      value = if builtins.isFunction module then module args else module;
    in
    value
    // (
      if value ? imports then
        {
          imports = map (each: if builtins.isAttrs each then "inline" else toString each) value.imports;
          inline = builtins.foldl' (_: each: each) { } (builtins.filter builtins.isAttrs value.imports);
        }
      else
        { }
    );

  flake = import (root + "/flake.nix");
in
{
  files = builtins.listToAttrs (
    map (path: {
      name = path;
      value = load path;
    }) paths
  );

  flake = {
    inherit (flake) description inputs;
    outputs = flake.outputs {
      microvm = { };
      nixpkgs.lib.nixosSystem = system: {
        inherit (system) system;
        inputs = builtins.attrNames system.specialArgs.inputs;
        modules = map toString system.modules;
      };
      self = throw "self leaks into a configuration";
    };
  };
}
