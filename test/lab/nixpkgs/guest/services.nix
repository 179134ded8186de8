# What a guest's services would listen on: the lab's guest answers there. `lab.tcp` and `lab.http`
# in boot.kernelParams add to it. An sshd with host keys that somebody may know is a real one.
{ config, lib }:
let
  enabled = name: config.services.${name}.enable or false;
  hostKeys = map (key: key.path) config.services.openssh.hostKeys;
  explicit =
    key:
    lib.concatMap (word: lib.optional (lib.hasPrefix "${key}=" word) (lib.removePrefix "${key}=" word)) config.boot.kernelParams;
  word = key: values: lib.optional (values != [ ]) "${key}=${lib.concatStringsSep "," values}";
in
word "lab.sshd" (lib.optionals (enabled "openssh") hostKeys)
++ map (user: "lab.user=${user.name}") (
  builtins.filter (user: user.isNormalUser && hostKeys != [ ]) (builtins.attrValues config.users.users)
)
++ word "lab.tcp" (
  lib.optionals (enabled "openssh" && hostKeys == [ ]) (map toString config.services.openssh.ports)
  ++ lib.optional (enabled "postgresql") "5432"
  ++ explicit "lab.tcp"
)
++ word "lab.http" (lib.optional (enabled "nginx") "80" ++ explicit "lab.http")
