lib: {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    ;

  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: builtins.listToAttrs (lib.mapAttrsToList f set);
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  concatMapAttrs = f: set: lib.mergeAttrsList (lib.mapAttrsToList f set);
  mergeAttrsList = builtins.foldl' (a: b: a // b) { };
  filterAttrs =
    keep: set:
    removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));
  genAttrs =
    names: f:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  optionalAttrs = condition: set: if condition then set else { };
  attrsToList = lib.mapAttrsToList lib.nameValuePair;
  getAttrs = names: set: lib.genAttrs names (name: set.${name});
  getAttrFromPath = path: set: builtins.foldl' (at: name: at.${name}) set path;
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${builtins.head path} then
      lib.attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  hasAttrByPath =
    path: set:
    path == [ ]
    || set ? ${builtins.head path}
      && lib.hasAttrByPath (builtins.tail path) set.${builtins.head path};
  setAttrByPath =
    path: value:
    if path == [ ] then
      value
    else
      { ${builtins.head path} = lib.setAttrByPath (builtins.tail path) value; };
  recursiveUpdate =
    left: right:
    left
    // builtins.mapAttrs (
      name: value:
      if builtins.isAttrs value && builtins.isAttrs (left.${name} or null) then
        lib.recursiveUpdate left.${name} value
      else
        value
    ) right;
  zipAttrsWith = builtins.zipAttrsWith;
  isDerivation = value: value.type or null == "derivation";
  getBin = package: package.bin or package.out or package;
  getExe = package: "${package}/bin/${package.meta.mainProgram or package.pname or package.name}";
  getExe' = package: program: "${package}/bin/${program}";
}
