# What rendered files say, so that JSON keeps it: a set as a list of names and values, for some names
# (outPath, __toString) mean something to whatever prints a set.
{
  plain,
  root,
  configs,
  flakes,
  machines,
  pkgs,
}:
let
  say =
    value:
    if builtins.isAttrs value then
      {
        set = map (name: [
          name
          (say value.${name})
        ]) (builtins.attrNames value);
      }
    else if builtins.isList value then
      map say value
    else
      value;

  inherit (import plain {
    inherit pkgs root;
    paths = machines;
  }) files;
in
{
  configs = map (path: say (import (root + "/${path}"))) configs;

  flakes = map (
    path:
    let
      flake = import (root + "/${path}");
    in
    say { inherit (flake) description inputs; }
  ) flakes;

  machines = map (
    path:
    let
      file = files.${path};
    in
    say {
      host = file.networking.hostName;
      packages = map (package: package." name") (file.environment.systemPackages or [ ]);
      release = file.system.stateVersion;
      users = file.users.users or { };
      volumes = file.microvm.volumes or [ ];
      zone = file.time.timeZone;
    }
  ) machines;
}
