# environment.etc, environment.systemPackages, time zone.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;

  files = lib.filterAttrs (_: file: file.enable) config.environment.etc;
  # A mode other than "symlink" makes activation copy the file: sshd and sudo insist on owner and mode.
  entry =
    file:
    (if file.text != null then { inherit (file) text; } else { inherit (file) source; });
  tree = lib.concatMapAttrs (
    _: file:
    { ${file.target} = entry file; }
    // lib.optionalAttrs (file.mode != "symlink") { "${file.target}.mode".text = file.mode; }
  ) files;
in
{
  options.environment = {
    etc = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              enable = mkOption { type = types.bool; default = true; };
              target = mkOption { type = types.str; default = name; };
              text = mkOption { type = types.nullOr types.lines; default = null; };
              source = mkOption { type = types.path; };
              mode = mkOption { type = types.str; default = "symlink"; };
              user = mkOption { type = types.str; default = "root"; };
              group = mkOption { type = types.str; default = "root"; };
            };
          }
        )
      );
    };
    systemPackages = mkOption { type = types.listOf types.package; default = [ ]; };
    variables = mkOption { type = types.attrsOf types.anything; default = { }; };
  };
  options.time.timeZone = mkOption { type = types.nullOr types.str; default = null; };

  config = {
    environment.systemPackages = with pkgs; [
      bashInteractive
      coreutils-full
      curl
      diffutils
      findutils
      gawk
      getent
      gnugrep
      gnused
      gnutar
      gzip
      hostname
      iproute2
      iputils
      kmod
      nix
      openssh
      procps
      shadow
      systemd
      util-linux
      xz
      (writeShellScriptBin "nixos-version" "cat /run/current-system/nixos-version")
    ];

    environment.etc = {
      "set-environment".text =
        ''
          export PATH=${config.system.build.searchPath}
        ''
        + lib.concatStrings (
          lib.mapAttrsToList (
            name: value: "export ${name}=${lib.escapeShellArg value}\n"
          ) config.environment.variables
        );
      "profile".text = ". /etc/set-environment\n";
      "bash.bashrc".text = "[ -n \"$__ETC_PROFILE_DONE\" ] || . /etc/set-environment\n";
      "os-release".text = ''
        NAME=NixOS
        ID=nixos
        VERSION_ID="${lib.trivial.release}"
        PRETTY_NAME="NixOS ${config.system.nixos.version}"
      '';
      "localtime" = lib.mkIf (config.time.timeZone != null) {
        source = "/usr/share/zoneinfo/${config.time.timeZone}";
      };
      "NIXOS".text = "";
    };

    system.build = {
      etc = pkgs.writeTree "etc" tree;
      searchPath = lib.concatStringsSep ":" [
        "/run/wrappers/bin"
        "/root/.nix-profile/bin"
        "/nix/var/nix/profiles/default/bin"
        "/run/current-system/sw/bin"
      ];
    };
    system.path = pkgs.buildEnv {
      name = "system-path";
      paths = config.environment.systemPackages;
    };
  };
}
