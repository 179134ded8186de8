# What nix/outputs.nix asks of nixpkgs: functions of lib as they are there, builders that only keep what
# they are given.
let
  lib = {
    inherit (builtins) elem mapAttrs;
    escapeShellArg = text: "'${text}'";
    fileset = {
      toSource = { root, fileset }: map toString fileset;
      unions = paths: paths;
    };
    getExe = package: "/${package.pname}/bin/${package.meta.mainProgram}";
    genAttrs =
      names: f:
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = f name;
        }) names
      );
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    last = list: builtins.elemAt list (builtins.length list - 1);
    licenses.mit = "mit";
    makeBinPath = packages: builtins.concatStringsSep ":" packages;
    optionalAttrs = condition: set: if condition then set else { };
    splitString = separator: text: builtins.filter builtins.isString (builtins.split separator text);
  };
  pkgs = {
    inherit lib;
    buildNpmPackage = args: args;
    callPackage =
      file: more:
      let
        function = import file;
      in
      function (builtins.intersectAttrs (builtins.functionArgs function) pkgs // more);
    git = "git";
    importNpmLock = {
      __functor = _: args: args.packageLock.packages;
      npmConfigHook = "importNpmLock.npmConfigHook";
    };
    installShellFiles = "installShellFiles";
    makeWrapper = "makeWrapper";
    mkShell = args: args;
    nixfmt = "nixfmt";
    nodejs_24 = "nodejs_24";
    openssh = "openssh";
    runCommand = name: args: script: args // { inherit name script; };
    shellcheck = "shellcheck";
    writeText = name: text: { inherit name text; };
  };
in
{
  lib = lib // {
    nixosSystem = system: {
      inherit (system) system;
      inputs = builtins.attrNames system.specialArgs.inputs;
    };
  };
  legacyPackages = lib.genAttrs [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-darwin"
    "x86_64-linux"
  ] (_: pkgs);
}
