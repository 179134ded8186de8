lib: {
  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (x: f: f x);
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  warn = message: builtins.trace "evaluation warning: ${message}";
  warnIf = condition: message: if condition then lib.warn message else lib.id;
  throwIf = condition: message: if condition then throw message else lib.id;
  throwIfNot = condition: lib.throwIf (!condition);
  importJSON = file: builtins.fromJSON (builtins.readFile file);
  isFunction = value: builtins.isFunction value || value ? __functor;
  functionArgs = f: if f ? __functor then builtins.functionArgs (f.__functor f) else builtins.functionArgs f;
  release = "25.11";
  version = "25.11.lab";
  systems.elaborate = system: { inherit system; };
  maintainers = { };
  licenses = { };
}
