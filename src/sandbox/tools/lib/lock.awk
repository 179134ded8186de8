# With nix.awk: prints the flake.lock of -v folder=FOLDER. Of the one that is there, nodes stay as
# they are unless their url changed or `renew` names them.
BEGIN {
  tracked["flake.nix"] = 1
  while ((getline line < (folder "/flake.lock")) > 0)
    if (match(line, /^    "[^"]*": /)) before[substr(line, 6, RLENGTH - 8)] = substr(line, RLENGTH + 1)
  load(folder, "flake.nix", "")
  for (n = 1; n <= entries; n++) {
    name = under(order[n], "inputs.", ".url")
    if (name && name !~ /\./) names[++count] = name
  }
  sort_names()
  print "{\n  \"nodes\": {"
  for (n = 1; n <= count; n++) {
    print "    \"" names[n] "\": " node(names[n]) ","
    root = root (n > 1 ? ", " : "") "\"" names[n] "\": \"" names[n] "\""
  }
  print "    \"root\": { \"inputs\": { " root " } }\n  },\n  \"root\": \"root\",\n  \"version\": 7\n}"
}

function sort_names(    i, j, t) {
  for (i = 2; i <= count; i++)
    for (j = i; j > 1 && names[j] < names[j - 1]; j--) {
      t = names[j]
      names[j] = names[j - 1]
      names[j - 1] = t
    }
}

function node(name,    url, original, inputs, flake, text, n, input) {
  url = value["inputs." name ".url"]
  original = reference(url)
  for (n = 1; n <= entries; n++) {
    input = under(order[n], "inputs." name ".inputs.", ".follows")
    if (input) inputs = inputs (inputs == "" ? "" : ", ") "\"" input "\": [\"" value[order[n]] "\"]"
  }
  text = (value["inputs." name ".flake"] == "false" ? "\"flake\": false, " : "") \
    (inputs == "" ? "" : "\"inputs\": { " inputs " }, ")
  if ((name in before) && index(before[name], "\"original\": { " original " }") && index(before[name], text) &&
      !index(renew, " " name " ")) {
    sub(/,$/, "", before[name])
    return before[name]
  }
  return "{ " text "\"locked\": { \"lastModified\": 1763731200, \"narHash\": \"sha256-" \
    substr(digest("nar" url renewed(name)) "", 1, 40) "aaa=\", \"rev\": \"" digest(url renewed(name)) "\", " \
    locked(original) " }, \"original\": { " original " } }"
}

function renewed(name) {
  return index(renew, " " name " ") ? salt : ""
}

# `github:OWNER/REPO/REF` and what else there is, as attributes.
function reference(url,    parts, count) {
  count = split(url, parts, /[:\/]/)
  if (parts[1] == "github")
    return "\"owner\": \"" parts[2] "\", " (count > 3 ? "\"ref\": \"" parts[4] "\", " : "") \
      "\"repo\": \"" parts[3] "\", \"type\": \"github\""
  if (parts[1] == "path") return "\"path\": \"" substr(url, 6) "\", \"type\": \"path\""
  sub(/^git\+/, "", url)
  return "\"type\": \"git\", \"url\": \"" url "\""
}
function locked(original) {
  sub(/"ref": "[^"]*", /, "", original)
  return original
}

# 40 hexadecimal digits that a text decides; nothing to rely on elsewhere.
function digest(text,    n, round, state, result) {
  for (n = 1; n < 256; n++) code[sprintf("%c", n)] = n
  for (round = 1; round <= 5; round++) {
    state = round
    for (n = 1; n <= length(text); n++) state = (state * 131 + code[substr(text, n, 1)]) % 4294967291
    result = result sprintf("%04x%04x", int(state / 65536), state % 65536)
  }
  return result
}
