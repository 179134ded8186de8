# Rendered by fleet from fleet.yaml: change it there.
# Makes one module of the layers of a vm: defaults, its profiles in their order, its own. Sets and lists
# are added to, of other values the last one wins; as if all of them stood in the file of the vm.
args:
{ imports, layers, ... }@own:
let
  all = map (layer: import layer args) layers ++ [ own ];
  each = name: none: map (layer: layer.${name} or none) all;

  merge =
    add: first: second:
    let
      added = name: value: if first ? ${name} then merge add first.${name} value else value;
    in
    if builtins.isAttrs first && builtins.isAttrs second then
      first // builtins.mapAttrs added second
    else if builtins.isList first && builtins.isList second then
      add first second
    else
      second;

  concat = first: second: first ++ second;
  # A config may say a thing twice; other lists have it once.
  unite =
    first: second:
    builtins.foldl' (sum: item: if builtins.elem item sum then sum else sum ++ [ item ]) [ ] (
      first ++ second
    );

  config = builtins.foldl' (merge concat) { } (each "config" { });
  modules = builtins.foldl' unite [ ] (each "modules" [ ]);
  # By name, and so in the order of names.
  packages = builtins.foldl' (first: second: first // second) { } (each "packages" { });
  apart = [
    "config"
    "imports"
    "layers"
    "modules"
    "packages"
  ];
  options = builtins.foldl' (merge unite) { } (map (layer: removeAttrs layer apart) all);
in
options
// {
  environment.systemPackages = builtins.attrValues packages;
  imports = imports ++ [ config ] ++ modules;
}
