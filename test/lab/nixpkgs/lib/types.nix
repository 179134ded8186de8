# Option types: what they accept and how several definitions become one value.
lib:
let
  mkType = name: check: merge: {
    _type = "option-type";
    inherit name check merge;
    description = name;
  };

  scalar = name: check: mkType name check lib.mergeEqual;

  joined =
    separator:
    mkType "strings concatenated with ${builtins.toJSON separator}" builtins.isString (
      _: defs: builtins.concatStringsSep separator (map (def: def.value) defs)
    );

  integer = name: from: to: scalar name (value: builtins.isInt value && value >= from && value <= to);

  maxInt = 9223372036854775807;

  types = {
    inherit mkType;

    anything = mkType "anything" (_: true) lib.mergeLoose;
    unspecified = types.anything;
    raw = mkType "raw value" (_: true) (_: defs: (builtins.head defs).value);
    deferredModule = mkType "module" (_: true) (_: defs: { imports = map (def: def.value) defs; });

    bool = scalar "boolean" builtins.isBool;
    str = scalar "string" (value: builtins.isString value || value ? outPath);
    nonEmptyStr = scalar "non-empty string" (value: builtins.isString value && value != "");
    singleLineStr = types.str;
    path = scalar "absolute path" (
      value: builtins.isPath value || lib.hasPrefix "/" (toString value)
    );
    package = scalar "package" (value: lib.isDerivation value || lib.hasPrefix "/nix/store" (toString value));
    float = scalar "floating point number" builtins.isFloat;
    number = scalar "number" (value: builtins.isInt value || builtins.isFloat value);
    int = scalar "signed integer" builtins.isInt;
    port = integer "16 bit unsigned integer; between 0 and 65535 (both inclusive)" 0 65535;
    ints = {
      positive = integer "positive integer, meaning >0" 1 maxInt;
      unsigned = integer "unsigned integer, meaning >=0" 0 maxInt;
      between = from: to: integer "integer between ${toString from} and ${toString to}" from to;
    };
    enum =
      values: scalar "one of ${lib.concatMapStringsSep ", " builtins.toJSON values}" (
        value: builtins.elem value values
      );

    lines = joined "\n";
    commas = joined ",";
    separatedString = joined;

    listOf =
      element:
      mkType "list of ${element.description}" builtins.isList (
        loc: defs:
        builtins.concatMap (
          def:
          lib.imap1 (
            i: value: lib.mergeTyped (loc ++ [ "[definition 1-entry ${toString i}]" ]) element [ (def // { inherit value; }) ]
          ) def.value
        ) defs
      );

    attrs = types.attrsOf types.anything;
    attrsOf =
      element:
      mkType "attribute set of ${element.description}" builtins.isAttrs (
        loc: lib.mergeAttributes (name: lib.mergeTyped (loc ++ [ name ]) element)
      );
    # Values that refer to each other: no condition of one is looked at to list the others.
    lazyAttrsOf =
      element:
      mkType "lazy attribute set of ${element.description}" builtins.isAttrs (
        loc: lib.mergeLazily (name: lib.mergeTyped (loc ++ [ name ]) element)
      );

    submodule =
      module:
      mkType "submodule" (value: builtins.isAttrs value || builtins.isFunction value || builtins.isPath value) (
        loc: defs:
        builtins.removeAttrs
          (lib.evalModules {
            prefix = loc;
            specialArgs.name = lib.last loc;
            modules = lib.toList module ++ map asModule defs;
          }).config
          [ "_module" ]
      );
    submoduleWith = { modules, ... }: types.submodule { imports = modules; };

    nullOr =
      element:
      mkType "null or ${element.description}" (value: value == null || element.check value) (
        loc: defs:
        if builtins.all (def: def.value == null) defs then
          null
        else if builtins.any (def: def.value == null) defs then
          lib.mergeEqual loc defs
        else
          element.merge loc defs
      );

    either =
      left: right:
      mkType "${left.description} or ${right.description}" (value: left.check value || right.check value) (
        loc: defs:
        if builtins.all (def: left.check def.value) defs then
          left.merge loc defs
        else if builtins.all (def: right.check def.value) defs then
          right.merge loc defs
        else
          lib.mergeEqual loc defs
      );
    oneOf = list: builtins.foldl' types.either (builtins.head list) (builtins.tail list);
    coercedTo =
      from: convert: to:
      mkType to.description (value: from.check value || to.check value) (
        loc: defs:
        to.merge loc (
          map (def: if from.check def.value then def // { value = convert def.value; } else def) defs
        )
      );
  };

  # A plain set defines the submodule's options, even one that is called `config`.
  asModule =
    def:
    if builtins.isAttrs def.value then
      { _file = def.file; config = def.value; }
    else
      { _file = def.file; imports = [ def.value ]; };
in
types
