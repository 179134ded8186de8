lib: {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    groupBy
    head
    isList
    length
    map
    partition
    sort
    tail
    ;

  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  toList = value: if builtins.isList value then value else [ value ];
  singleton = value: [ value ];
  flatten = value: if builtins.isList value then builtins.concatMap lib.flatten value else [ value ];
  remove = value: builtins.filter (other: other != value);
  subtractLists = gone: builtins.filter (value: !builtins.elem value gone);
  intersectLists = kept: builtins.filter (value: builtins.elem value kept);
  unique = builtins.foldl' (seen: value: if builtins.elem value seen then seen else seen ++ [ value ]) [ ];
  last = list: builtins.elemAt list (builtins.length list - 1);
  init = list: lib.take (builtins.length list - 1) list;
  take = n: list: builtins.genList (builtins.elemAt list) (lib.min n (builtins.length list));
  drop =
    n: list:
    builtins.genList (i: builtins.elemAt list (i + n)) (lib.max 0 (builtins.length list - n));
  range = from: to: builtins.genList (i: from + i) (lib.max 0 (to - from + 1));
  imap0 = f: list: builtins.genList (i: f i (builtins.elemAt list i)) (builtins.length list);
  imap1 = f: lib.imap0 (i: f (i + 1));
  reverseList =
    list: builtins.genList (i: builtins.elemAt list (builtins.length list - 1 - i)) (builtins.length list);
  findFirst =
    matches: default: list:
    let
      found = builtins.filter matches list;
    in
    if found == [ ] then default else builtins.head found;
  foldr =
    f: start: list:
    if list == [ ] then start else f (builtins.head list) (lib.foldr f start (builtins.tail list));
  zipListsWith =
    f: left: right:
    builtins.genList (i: f (builtins.elemAt left i) (builtins.elemAt right i)) (
      lib.min (builtins.length left) (builtins.length right)
    );
  zipLists = lib.zipListsWith (fst: snd: { inherit fst snd; });
}
