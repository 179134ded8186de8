# A small module system. Declared options are merged by their type; any other option path is
# accepted and merged by what its values look like.
lib:
let
  property = value: value._type or "";

  # An attribute set under conditions: the conditions move to its attributes, not yet evaluated, so
  # that a condition may depend on a neighbouring option.
  pushDown =
    value:
    if property value == "merge" then
      builtins.concatMap pushDown value.contents
    else if property value == "if" then
      map (builtins.mapAttrs (_: lib.mkIf value.condition)) (pushDown value.content)
    else if property value == "override" then
      map (builtins.mapAttrs (_: lib.mkOverride value.priority)) (pushDown value.content)
    else if property value == "order" then
      pushDown value.content
    else
      [ value ];

  # Definitions with mkMerge taken apart, false mkIf dropped, priority and order beside the value.
  discharge =
    def:
    let
      inner = content: discharge (def // { value = content; });
    in
    if property def.value == "merge" then
      builtins.concatMap inner def.value.contents
    else if property def.value == "if" then
      if def.value.condition then inner def.value.content else [ ]
    else if property def.value == "override" then
      discharge (def // { value = def.value.content; inherit (def.value) priority; })
    else if property def.value == "order" then
      discharge (def // { value = def.value.content; order = def.value.priority; })
    else
      [ def ];

  # The definitions that count: those of the strongest priority, in order.
  effective =
    defs:
    let
      all = builtins.concatMap discharge defs;
      priorityOf = def: def.priority or 100;
      strongest = builtins.foldl' lib.min 9999 (map priorityOf all);
    in
    builtins.sort (a: b: (a.order or 1000) < (b.order or 1000)) (
      builtins.filter (def: priorityOf def == strongest) all
    );

  # name → definitions of that attribute, over definitions that are attribute sets.
  byAttribute =
    defs:
    builtins.zipAttrsWith (_: values: values) (
      map (def: builtins.mapAttrs (_: value: def // { inherit value; }) def.value) defs
    );

  showOption = lib.concatMapStringsSep "." (
    part: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" part != null then part else ''"${part}"''
  );

  showValue =
    value:
    if builtins.isFunction value then
      "<function>"
    else if lib.isDerivation value then
      "<derivation ${value.name}>"
    else if builtins.isList value then
      "[ ${lib.concatMapStringsSep " " showValue value} ]"
    else if builtins.isAttrs value then
      "{ ${lib.concatMapStrings (n: "${n} = …; ") (builtins.attrNames value)}}"
    else
      builtins.toJSON value;

  showDefs = lib.concatMapStrings (def: "\n- In `${def.file}': ${showValue def.value}");

  conflict =
    loc: defs:
    throw "The option `${showOption loc}' has conflicting definition values:${showDefs defs}\nUse `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

  mergeEqual =
    loc: defs:
    let
      first = (builtins.head defs).value;
    in
    if builtins.all (def: def.value == first) (builtins.tail defs) then first else conflict loc defs;

  isPlainSet = value: builtins.isAttrs value && !lib.isDerivation value && !value ? outPath;

  # Any option that nobody declared.
  mergeLoose =
    loc: defs:
    if builtins.all (def: isPlainSet def.value) defs then
      mergeAttributes (name: mergeLoose (loc ++ [ name ])) defs
    else if builtins.all (def: builtins.isList def.value) defs then
      builtins.concatMap (def: def.value) defs
    else
      mergeEqual loc defs;

  # Attribute by attribute; an attribute whose conditions are all false is absent.
  mergeAttributes =
    mergeOne: defs:
    let
      counted = builtins.mapAttrs (_: effective) (byAttribute defs);
    in
    builtins.mapAttrs mergeOne (lib.filterAttrs (_: values: values != [ ]) counted);

  mergeLazily = mergeOne: defs: builtins.mapAttrs (name: all: mergeOne name (effective all)) (byAttribute defs);

  mergeDeclared =
    loc: option: defs:
    let
      fallback = lib.optional (option ? default) {
        file = "the option's default";
        value = lib.mkOverride 1500 option.default;
      };
      counted = effective (defs ++ fallback);
      value =
        if counted == [ ] then
          throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option."
        else
          mergeTyped loc (option.type or lib.types.anything) counted;
    in
    (option.apply or lib.id) value;

  mergeTyped =
    loc: type: defs:
    let
      wrong = builtins.filter (def: !type.check def.value) defs;
    in
    if wrong != [ ] then
      throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefs wrong}"
    else
      type.merge loc defs;

  # One level of the option tree. `declared` holds options and sets of options.
  mergeLevel =
    loc: declared: defs:
    let
      defined = byAttribute (
        builtins.concatMap (def: map (value: def // { inherit value; }) (pushDown def.value)) defs
      );
      level =
        name: ignored:
        let
          here = loc ++ [ name ];
          mine = defined.${name} or [ ];
          declaration = declared.${name};
        in
        if !declared ? ${name} then
          { value = mergeLoose here (notEmpty here (effective mine)); }
        else if property declaration == "option" then
          { value = mergeDeclared here declaration mine; }
        else
          mergeLevel here declaration mine;
      levels = builtins.mapAttrs level (declared // defined);
      isSet = name: declared ? ${name} && property declared.${name} != "option";
    in
    {
      value = builtins.mapAttrs (_: one: one.value) levels;
      # Only what nobody declared: its effect on a system is not spelled out anywhere else.
      loose = builtins.mapAttrs (name: one: if isSet name then one.loose else one.value) (
        lib.filterAttrs (name: _: isSet name || !declared ? ${name}) levels
      );
    };

  notEmpty =
    loc: defs:
    if defs == [ ] then
      throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option."
    else
      defs;

  mergeDeclarations =
    trees:
    builtins.zipAttrsWith (
      _: nodes:
      if builtins.any (node: property node == "option") nodes then
        builtins.foldl' (a: b: a // b) { } nodes
      else
        mergeDeclarations nodes
    ) trees;

  # A module in any of its forms → { key, file, imports, options, config }.
  loadModule =
    args: config: parent: module:
    let
      isFile = builtins.isPath module || builtins.isString module || module ? outPath;
      key = if isFile then toString module else parent;
      content = if isFile then import module else module;
      wanted = lib.functionArgs content;
      # Arguments that modules hand to each other through _module.args.
      handed = builtins.mapAttrs (name: _: config._module.args.${name}) (
        builtins.removeAttrs wanted (builtins.attrNames args)
      );
      required = lib.filterAttrs (name: _: !wanted.${name} || config._module.args ? ${name}) handed;
      set = if lib.isFunction content then content (args // required) else content;
      isStructured = set ? config || set ? options;
    in
    {
      inherit key;
      file = set._file or key;
      imports = set.imports or [ ];
      options = if isStructured then set.options or { } else { };
      config =
        if isStructured then
          set.config or { }
        else
          builtins.removeAttrs set [
            "_file"
            "disabledModules"
            "imports"
            "key"
          ];
    };

  collect =
    args: config: modules:
    let
      load = parent: lib.imap1 (i: loadModule args config "${parent}:anonymous-${toString i}");
    in
    # Reversed, so that what a module imports comes before the module's own definitions.
    lib.reverseList (
      builtins.genericClosure {
        startSet = load "<modules>" modules;
        operator = module: load module.key module.imports;
      }
    );
in
{
  inherit mergeAttributes mergeEqual mergeLazily mergeLoose mergeTyped showOption;

  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };
  mkOverride = priority: content: { _type = "override"; inherit priority content; };
  mkOptionDefault = lib.mkOverride 1500;
  mkDefault = lib.mkOverride 1000;
  mkForce = lib.mkOverride 50;
  mkVMOverride = lib.mkOverride 10;
  mkOrder = priority: content: { _type = "order"; inherit priority content; };
  mkBefore = lib.mkOrder 500;
  mkAfter = lib.mkOrder 1500;
  mkAssert = condition: message: content: if condition then content else throw message;

  mkOption = declaration: declaration // { _type = "option"; };
  mkEnableOption =
    name:
    lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Whether to enable ${name}.";
    };
  literalExpression = lib.id;
  mdDoc = lib.id;

  /** Evaluates modules: { config, options, loose }. */
  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
    }:
    let
      options = mergeDeclarations (map (module: module.options) loaded);
      merged = mergeLevel prefix options (
        map (module: { inherit (module) file; value = module.config; }) loaded
      );
      config = { _module.args = { }; } // merged.value;
      args = { inherit config lib options; } // specialArgs;
      loaded = collect args config modules;
    in
    {
      inherit config options;
      inherit (merged) loose;
    };
}
