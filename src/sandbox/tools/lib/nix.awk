# Reads Nix that is plain data, as fleet renders it, and follows its imports. `value[PATH]` holds
# what it says, with PATH as Nix writes it (`systemd.network.netdevs."10-br-x".netdevConfig.Name`)
# and a number for an element of a list. What is not plain (functions, let, mkIf) is kept as text.

# load(FOLDER, FILE, PREFIX): reads FILE and everything it imports; `source` gathers what was read. Of the
# layers of a vm (modules/layers.nix) the last says most, and its own file more than all.
function load(folder, file, prefix,    queue, seen, count, imported, more, layered, n, i) {
  count = 1
  queue[1] = file
  for (n = 1; n <= count; n++) {
    if (queue[n] in seen) continue
    seen[queue[n]] = 1
    file = existing(folder, queue[n])
    imported = size["imports"] + 0
    more = size["modules"] + 0
    layered = size["layers"] + 0
    tokenise(folder "/" file)
    read_files(folder, file)
    source = source "\n" file ":"
    for (at = 1; at <= tokens; at++) source = source " " token[at]
    keeping = queue[n] in layer
    parse_file(folder, file, prefix)
    keeping = 0
    for (i = imported; i < size["imports"]; i++) count = follow(queue, count, file, value["imports." i])
    for (i = more; i < size["modules"]; i++) count = follow(queue, count, file, value["modules." i])
    for (i = size["layers"] - 1; i >= layered; i--) {
      count = follow(queue, count, file, value["layers." i])
      layer[queue[count]] = 1
    }
  }
}

# `builtins.readFile ./PATH` is the text of that file, `lib.concatMapStrings builtins.readFile [ ./PATH… ]`
# that of all of them.
function read_files(folder, file,    n, kept, text) {
  kept = 0
  for (n = 1; n <= tokens; n++) {
    if (is_read_file(n) && is_path(token[n + 3])) {
      token[++kept] = "\"" text_of(folder, file, token[n + 3])
      n += 3
    } else if (token[n] == "concatMapStrings" && is_read_file(n + 1) && token[n + 4] == "[") {
      kept -= 2 # lib.
      text = ""
      for (n += 5; is_path(token[n]); n++) text = text text_of(folder, file, token[n])
      token[++kept] = "\"" text
    } else token[++kept] = token[n]
  }
  tokens = kept
}

function is_read_file(n) { return token[n] == "builtins" && token[n + 1] == "." && token[n + 2] == "readFile" }

