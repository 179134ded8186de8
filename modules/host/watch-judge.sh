# Rendered by fleet from fleet.yaml: change it there.
# shellcheck shell=sh disable=SC2016,SC2034
# The judge of fleet-watch: what was seen, and what earlier looks remember -> what to do, and what to remember. A program
# for jq, and a pure function: it reads no file and no clock. What a guest has to be is what checkVm of fleet says
# (src/plan/checks.ts); a test compares both.
#
# Rows that it prints, fields between tabs, - for an empty one:
#   ready|healthy NAME INVOCATION       unhealthy NAME INVOCATION CHECK WHY AGO RESTART    ask|paused NAME INVOCATION
#   heal NAME REASON INVOCATION CHECK WHY                                      run NAME ADDRESS INDEX
#   broken|repaired KEY WHAT            repair KIND NAME [VALUE]               found|gone KEY WHAT NAME
#   incident WHAT NAMES                 over                 life NAME         table JSON
judge='
def lines: split("\n") | map(select(. != ""));
# Without regular expressions, which are slow, where there are many.
def words: split(" ") | map(select(. != ""));
def pair(mark): index(mark) as $at | { key: .[:$at], value: .[$at + 1:] };
# No control characters of a guest reach an event or a terminal.
def plain: gsub("[^ -~]"; "?") | .[0:200];
def has_job: (.job // "") != "";
def row: map(if . == null or . == "" then "-" else tostring end) | @tsv;

($policy[0]) as $policy
# deployed: NAME<tab>JSON
| ($deployed | lines | map(split("\t") | { key: .[0], value: (.[1] | fromjson? // {}) }) | from_entries) as $made
| ($table[0] // {}) as $table | ($links[0] // []) as $links | ($neighbours[0] // []) as $neighbours
# units: as systemctl list-units has them; a job only where there is one.
| (($units[0] // []) | map({ key: .unit, value: . }) | from_entries) as $unit
# lives: invocation:UNIT ID, of units that run
| ($lives | lines | map(words | { key: (.[0] | .[index(":") + 1:]), value: .[1] }) | from_entries) as $life_of
# entered: blocks of KEY=VALUE, with an empty line between two: since when lives run that were new to the look before.
| ([$entered | split("\n\n")[] | lines | select(length > 0) | map(pair("=")) | from_entries
    | { key: (.InvocationID // ""), value: ((.ActiveEnterTimestampMonotonic // "0") | tonumber / 1000000 | floor) }]
  | from_entries) as $since
| ($links | map({ key: .ifname, value: {
    up: ((.flags // []) | any(. == "UP")), master: (.master // "-"),
    addresses: [(.addr_info // [])[] | "\(.local)/\(.prefixlen)"] } }) | from_entries) as $link
| ($answers | lines | map({ key: ., value: true }) | from_entries) as $answer
# Seconds since it was last confirmed: an entry outlives its guest, and the next life is no better for it.
| ($neighbours | map(select((.state // []) | any(. == "REACHABLE")) | { key: .dst, value: (.confirmed // 0) }) | from_entries) as $near
# probes: NAME INDEX STATUS SECONDS; the time is 0 where nothing connected.
| ($probes | lines | map(words | { key: "\(.[0]) \(.[1])",
    value: { status: (.[2] | tonumber? // 0), connects: ((.[3] // "0" | tonumber? // 0) > 0) } }) | from_entries) as $probe
# runs: NAME INDEX INVOCATION AT CODE TEXT
| ($runs | lines | map(split("\t") | { key: "\(.[0]) \(.[1])", value: { life: .[2], at: (.[3] | tonumber? // 0), code: .[4],
    text: (.[5] // "") } }) | from_entries) as $ran
# vmm: NAME INVOCATION STATUS
| ($vmm | lines | map(words | { key: .[0], value: { life: .[1], status: .[2] } }) | from_entries) as $machine
# records: NAME:KEY<tab>VALUE
| (reduce ($records | lines[] | split("\t")) as $r ({}; ($r[0] | split(":")) as $k | .[$k[0]][$k[1]] = $r[1])) as $record
# marks: stopped|created NAME
| ($marks | lines | map({ key: ., value: true }) | from_entries) as $mark
# processes: PID PPID STAT SECONDS USER CGROUP COMMAND
| ($processes | lines | map(words | { pid: .[0], parent: .[1], stat: .[2], age: (.[3] | tonumber? // 0), user: .[4],
    group: .[5], command: (.[6] // "") })) as $process
| ($process | map(select(.command == "virtiofsd")) | map({ key: .pid, value: true }) | from_entries) as $daemon
# A daemon keeps a child in its sandbox: those count whose parent is none.
| (reduce ($process[] | select(.command == "virtiofsd" and ($daemon[.parent] | not) and (.stat | startswith("Z") | not))) as $p ({};
    ($p.group | capture("/microvm-virtiofsd@(?<name>[A-Za-z0-9_.-]+)\\.service([/,].*)?$")? // null) as $of
    | if $of then .[$of.name] += [$p.age] else . end)) as $daemons
| ($table.guests // {}) as $was
# A unit whose turn has not come has a job.
| (["fleet-recover.service", "fleet-autostart.service"]
    | any($unit[.] as $u | $u and ($u.active == "activating" or ($u | has_job) or
        ($u.active == "active" and $u.sub == "running")))) as $booting
| ($locked or $booting) as $hands
| ($policy.deadline // 120) as $deadline
| ($policy.bridges // {}) as $bridges

# What is the hypervisor, and only what fleet rendered.
| ([$bridges | to_entries[] | .key as $name | $link[$name] as $seen
    | if $seen == null then { key: "bridge \($name)", what: "bridge \($name) is missing", bridge: $name }
      else
        (if $seen.up then empty else { key: "link \($name)", what: "bridge \($name) is down", bridge: $name, repair: ["link", $name] } end),
        ((.value.addresses // [])[] | select(. as $a | $seen.addresses | any(. == $a) | not)
          | { key: "address \($name) \(.)", what: "\($name) has no \(.)", bridge: $name, repair: ["address", $name, .] })
      end]) as $broken
| ([$closed | lines[] | { key: "forward \(.)", what: "the kernel forwards no \(if startswith("4") then "IPv4" else "IPv6" end) from \(.[2:] | if . == "all" then "anywhere" else . end)", repair: ["forward\(.[0:1])", .[2:]] }]) as $forward

| [$policy.vms | to_entries[] | select(.value.state != "stopped") | .key as $name | .value as $vm
    | ($was[$name] // {}) as $old | $unit["microvm@\($name).service"] as $u
    | $unit["microvm-virtiofsd@\($name).service"] as $v
    | ($record[$name] // {}) as $kept | ($made[$name] // {}) as $its
    | ($life_of["microvm@\($name).service"] // "-") as $life
    | ($old.life == $life) as $same
    | ((if $same then $old.since else null end) // $since[$life]) as $from
    # Of a new life the next look knows; until then it counts as one that has just begun.
    | (if $from then $now - $from else 0 end) as $age
    | ($same and $old.ready or ($kept.state == "Ready" and $kept.invocation == $life)) as $ready
    | ($daemons[$name] // []) as $own
    | ([$vm.checks // [] | map(.within // 0)[], $deadline] | max) as $grace
    | { name: $name, vm: $vm, address: $its.address, old: $old, life: $life, ready: $ready, grace: $grace, age: $age, since: $from, kept: $kept, same: $same,
        ping: ($same and ($old.ping // false)), daemons: (if $same then $old.daemons else null end),
        count: ($own | length), nics: [$its, ($its.further // [])[] | select(.tap)] } as $g
    | $g + (
      if $u == null or $u.active == "inactive" or $u.active == "failed" then
        if ($u | has_job) or ($v != null and (($v | has_job) or $v.active == "activating" or $v.active == "deactivating"))
          or $unit["fleet-again@\($name).timer"].active == "active"
        then { is: "busy" } else { is: "off" } end
      elif $u.active != "active" or ($u | has_job) then { is: "busy" }
      elif $v != null and $its.tap != null and $its.virtiofs != false and $v.active != "active"
      then { is: "bad", check: "virtiofsd", why: "microvm-virtiofsd@\($name) is \($v.active)" }
      elif $ready and ($g.daemons // 0) > ($own | length)
      then { is: "bad", check: "virtiofsd", why: "\($g.daemons - ($own | length)) of its \($g.daemons) virtiofsd died" }
      elif ($own | any(. < $age - 5))
      then { is: "bad", check: "virtiofsd", why: "a virtiofsd is younger than the guest, which has lost the share" }
      else
        ([$g.nics[] | .tap as $tap | .bridge as $bridge | $link[$tap] as $seen | select($bridge != null)
          | if $seen == null then { missing: $tap }
            elif $seen.master != $bridge then { key: "tap \($tap)", what: "\($tap) is in \(if $seen.master == "-" then "no bridge" else $seen.master end), not in \($bridge)", repair: ["master", $tap, $bridge] }
            elif $seen.up | not then { key: "tap \($tap)", what: "\($tap) is down", repair: ["link", $tap] }
            else empty end]) as $nic
        | ([$nic[] | select(.missing)][0]) as $missing
        # networkd puts a new TAP into its bridge a moment later.
        | { taps: (if $age < 10 then [] else [$nic[] | select(.key)] end) }
        + if $missing then { is: "bad", check: "tap", why: "\($missing.missing) is missing" }
          elif ($nic | length) > 0 or any($broken[]; .bridge as $b | any($g.nics[]; .bridge == $b)) then { is: "cut" }
          elif $g.address != null and ($answer[$g.address] | not) and ($g.ping or ($near[$g.address] // infinite) > $age)
          then { is: "bad", check: "answers", why: "does not answer (ping \($g.address))" }
          else
            ([$vm.checks // [] | to_entries[] | "\($name) \(.key)" as $key | .value
              | if .tcp != null and ($probe[$key].connects | not)
                then { check: "tcp \(.tcp)", why: "expected connects, seen no connection" }
                elif .http != null and ($probe[$key].status != (.http.status // 200))
                then { check: "http \(.http.port)\(.http.path // "/")", why: "expected \(.http.status // 200), seen \($probe[$key].status // 0 | if . == 0 then "no answer" else . end)" }
                elif .run != null and $ran[$key].life == $life and $ran[$key].code != "0"
                then { check: "run \(.run)", why: "expected exit 0, seen \($ran[$key].code) \($ran[$key].text)" }
                else empty end][0]) as $wrong
            | if $wrong then { is: "bad" } + $wrong
              elif any($vm.checks // [] | to_entries[]; .value.run != null and ($ran["\($name) \(.key)"].life != $life))
              then { is: "asking" } else { is: "ok" } end
          end
      end)
  ] as $guests

| [$guests[] | .vm.recovery.unhealthy as $limit | (.old.n // 0) as $n
    | (if .same then . else .old = { told: .old.told } end)
    # Not while others are at work on it, and not before a guest that starts has had its time.
    | ($hands or ($mark["created \(.name)"] | not)) as $others
    | (.is == "bad" and ($others | not) and (.ready or .age >= .grace)
        and ($now - (.old.at // -1000)) >= (($limit.every // 15) - 2)) as $counts
    | . + { others: $others, n: (if .is == "bad" then (.old.n // 0) + (if $counts then 1 else 0 end)
          elif .is == "cut" or .is == "busy" or .is == "asking" then (.old.n // 0) else 0 end),
        at: (if $counts then $now else .old.at end),
        off: (if .is == "off" and ($others | not) and $mark["stopped \(.name)"] == null
            and (.vm.autostart != "never" or .kept.boot == $boot)
            and ((.kept.state == "Failed" or .kept.state == "Terminated") | not) then (.old.off // 0) + 1 else 0 end),
        after: ($limit.after // 3), counts: $counts }
    | . + { stopsAt: $machine[.name] }
    | . + { paused: (.is == "bad" and .stopsAt != null and .stopsAt.life == .life and .stopsAt.status == "io-error") }
  ] as $guests

# One that was given up, and runs on as it is, makes no incident.
| [$guests[] | select(((.n > 0 and .is == "bad") or .off > 0) and .kept.state != "Failed") | .name] as $fallen
| ($guests | map(select(.is != "busy" or .n > 0)) | length) as $all
| ([$guests[] | .name as $name | .nics[] | { bridge, name: $name }] | group_by(.bridge)
    | map(select(length > 1 and all(.[]; .name as $n | $fallen | any(. == $n)))) | map(.[0].bridge)) as $dark
| ((($fallen | length) > 2 and 3 * ($fallen | length) > $all) or ($dark | length) > 0) as $many
| (if ($fallen | length) == 0 then false else ($table.incident // false) or $many end) as $incident
| any($unit | to_entries[]; (.key | startswith("fleet-heal@")) and .value.active == "activating") as $healing
# Dependencies first: one that is down, and that somebody will see to, is waited for.
| [$guests[] | .name as $name
    | select(.paused | not)
    | select((.is == "bad" and .n >= .after + (if $incident then 1 else 0 end) and (.vm.recovery.unhealthy.restart != false)
        and (.kept.state != "Failed") and $mark["stopped \($name)"] == null)
      or .off >= 2)
    # later NAME is a mark, too: its restart has to wait.
    | select((.others or $mark["later \($name)"]) | not)
    | select([(.vm.dependsOn // [])[] | select(. as $d | $fallen | any(. == $d))
        | select(. as $d | any($guests[]; .name == $d and (.paused | not)))] | length == 0)] as $due
# Who was asked for the longest time ago is first: one at which somebody else is at work keeps no other waiting.
| ($due | sort_by(.old.asked // 0)
    | if $incident | not then .[0:3] elif $healing then [] else .[0:1] end) as $heals
# So many a look are told: it has its time, and the next goes on where it ended.
| [$guests[] | select(.is == "bad" and .n >= .after and (.old.told | not) and (.paused | not))] as $silent
| def among($some): .name as $name | any($some[]; .name == $name);
  ($silent | sort_by(among($heals) | not) | .[0:10]) as $telling
| [$guests[] | select(.is == "ok" and .old.told)][0:10] as $relieved
| [$guests[] | select(.paused and (.old.paused | not))][0:10] as $pausing

| ($broken + $forward + [$guests[] | (.taps // [])[]]) as $faults
| ($table.faults // {}) as $known
| (if $hands then $known else ($faults | map({ key, value: .what }) | from_entries) end) as $remain

# Who runs a guest outside of its unit, and who has ended without having been waited for.
| [$process[] | select(.command | startswith("qemu-system-") or startswith("cloud-hyperviso") or . == "firecracker")
    | if (.stat | startswith("Z")) then { key: "zombie \(.pid)", what: "zombie", name: "\(.command) \(.pid)" }
      elif .user == "microvm" and (.group | test("/microvm@[A-Za-z0-9_.-]+\\.service([/,].*)?$") | not)
      then { key: "process \(.pid)", what: "process", name: "\(.command) \(.pid)" } else empty end] as $strange
| ($table.strange // {}) as $stranger
# A guest that was just killed is a zombie for a moment: told at the second look.
| ($strange | map({ key, value: { what, name, told: ($stranger[.key] != null) } }) | from_entries) as $strangers

# Runs are dear: not more often than each minute, four a look, or so many that each has its turn within five minutes; the
# longest ago first; a failed one at each look.
| ([$guests[] | .vm.checks // [] | .[] | select(.run != null)] | length / 20 | ceil) as $turns
| [$guests[] | select(.is == "ok" or .is == "asking" or (.is == "bad" and (.check | startswith("run "))))
    | .name as $name | .life as $life | .address as $address | .vm.checks // [] | to_entries[] | select(.value.run != null)
    | $ran["\($name) \(.key)"] as $last
    | select($last == null or $last.life != $life or $last.code != "0" or $now - $last.at >= 60)
    | { name: $name, address: $address, index: .key, at: (if $last.life == $life then $last.at else -1 end) }]
  as $runs

| (if $hands then empty else
    ($faults[] | select($known[.key] == null) | ["broken", .key, .what]),
    ($faults[] | select(.repair) | ["repair"] + .repair),
    ($known | to_entries[] | .key as $key | select(any($faults[]; .key == $key) | not) | ["repaired", .key, .value]) end),
  ($guests[] | select(.is == "ok" and (.ready | not) and (.kept.state != "Ready" or .kept.invocation != .life)) | ["ready", .name, .life]),
  ($relieved[] | ["healthy", .name, .life]),
  ($guests[] | select(.is == "bad" and (.others | not) and (.counts and .n == 1 or .stopsAt.status == "io-error")) | ["ask", .name, .life]),
  ($pausing[] | ["paused", .name, .life]),
  ($telling[] | ["unhealthy", .name, .life, (.check | plain), (.why | plain),
    (if .old.ok then $now - .old.ok else "-" end), (if .vm.recovery.unhealthy.restart == false then "no" else "yes" end)]),
  (if $incident and ($table.incident | not) then ["incident", (if ($dark | length) > 0 then "every guest on \($dark | join(", "))" else "\($fallen | length) of \($all) guests" end), ($fallen | join(" "))] else empty end),
  (if $table.incident and ($incident | not) then ["over"] else empty end),
  ($heals[] | ["heal", .name, (if .off > 0 then "off" else "hang" end), .life, ((.check // "microvm@") | plain), ((.why // "it is inactive, and nothing starts it") | plain)]),
  ($runs | sort_by(.at) | .[0:([4, $turns] | max)][] | ["run", .name, .address, .index]),
  ($strangers | to_entries[] | select(.value.told and ($stranger[.key].told | not)) | ["found", .key, .value.what, .value.name]),
  ($stranger | to_entries[] | .key as $key | select(.value.told and ($strangers[$key] == null)) | ["gone", .key, .value.what, .value.name]),
  # Since when they run is asked once in a life: systemd answers that with all that it knows of the unit.
  ($guests[] | select(.life != "-" and .since == null and .is != "busy" and .is != "off") | ["life", .name]),
  ["table", ({ incident: $incident, faults: $remain, strange: $strangers, guests: ($guests | map({ key: .name, value: {
      life, since, n, at, off, check, why, ok: (if .is == "ok" then $now else .old.ok end),
      is, ready: (.ready or .is == "ok"), ping: (.ping or ($answer[.address // "-"] // false)),
      daemons: (if .is == "ok" then ([.daemons // 0, .count] | max) else .daemons end),
      asked: (if among($heals) then $now else .old.asked end),
      paused: (.paused and (.old.paused or among($pausing))),
      told: (if .is == "ok" then (.old.told // false) and (among($relieved) | not)
        else (.old.told // false) or among($telling + $pausing) end) } }) | from_entries) } | tojson)]
| if .[0] == "table" then "table\t\(.[1])" else row end
'
