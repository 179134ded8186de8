# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2016,SC2034
# In front of sample.sh: a program for awk. What was gathered in parts that begin with `== NAME` comes in; what is said there of
# guests, in the formats of the kernel and of fleet's records, goes out as one line a guest, behind `== vms`: fields between
# tabs, of which those that nobody knows are empty. Behind `== devices` what each device received and sent. Other parts pass
# as they are.
# It is jq's input: jq is slow where there are many lines, and awk where there is JSON.
#   name active memory peak oomKills waitedSome waitedFull cpu allocated virtual rx tx rxPackets txPackets drops
#   memoryMiB vcpu agent state health since restarts stopped shed
table='
BEGIN { ticks = 100 }
/^== / { part = substr($0, 4); if (part !~ /^(groups|processes|network|images|guests|machines)$/) print; next }

# FILE:TEXT, as grep has them.
part == "groups" || part == "processes" || part == "guests" || part == "machines" {
  colon = index($0, ":")
  text = substr($0, colon + 1)
  depth = split(substr($0, 1, colon - 1), at, "/")
  file = at[depth]
  folder = at[depth - 1]
}
part == "groups" || part == "processes" {
  vm = folder
  sub(/^[^@]*@/, "", vm)
  sub(/[.]service$/, "", vm)
  beside = folder !~ /^microvm@/
}
part == "groups" && beside { helpers[vm] += text; next }
part == "groups" {
  active[vm] = 1
  split(text, word, " ")
  if (file == "memory.current") memory[vm] = text
  else if (file == "memory.peak") peak[vm] = text
  else if (file == "memory.events") { if (word[1] == "oom_kill") oom[vm] = word[2] }
  else if (file == "memory.pressure") { sub(/.*total=/, "", text); waited[vm, word[1]] = text }
  else if (file == "cpu.stat" && word[1] == "usage_usec") cpu[vm] = sprintf("%.6f", word[2] / 1000000)
  next
}
# Of each process its memory and, behind its name, which may have anything in it, its time.
part == "processes" {
  if (!beside) active[vm] = 1
  of = root "/proc/" text
  while ((getline line < (of "/smaps_rollup")) > 0)
    if (line ~ /^Pss:/) { split(line, word, " "); if (beside) helpers[vm] += word[2] * 1024; else memory[vm] += word[2] * 1024 }
  close(of "/smaps_rollup")
  if (!beside && (getline line < (of "/stat")) > 0) {
    sub(/.*[)] /, "", line)
    split(line, word, " ")
    spent[vm] += word[12] + word[13]
  }
  close(of "/stat")
  next
}
part == "network" {
  sub(/:/, " ")
  net[$1] = 1
  received[$1] = $2; sent[$1] = $10
  receivedPackets[$1] = $3; sentPackets[$1] = $11
  dropped[$1] = $5 + $13
  next
}
part == "images" {
  if (NF != 4) next
  vm = $4
  sub(/[/][^/]*$/, "", vm)
  sub(/.*[/]/, "", vm)
  virtual[vm] += $1
  allocated[vm] += $2 * $3
  next
}
part == "guests" {
  if (folder == "guests") {
    key = text
    sub(/\t.*/, "", key)
    sub(/^[^\t]*\t?/, "", text)
    known[file, key] = text
  } else known[file, folder] = 1
  next
}
part == "machines" {
  if (!match(text, /\t[{].*/)) next
  text = substr(text, RSTART + 1)
  names[file] = 1
  mib[file] = value(text, "memoryMiB")
  vcpu[file] = value(text, "vcpu")
  if (text ~ /"agent":true/) agent[file] = 1
  while (match(text, /"tap":"[^"]*"/)) {
    tap = substr(text, RSTART + 7, RLENGTH - 8)
    text = substr(text, RSTART + RLENGTH)
    # What a TAP sends the guest receives.
    if (!(tap in net)) continue
    rx[file] += sent[tap]; tx[file] += received[tap]
    rxPackets[file] += sentPackets[tap]; txPackets[file] += receivedPackets[tap]
    drops[file] += dropped[tap]
  }
  next
}
$1 == "ticks" { ticks = $2 }
{ print }

function value(text, key) {
  if (!match(text, "\"" key "\":[0-9]+")) return ""
  return substr(text, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
}
function number(of, vm) { return vm in of ? sprintf("%.0f", of[vm]) : "" }
END {
  for (vm in active) names[vm] = 1
  for (vm in allocated) names[vm] = 1
  for (vm in spent) cpu[vm] = sprintf("%.2f", spent[vm] / ticks)
  for (vm in memory) memory[vm] += helpers[vm]
  for (pair in known) { split(pair, word, SUBSEP); names[word[1]] = 1 }
  print "== devices"
  for (device in net) print device "\t" received[device] "\t" sent[device]
  print "== vms"
  for (vm in names)
    print vm "\t" (vm in active) "\t" number(memory, vm) "\t" peak[vm] "\t" oom[vm] "\t" waited[vm, "some"] "\t" waited[vm, "full"] \
      "\t" cpu[vm] "\t" number(allocated, vm) "\t" number(virtual, vm) "\t" number(rx, vm) "\t" number(tx, vm) \
      "\t" number(rxPackets, vm) "\t" number(txPackets, vm) "\t" number(drops, vm) "\t" mib[vm] "\t" vcpu[vm] "\t" agent[vm] \
      "\t" known[vm, "state"] "\t" known[vm, "health"] "\t" known[vm, "since"] "\t" known[vm, "restarts"] \
      "\t" known[vm, "stopped"] "\t" known[vm, "shed"]
}'