function is_path(text) { return text ~ /^\.\.?\// }

function text_of(folder, file, target,    path, line, text) {
  path = resolve(file, target)
  if (!(path in tracked)) fail("path '" folder "/" path "' does not exist, or is not tracked by Git")
  text = ""
  while ((getline line < (folder "/" path)) > 0) text = text line "\n"
  close(folder "/" path)
  return text
}

function follow(queue, count, file, target) {
  if (is_path(target)) queue[++count] = resolve(file, target)
  return count
}

function existing(folder, path) {
  if (path in tracked) return path
  if (!(path "/default.nix" in tracked)) fail("path '" folder "/" path "' does not exist, or is not tracked by Git")
  return path "/default.nix"
}

# The path that `target` means in `file`.
function resolve(file, target,    parts, count, kept, n, i, path) {
  sub(/[^\/]*$/, "", file)
  count = split(file target, parts, "/")
  kept = 0
  for (n = 1; n <= count; n++) {
    if (parts[n] == "" || parts[n] == ".") continue
    if (parts[n] == "..") kept--
    else path[++kept] = parts[n]
  }
  target = path[1]
  for (i = 2; i <= kept; i++) target = target "/" path[i]
  return target
}

function fail(message) {
  print "error: " message > "/dev/stderr"
  failed = 1
  exit 1
}

# A string's token is a quote and its text.
function tokenise(file,    line, text) {
  tokens = 0
  split("", token)
  while ((getline line < file) > 0) {
    for (;;) {
      sub(/^[ \t\r]+/, "", line)
      if (line == "" || line ~ /^#/) break
      if (line ~ /^\/\*/) {
        while (!index(line, "*/") && (getline line < file) > 0) continue
        line = substr(line, index(line, "*/") + 2)
      } else if (line ~ /^''/) {
        line = indented(file, substr(line, 3))
      } else if (line ~ /^"/) {
        while (!match(line, /^"([^"\\]|\\.)*"/) && (getline text < file) > 0) line = line "\n" text
        token[++tokens] = "\"" unescape(substr(line, 2, RLENGTH - 2))
        line = substr(line, RLENGTH + 1)
      } else if (match(line, /^\.\.?\/[A-Za-z0-9._\/+-]+/) || match(line, /^[A-Za-z_][A-Za-z0-9_'-]*/) ||
                 match(line, /^[0-9]+(\.[0-9]+)?/) || match(line, /^./)) {
        token[++tokens] = substr(line, 1, RLENGTH)
        line = substr(line, RLENGTH + 1)
      }
    }
  }
  close(file)
}

function unescape(text,    result, n, c) {
  result = ""
  while (n = index(text, "\\")) {
    c = substr(text, n + 1, 1)
    result = result substr(text, 1, n - 1) (c == "n" ? "\n" : c == "t" ? "\t" : c == "r" ? "\r" : c)
    text = substr(text, n + 2)
  }
  return result text
}

# ''…'': returns what follows on its last line.
function indented(file, line,    lines, count, n, end, least, result) {
  for (count = 1; !(end = closing_quotes(line)); count++) {
    lines[count] = line
    if ((getline line < file) <= 0) break
  }
  lines[count] = substr(line, 1, end - 1)
  least = 1000
  for (n = 1; n <= count; n++)
    if ((n > 1 || lines[n] != "") && match(lines[n], /[^ ]/) && RSTART < least) least = RSTART
  result = ""
  for (n = 1; n <= count; n++) {
    if (n == 1 && lines[n] ~ /^ *$/) continue
    if (n == count && lines[n] ~ /^ *$/) continue
    result = result substr(lines[n], least) (n < count ? "\n" : "")
  }
  gsub(/''\$/, "$", result)
  gsub(/'''/, "''", result)
  token[++tokens] = "\"" result
  return substr(line, end + 2)
}

# Where '' ends a string in this line, rather than escaping something.
function closing_quotes(line,    n, from) {
  from = 0
  while (n = index(substr(line, from + 1), "''")) {
    n += from
    if (substr(line, n + 2, 1) !~ /[$'\\]/) return n
    from = n + 2
  }
  return 0
}

# Skips `{ pkgs, ... }:` and `args:`, and finds the set that modules/layers.nix is given; other functions
# are not plain.
function parse_file(folder, file, prefix,    end) {
  at = 1
  while (at <= tokens) {
    end = token[at] == "{" ? closing(at) : at
    if (token[end + 1] == ":") at = end + 2
    else if (token[end + 1] == "@") at = closing(end + 2) + 2
    else break
  }
  if (token[at] == "import") {
    existing(folder, resolve(file, token[at + 1]))
    while (at <= tokens && token[at] != "{") at++
  }
  if (token[at] == "{") parse_set(prefix)
}

function closing(from,    depth, n) {
  for (n = from; n <= tokens; n++) {
    if (token[n] ~ /^[[({]$/) depth++
    else if (token[n] ~ /^[])}]$/) depth--
    if (depth == 0) return n
  }
  return tokens
}

function parse_set(prefix,    path) {
  for (at++; at <= tokens && token[at] != "}"; at++) {
    path = prefix
    while (at <= tokens && token[at] !~ /^[=;}]$/) {
      if (token[at] != ".") path = path (path == "" ? "" : ".") key(token[at])
      # Options stand there as well as beside it.
      if (path == "config") path = ""
      at++
    }
    if (token[at] == "=") {
      at++
      parse_value(path)
    }
    while (at <= tokens && token[at] != ";") at = closing(at) + 1
  }
  at++
}

function key(t) {
  if (t !~ /^"/) return t
  t = substr(t, 2)
  return t ~ /^[A-Za-z_][A-Za-z0-9_'-]*$/ ? t : "\"" t "\""
}

function parse_value(path,    text, end) {
  if (token[at] == "{" && token[closing(at) + 1] !~ /^[:@]$/) return parse_set(path)
  if (token[at] == "[") {
    for (at++; at <= tokens && token[at] != "]"; ) parse_element(path "." size[path]++)
    at++
    return
  }
  if (token[at] ~ /^"/ && token[at + 1] == ";") return put(path, substr(token[at++], 2))
  if (path == "" && token[at] == "import") return put("imports." size["imports"]++, token[++at])
  while (at <= tokens && token[at] != ";") {
    for (end = closing(at); at <= end; at++) text = text (text == "" ? "" : " ") token[at]
  }
  put(path, text)
}

# An element of a list: `pkgs.a.b` is one.
function parse_element(path,    text, end) {
  if (token[at] == "{") return parse_set(path)
  if (token[at] ~ /^"/) return put(path, substr(token[at++], 2))
  for (end = closing(at); at <= end; at++) text = text token[at]
  while (token[at] == ".") {
    text = text "." key(token[at + 1])
    at += 2
  }
  put(path, text)
}

function put(path, text) {
  if (!(path in value)) order[++entries] = path
  else if (keeping) return
  value[path] = text
}

function forget() {
  split("", value)
  split("", order)
  split("", size)
  split("", layer)
  entries = 0
  source = ""
}

# under(PATH, PREFIX, SUFFIX): the one name between them, or "".
function under(path, prefix, suffix,    name) {
  if (index(path, prefix) != 1) return ""
  name = substr(path, length(prefix) + 1)
  if (suffix == "") return name
  if (length(name) <= length(suffix) || substr(name, length(name) - length(suffix) + 1) != suffix) return ""
  return substr(name, 1, length(name) - length(suffix))
}
