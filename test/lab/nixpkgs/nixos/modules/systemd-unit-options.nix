# The options that units have.
lib:
let
  inherit (lib) mkOption types;
  strings = mkOption { type = types.listOf types.str; default = [ ]; };
  settings = mkOption { type = types.attrsOf setting; default = { }; };
  # As NixOS has it: lists of several modules add up, other values have to agree. The lab's own does so anyway.
  setting =
    if lib ? mkOptionType then
      lib.mkOptionType {
        name = "unit option";
        merge =
          loc: defs:
          if lib.any (def: lib.isList def.value) defs then
            lib.concatMap (def: lib.toList def.value) defs
          else
            lib.mergeEqualOption loc defs;
      }
    else
      types.anything;
  script = mkOption { type = types.lines; default = ""; };
  flag = default: mkOption { type = types.bool; inherit default; };

  common.options = {
    enable = flag true;
    description = mkOption { type = types.str; default = ""; };
    documentation = strings;
    wantedBy = strings;
    requiredBy = strings;
    wants = strings;
    requires = strings;
    requisite = strings;
    bindsTo = strings;
    partOf = strings;
    upholds = strings;
    conflicts = strings;
    before = strings;
    after = strings;
    onFailure = strings;
    aliases = strings;
    unitConfig = settings;
    overrideStrategy = mkOption {
      type = types.enum [
        "asDropin"
        "asDropinIfExists"
      ];
      default = "asDropinIfExists";
    };
    restartTriggers = mkOption { type = types.listOf types.anything; default = [ ]; };
    reloadTriggers = mkOption { type = types.listOf types.anything; default = [ ]; };
  };
in
{
  inherit common;
  timer = {
    imports = [ common ];
    options.timerConfig = settings;
  };
  socket = {
    imports = [ common ];
    options = {
      listenStreams = strings;
      listenDatagrams = strings;
      socketConfig = settings;
    };
  };
  service = {
    imports = [ common ];
    options = {
      serviceConfig = settings;
      environment = settings;
      path = mkOption { type = types.listOf types.anything; default = [ ]; };
      script = script;
      scriptArgs = mkOption { type = types.str; default = ""; };
      preStart = script;
      postStart = script;
      preStop = script;
      postStop = script;
      reload = script;
      startAt = mkOption {
        type = types.coercedTo types.str lib.singleton (types.listOf types.str);
        default = [ ];
      };
      restartIfChanged = flag true;
      reloadIfChanged = flag false;
      stopIfChanged = flag true;
    };
  };
}
