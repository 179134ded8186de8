# users.users and users.groups; keys go where sshd looks for those of the system.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.users;

  user =
    { name, config, ... }:
    {
      options = {
        name = mkOption { type = types.str; default = name; };
        isNormalUser = mkOption { type = types.bool; default = false; };
        isSystemUser = mkOption { type = types.bool; default = false; };
        group = mkOption { type = types.str; default = if config.isNormalUser then "users" else name; };
        extraGroups = mkOption { type = types.listOf types.str; default = [ ]; };
        home = mkOption {
          type = types.str;
          default = if config.isNormalUser then "/home/${name}" else "/var/empty";
        };
        shell = mkOption {
          type = types.anything;
          default = if config.isNormalUser then "/bin/bash" else "/usr/sbin/nologin";
        };
        hashedPassword = mkOption { type = types.nullOr types.str; default = null; };
        openssh.authorizedKeys = {
          keys = mkOption { type = types.listOf types.singleLineStr; default = [ ]; };
          keyFiles = mkOption { type = types.listOf types.path; default = [ ]; };
        };
      };
    };

  keysOf =
    user:
    user.openssh.authorizedKeys.keys ++ map builtins.readFile user.openssh.authorizedKeys.keyFiles;

  hasOneKind = user: user.name == "root" || user.isNormalUser != user.isSystemUser;
in
{
  options.users = {
    users = mkOption { type = types.attrsOf (types.submodule user); default = { }; };
    groups = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options.name = mkOption { type = types.str; default = name; };
            options.gid = mkOption { type = types.nullOr types.int; default = null; };
          }
        )
      );
      default = { };
    };
    mutableUsers = mkOption { type = types.bool; default = true; };
  };

  config = {
    users.users.root = {
      group = "root";
      home = "/root";
      shell = "/bin/bash";
    };
    users.groups = lib.genAttrs [ "kvm" "root" "users" "wheel" ] (_: { });
    assertions = lib.mapAttrsToList (name: user: {
      assertion = hasOneKind user;
      message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set.";
    }) cfg.users;
    system.build.usersGroups = pkgs.writeText "users-groups.json" (
      builtins.toJSON {
        users = map (
          user: builtins.removeAttrs user [ "openssh" ] // { shell = "${user.shell}"; }
        ) (builtins.attrValues cfg.users);
        groups = builtins.attrValues cfg.groups;
      }
    );
    environment.etc = lib.mapAttrs' (
      name: user:
      lib.nameValuePair "ssh/authorized_keys.d/${name}" {
        text = lib.concatLines (keysOf user);
        mode = "0444";
      }
    ) (lib.filterAttrs (_: user: keysOf user != [ ]) cfg.users);
  };
}
