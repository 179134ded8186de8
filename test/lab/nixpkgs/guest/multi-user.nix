# The services of a guest that have something to do there: a script, once it is up.
{ config, lib }:
lib.filterAttrs (
  _: service: service.enable && service.script != "" && builtins.elem "multi-user.target" service.wantedBy
) config.systemd.services
