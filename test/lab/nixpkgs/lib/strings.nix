lib: {
  inherit (builtins)
    concatStringsSep
    hasContext
    isString
    match
    replaceStrings
    split
    stringLength
    substring
    toJSON
    unsafeDiscardStringContext
    ;

  concatStrings = builtins.concatStringsSep "";
  concatMapStrings = f: list: lib.concatStrings (map f list);
  concatMapStringsSep =
    separator: f: list:
    builtins.concatStringsSep separator (map f list);
  concatMapAttrsStringSep =
    separator: f: set:
    builtins.concatStringsSep separator (lib.mapAttrsToList f set);
  concatLines = lib.concatMapStrings (line: "${line}\n");
  optionalString = condition: text: if condition then text else "";
  boolToString = value: if value then "true" else "false";
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      start = builtins.stringLength text - builtins.stringLength suffix;
    in
    start >= 0 && builtins.substring start (-1) text == suffix;
  hasInfix = infix: text: builtins.length (lib.splitString infix text) > 1;
  removePrefix =
    prefix: text:
    if lib.hasPrefix prefix text then
      builtins.substring (builtins.stringLength prefix) (-1) text
    else
      text;
  removeSuffix =
    suffix: text:
    if lib.hasSuffix suffix text then
      builtins.substring 0 (builtins.stringLength text - builtins.stringLength suffix) text
    else
      text;
  escapeRegex = lib.escape (lib.stringToCharacters "\\[{()^$?*+|.");
  escape = chars: builtins.replaceStrings chars (map (char: "\\${char}") chars);
  stringToCharacters =
    text: builtins.genList (i: builtins.substring i 1 text) (builtins.stringLength text);
  splitString =
    separator: text:
    builtins.filter builtins.isString (builtins.split (lib.escapeRegex separator) text);
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text != null then
      text
    else
      "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'";
  escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
  makeBinPath = lib.concatMapStringsSep ":" (package: "${lib.getBin package}/bin");
  makeSearchPath = dir: lib.concatMapStringsSep ":" (package: "${package}/${dir}");
  toLower = builtins.replaceStrings (lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (
    lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz"
  );
  toUpper = builtins.replaceStrings (lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz") (
    lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  );
  trim =
    text:
    let
      parts = builtins.match "[[:space:]]*(.*[^[:space:]])?[[:space:]]*" text;
    in
    if parts == null || builtins.head parts == null then "" else builtins.head parts;
  versionAtLeast = a: b: builtins.compareVersions a b >= 0;
  versionOlder = a: b: builtins.compareVersions a b < 0;
  nameFromURL = url: separator: builtins.head (lib.splitString separator (baseNameOf url));
}
