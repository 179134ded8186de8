# config.system.build.toplevel: one store path that holds the whole system.
{
  config,
  lib,
  pkgs,
  looseConfig,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.system;

  # Options that no module here declares change a NixOS system too; so they are part of the store
  # path, as text. Files are copied by content: the place they lie in is no part of a system.
  dump =
    value:
    if builtins.isFunction value then
      "<function>"
    else if lib.isDerivation value then
      "${value}"
    else if builtins.isPath value then
      "${value}"
    else if builtins.isList value then
      map dump value
    else if builtins.isAttrs value then
      lib.mapAttrs (_: dump) value
    else
      value;

  failed = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      builtins.foldl' (result: warning: lib.warn warning result) value config.warnings;

  toplevel =
    pkgs.build "nixos-system-${lib.optionalString (config.networking.hostName != "") "${config.networking.hostName}-"}${cfg.nixos.version}"
      ''
        mkdir -p "$out/bin" "$out/lib"
        ln -s "$etc" "$out/etc"
        ln -s "$path" "$out/sw"
        ln -s "$kernel/bzImage" "$out/kernel"
        ln -s "$kernel" "$out/kernel-modules"
        printf %s "$kernelParams" > "$out/kernel-params"
        printf %s "$system" > "$out/system"
        printf %s "$version" > "$out/nixos-version"
        printf %s "$initInterface" > "$out/init-interface-version"
        cat "$undeclaredPath" > "$out/undeclared-options.json"
        for script in activate init bin/switch-to-configuration lib/unit-changes.sh; do
          sed "s|@toplevel@|$out|g" "$scripts/$script" > "$out/$script"
          chmod +x "$out/$script"
        done
      ''
      {
        inherit (cfg) path;
        inherit (cfg.build) etc;
        inherit (cfg.nixos) version;
        inherit (cfg) initInterface;
        kernel = config.boot.kernelPackages.kernel;
        kernelParams = toString config.boot.kernelParams;
        scripts = pkgs.writeTree "system-scripts" {
          activate.text = cfg.build.activationScript;
          init.text = builtins.readFile ../switch/init.sh;
          "lib/unit-changes.sh".text = builtins.readFile ../switch/unit-changes.sh;
          "bin/switch-to-configuration".text = builtins.readFile ../switch/switch-to-configuration.sh;
        };
        undeclared = builtins.toJSON (
          dump (
            builtins.removeAttrs looseConfig [ "_module" ]
            // {
              # A revision set there is meant to be seen: it does change the system.
              inherit (cfg) configurationRevision;
            }
          )
        );
        passAsFile = [ "undeclared" ];
      };
in
{
  options.system = {
    build = mkOption { type = types.lazyAttrsOf types.raw; default = { }; };
    path = mkOption { type = types.raw; };
    stateVersion = mkOption { type = types.str; default = lib.trivial.release; };
    configurationRevision = mkOption { type = types.nullOr types.str; default = null; };
    nixos.version = mkOption { type = types.str; default = lib.trivial.version; };
    nixos.release = mkOption { type = types.str; default = lib.trivial.release; };
    # A change of this is what makes a real switch end with exit code 100: reboot needed.
    initInterface = mkOption { type = types.str; default = "systemd 2"; };
  };
  options.assertions = mkOption { type = types.listOf types.anything; default = [ ]; };
  options.warnings = mkOption { type = types.listOf types.str; default = [ ]; };
  options.nixpkgs = {
    hostPlatform = mkOption { type = types.str; default = "x86_64-linux"; };
    overlays = mkOption { type = types.listOf types.raw; default = [ ]; };
    config = mkOption { type = types.attrsOf types.anything; default = { }; };
  };

  config.system.build.toplevel = checked toplevel;
}
