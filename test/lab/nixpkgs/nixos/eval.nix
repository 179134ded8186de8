# Evaluates modules, and tells what they set that none of them declares: any option is accepted here.
# The lab's own module system is like that; that of nixpkgs has to be asked for it.
{ lib }:
{
  own,
  modules,
  specialArgs,
}:
let
  plain = lib.mkOptionType {
    name = "plain";
    check = _: true;
    # Where all definitions are under conditions that do not hold.
    emptyValue.value = { };
    merge =
      loc: defs:
      if lib.all (def: lib.isAttrs def.value && !lib.isDerivation def.value) defs then
        (lib.types.lazyAttrsOf plain).merge loc defs
      else if lib.all (def: lib.isList def.value) defs then
        lib.concatMap (def: def.value) defs
      else
        lib.mergeEqualOption loc defs;
  };
  freeform.freeformType = lib.types.lazyAttrsOf plain;

  # For the lab's own modules alone, whose submodules name but a few of NixOS's options.
  accepting = lib // {
    types = lib.types // {
      submodule =
        module:
        lib.types.submodule {
          imports = [ module ];
          inherit (freeform) freeformType;
        };
    };
  };
  accept = file: {
    _file = toString file;
    imports = [ ({ lib, ... }@arguments: import file (arguments // { lib = accepting; })) ];
  };

  evaluated = lib.evalModules {
    modules = map accept own ++ modules ++ [ freeform ];
    inherit specialArgs;
  };

  undeclared =
    options: config:
    lib.concatMapAttrs (
      name: value:
      if !options ? ${name} then
        { ${name} = value; }
      else if lib.isOption options.${name} || !lib.isAttrs value then
        { }
      else
        { ${name} = undeclared options.${name} value; }
    ) config;
in
if lib ? mkOptionType then
  evaluated // { loose = undeclared evaluated.options evaluated.config; }
else
  lib.evalModules {
    modules = own ++ modules;
    inherit specialArgs;
  }
