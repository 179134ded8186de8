# The activation script: what a switch, and every boot, runs as root to make /etc, users and links.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  textOf = snippet: if builtins.isString snippet then snippet else snippet.text;
in
{
  options.system.activationScripts = mkOption { type = types.attrsOf types.anything; default = { }; };

  config.system.build.activationScript =
    builtins.replaceStrings
      [
        "@etc@"
        "@hostName@"
        "@custom@"
        "@usersGroups@"
      ]
      [
        "${config.system.build.etc}"
        config.networking.hostName
        (lib.concatStrings (
          lib.mapAttrsToList (name: snippet: "# ${name}\n${textOf snippet}\n") config.system.activationScripts
        ))
        "${config.system.build.usersGroups}"
      ]
      (builtins.readFile ../switch/activate.sh);
}
