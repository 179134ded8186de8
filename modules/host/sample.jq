# Rendered by fleet from fleet.yaml: change it there.
# What sample.sh gathered, in parts that begin with `== NAME`, becomes a line each: the cursor, the memory, the last sample,
# its line in the ring, agents that were lost, agents that are back, what has grown; then the metrics.
def number: (tonumber? // null);
def pairs: map(index(":") as $i | select($i != null) | { p: .[:$i], l: .[$i + 1:] });
def words: split(" ") | map(select(. != ""));
def lines: (. // "") | split("\n")[];
def average($text; $kind): [$text | lines | select(startswith($kind + " ")) | split("avg10=")[1] | split(" ")[0] | number] | first // null;

# --- What happened. Of each vm: c, its changes, [time, 1 up | 0 down | null not meant to be up]; b, it boots; r, it was
# restarted by policy ---
def last_state: .c | if length > 0 then last[1] else "?" end;
def change($at; $s): if last_state == $s then . else .c += [[([$at, ((.c | last // [0])[0])] | max), $s]] end;
def count($what; $result): .[$what][$result] = ((.[$what][$result] // 0) + 1);
def recovered($result): if .r then count("recoveries"; $result) | .r = false else . end;
def happened($e):
  if $e.kind == "guest.ready" then change($e.at; 1) | count("boots"; "ready") | count("checks"; "ok") | recovered("ready") | .b = false
  elif $e.kind == "guest.healthy" then change($e.at; 1) | count("checks"; "ok") | recovered("ready")
  elif $e.kind == "guest.unhealthy" then change($e.at; 0) | count("checks"; "failing")
  elif $e.kind == "guest.started" then change($e.at; 0) | .b = true
  elif $e.kind == "guest.ended" then
    (if last_state == null then . else change($e.at; 0) end)
    | (if .b and $e.intended != true then count("boots"; "ended") | recovered("ended") else . end)
    # systemd starts it again, or its policy does.
    | .b = false | if $e.intended == false and last_state != null then .r = true else . end
  elif $e.kind == "guest.failed" then change($e.at; 0) | recovered("failed")
  elif $e.kind == "guest.again" or $e.kind == "guest.restarted" then .r = true
  elif $e.kind == "guest.shed" or $e.kind == "guest.paused" then change($e.at; 0)
  elif $e.kind == "vm.stopped" then change($e.at; null)
  elif $e.kind == "vm.released" and last_state == null then change($e.at; 0)
  else . end;
# A boot: nobody was up from the last sample or event before it on.
def booted($seen): .vms |= map_values(if last_state == 1 then change($seen; 0) else . end);
def learn($events):
  reduce $events[] as $e (.;
    if ($e.at | type) != "number" then .
    else
      (if $e.kind == "host.booted" or ($e.kind == "spool.epoch" and $e.why == "no-counter") then booted(.seen // $e.at)
      elif ($e.vm | type) == "string" then .vms[$e.vm] = ((.vms[$e.vm] // { c: [] }) | happened($e))
      else . end)
      | if (.seen // 0) < $e.at then .seen = $e.at else . end
    end);
# Of 30 days, and at most 2000 changes.
def forget($now): .c |= (. as $c | ([range(0; length) | select($c[.][0] < $now - 2592000)] | last // 0) as $i | .[$i:] | .[-2000:]);
def availability($now; $window):
  .c as $c | ($now - $window) as $from
  | reduce range(0; $c | length) as $i ({ up: 0, all: 0 };
      ([$c[$i][0], $from] | max) as $a | ([(($c[$i + 1] // [$now])[0]), $now] | min) as $z
      | if $z <= $a or $c[$i][1] == null then . else .all += $z - $a | .up += ($z - $a) * $c[$i][1] end)
  | if .all > 0 then .up / .all else null end;

# --- What an agent says: of a guest, so nothing in it is believed ---
def amount: if type == "number" and . >= 0 and . < 1e16 then floor else null end;
def agent_said:
  if type != "object" then null
  else {
    memory: ((.memory | objects | { total: (.total | amount), available: (.available | amount) }) // {}),
    load: (.load | if type == "number" and . >= 0 and . < 1e6 then . else null end),
    uptime: (.uptime | amount), failed: (.failed | amount),
    units: [.units | arrays | .[0:5][] | strings | select(test("^[A-Za-z0-9:_.@-]{1,100}$"))],
    disks: [.disks | arrays | .[0:16][] | objects | { mount: .mount, size: (.size | amount), free: (.free | amount) }
      | select((.mount | type == "string") and (.mount | test("^/[A-Za-z0-9/_.@+-]{0,99}$")))] | unique_by(.mount)
  } end;

# --- What is written ---
# Names of labels and values, as text; escaped as JSON escapes.
def tag: "{" + (to_entries | map("\(.key)=\(.value | tojson)") | join(",")) + "}";
# A metric without a value is left out.
def metric($name; $sort; $help; rows):
  [rows | select(.[1] | type == "number")]
  | if length == 0 then empty
    else "# HELP \($name) \($help)", "# TYPE \($name) \($sort)", (.[] | "\($name)\(.[0]) \(.[1])") end;

[inputs] as $lines
| [range(0; $lines | length) | select($lines[.] | startswith("== "))] as $starts
| [range(0; $starts | length)
    | { key: $lines[$starts[.]][3:], value: $lines[$starts[.] + 1:($starts[. + 1] // ($lines | length))] }] as $parts
| ($parts | from_entries) as $part
| ($policy[0] // {}) as $policy
| ($given | number // (now | floor)) as $now
| ($part.host // []) as $host
| ($host | map(select(startswith("ticks ")) | split(" ")[1] | number) | first // 100) as $ticks
# As sample-table.sh has them.
| ($part.vms // [] | map(split("\t") | { key: .[0], value: . }) | from_entries) as $row
| ($part.found // [] | map(split("\t"))) as $found
| (reduce ($part.agents // [] | .[] | index("\t") as $i | select($i != null) | { n: .[:$i], j: (.[$i + 1:] | fromjson? // null) }
    | .j |= agent_said | select(.j)) as $x ({}; .[$x.n] = $x.j)) as $agents
| [$parts[] | select(.key | startswith("events "))] as $news
| [$news[].value[] | fromjson? | select(type == "object")] as $events
| ($news | last // null) as $latest
| (if $latest then ($latest.key | split(" ")) as $k
    | "\($k[1]) \(($k[2] | number // 0) + ([$latest.value[] | utf8bytelength + 1] | add // 0))" else "-" end) as $cursor
| ($policy.capacity.perVm // 0) as $per_vm
# Of the vms that the policy names: no file that somebody puts somewhere adds one.
| [($policy.vms // {}) | to_entries[] | .key as $name | .value as $vm
    | ($row[$name] // []) as [$_, $on, $memory, $peak, $oom, $some, $full, $cpu, $allocated, $virtual, $rx, $tx, $rxPackets, $txPackets,
        $drops, $mib, $vcpu, $asked, $state, $health, $since, $restarts, $stopped, $shed]
    | def n: if . == null or . == "" then null else number end;
      def or_else($default): if . == null or . == "" then $default else . end;
      ($asked == "1") as $has_agent
    | {
        name: $name,
        state: ($state | or_else(if $on == "1" then "Ready" else "Terminated" end)), health: ($health | or_else("unknown")),
        since: ($since | n), restarts: ($restarts | n), active: (if $on == "1" then 1 else 0 end), priority: ($vm.priority // 10),
        meant: (if $shed == "1" then 1 elif $vm.state == "stopped" or $stopped == "1" then 0 else 1 end),
        shed: (if $shed == "1" then 1 else 0 end),
        reserved: ($mib | n | if . then (. + $per_vm) * 1048576 else null end), vcpu: ($vcpu | n),
        memory: ($memory | n), peak: ($peak | n), oom: ($oom | n), waited: { some: ($some | n), full: ($full | n) }, cpu: ($cpu | n),
        allocated: ($allocated | n), virtual: ($virtual | n), rx: ($rx | n), tx: ($tx | n),
        rxPackets: ($rxPackets | n), txPackets: ($txPackets | n), drops: ($drops | n),
        hasAgent: $has_agent, agent: (if $has_agent then $agents[$name] else null end)
      }
    | .up = (if .active == 1 and ([.state] | inside(["Failed", "Terminated", "Starting"]) | not) and .health != "failing" then 1 else 0 end)
  ] as $vms
| ($host | map(select(test("^[A-Za-z]+:"))) | pairs | map({ key: .p, value: .l }) | from_entries) as $h
| ($host | map(select(test("^(some|full) avg10="))) | join("\n")) as $pressure
| def kib($key): ($h[$key] // "" | words[0] // "" | number) | if . then . * 1024 else null end;
  def said($key): [$host[] | select(startswith($key + " ")) | split(" ")[1:]] | first // [];
  ($h.stat // "" | words) as $stat
| {
    memory: kib("MemTotal"), available: kib("MemAvailable"),
    cpus: ([$h.online // "" | split(",")[] | split("-") | map(number)
      | if .[0] == null then 0 elif length == 2 then .[1] - .[0] + 1 else 1 end] | add),
    # Guests' time is in user's.
    cpu: (if ($stat | length) > 8 then ([$stat[1, 2, 3, 6, 7, 8] | number // 0] | add) / $ticks else null end),
    load: ($h.load // "" | words[0] // "" | number), uptime: ($h.uptime // "" | words[0] // "" | number | if . then floor else null end),
    some: average($pressure; "some"), full: average($pressure; "full"),
    reserved: ([$vms[] | select(.meant == 1).reserved] | add // 0), reservedCpus: ([$vms[] | select(.meant == 1).vcpu] | add // 0),
    used: ([$vms[].memory // empty] | add // 0), perVm: ($per_vm * 1048576),
    disks: [$part.disks // [] | .[] | words
      | { folder: .[0], size: ((.[2] | number // 0) * 1024), free: ((.[4] | number // 0) * 1024) }],
    clock: (if said("clock-file")[0] == "yes" or said("clock")[0] == "yes" then 1 elif said("clock")[0] == "no" then 0 else null end),
    # What is neither a guest's nor a bridge, which has what passes another device.
    network: (([($policy.vms // {})[].nics[]?.tap] + ["lo"] + ($policy.bridges // {} | keys)) as $inside
      | [$part.devices // [] | .[] | split("\t") | select(.[0] as $d | ($inside | any(. == $d)) or ($d | startswith("vm-")) | not)
        | { device: .[0], rx: (.[1] | number), tx: (.[2] | number) }]),
    diskReserved: ([$vms[].virtual // empty] | add // 0),
    watched: (said("looked")[0] // "" | number),
    flakeCopies: (said("flakeCopies")[0] // "" | number),
    vmGenerations: (said("generations")[0] // "" | number), systemGenerations: (said("generations")[1] // "" | number),
    deployment: ($part.deployed // [] | first // null
      | if . then split(" ") | { id: .[0], result: .[1], at: (.[2] | number // 0) } else null end)
  } as $hv
| ($memory[0] // {} | if type == "object" and .v == 1 then . else { v: 1, vms: {} } end | learn($events)
    | . as $m
    | .vms = (reduce $vms[] as $vm ({}; .[$vm.name] = (
        ($m.vms[$vm.name] // { c: [] })
        | (if $vm.meant == 1 then $vm.up else null end) as $s
        # What no event told of is so since the state says it, or since now.
        | ((.c | last // [$now])[0]) as $from
        | change((if ($vm.since // 0) > $from and $vm.since <= $now then $vm.since else $now end); $s)
        | forget($now))))
    # Looks in a row at which an agent that was there did not answer; at: when that was told. It is told once an hour: one that
    # answers now and then would fill the spool.
    | .vms |= with_entries(.key as $name | ([$vms[] | select(.name == $name)] | first) as $vm
        | .value.agent |= (if $vm.agent then { missed: 0, lost: false, back: (.lost // false), told: false, at }
          elif . and $vm.hasAgent and $vm.active == 1 then ((.missed // 0) + 1) as $n
            | ($n >= 4 and (.lost | not) and $now - (.at // 0) >= 3600) as $tell
            | { missed: $n, lost: ((.lost // false) or $tell), back: false, told: $tell, at: (if $tell then $now else .at end) }
          else null end))
    | (($hv.flakeCopies // 0) + ($hv.vmGenerations // 0) + ($hv.systemGenerations // 0)) as $kept
    | .grown = ($kept >= 200 and $kept >= 2 * (.kept // 100))
    | .kept = (if .grown or $kept < (.kept // 100) / 2 then $kept else (.kept // 100) end)
    | .seen = $now) as $memory
| [$vms[] | $memory.vms[.name] as $m
    | . + { day: ($m | availability($now; 86400)), month: ($m | availability($now; 2592000)), tag: ({ vm: .name } | tag) }] as $vms
| $cursor,
  ($memory | tojson),
  ({ v: 1, at: $now, hypervisor: $hv, vms: [$vms[] | del(.tag)] } | tojson),
  ({ at: $now, h: [$hv.memory, $hv.available, $hv.cpu],
    v: (reduce $vms[] as $vm ({}; .[$vm.name] = [$vm.memory, ($vm.cpu | if . then (. * 100 | floor) / 100 else null end), $vm.rx, $vm.tx])) } | tojson),
  (["lost"] + [$memory.vms | to_entries[] | select(.value.agent.told).key] | join(" ")),
  (["back"] + [$memory.vms | to_entries[] | select(.value.agent.back).key] | join(" ")),
  (if $memory.grown then "grown \($hv.flakeCopies // 0) \(($hv.vmGenerations // 0) + ($hv.systemGenerations // 0))" else "-" end),
  (
  def of($key): $vms[] | [.tag, .[$key]];
  def counted($key): $vms[].name as $n | $memory.vms[$n][$key] // {} | to_entries[] | [({ vm: $n, result: .key } | tag), .value];
  def kinds($o; $name): ["size", "free"][] as $k | [($name + { kind: $k } | tag), $o[$k]];
  metric("fleet_vm_up"; "gauge"; "1: the guest runs, and its health is not failing."; of("up")),
  metric("fleet_vm_meant_up"; "gauge"; "1: it is meant to run; 0: declared stopped, stopped by somebody, or held."; of("meant")),
  metric("fleet_vm_state"; "gauge"; "1 for the state and health that the guest is in."; $vms[] | [({ vm: .name, state: .state, health: .health } | tag), 1]),
  metric("fleet_vm_state_since_seconds"; "gauge"; "When that state began, in seconds since 1970."; of("since")),
  metric("fleet_vm_restarts"; "gauge"; "Restarts by policy since a deployment or a person started it."; of("restarts")),
  metric("fleet_vm_shed"; "gauge"; "1: stopped because memory was short."; of("shed")),
  metric("fleet_vm_availability"; "gauge"; "Part of the window that it was up, of the time that it was meant to be; from state and events.";
    $vms[] | (["1d", .day], ["30d", .month]) as [$w, $a] | [({ vm: .name, window: $w } | tag), $a]),
  metric("fleet_boots"; "counter"; "Boots of the guest by result: ready; ended, before it was ready."; counted("boots")),
  metric("fleet_checks"; "counter"; "Changes of its health by result: ok, failing."; counted("checks")),
  metric("fleet_recoveries"; "counter"; "Restarts by policy by result: ready; ended, before it was ready; failed, given up."; counted("recoveries")),
  metric("fleet_vm_memory_reserved_bytes"; "gauge"; "Memory as declared, and capacity.perVm for its VMM."; of("reserved")),
  metric("fleet_vm_memory_used_bytes"; "gauge"; "Memory that its VMM and virtiofsd have on the hypervisor."; of("memory")),
  metric("fleet_vm_memory_peak_bytes"; "gauge"; "The most that its VMM had since it started."; of("peak")),
  metric("fleet_vm_memory_pressure_seconds_total"; "counter"; "Seconds that some or all tasks of its VMM waited for memory.";
    $vms[] | .name as $n | .waited | to_entries[] | [({ vm: $n, kind: .key } | tag), (.value | if . then . / 1000000 else null end)]),
  metric("fleet_vm_memory_oom_kills_total"; "counter"; "Processes of its unit that the kernel killed for lack of memory."; of("oom")),
  metric("fleet_vm_cpu_reserved"; "gauge"; "Virtual processors as declared."; of("vcpu")),
  metric("fleet_vm_cpu_seconds_total"; "counter"; "Processor time of its VMM."; of("cpu")),
  metric("fleet_vm_disk_allocated_bytes"; "gauge"; "What its images take on disk."; of("allocated")),
  metric("fleet_vm_disk_virtual_bytes"; "gauge"; "What its images may grow to."; of("virtual")),
  metric("fleet_vm_network_receive_bytes_total"; "counter"; "Bytes that the guest received."; of("rx")),
  metric("fleet_vm_network_transmit_bytes_total"; "counter"; "Bytes that the guest sent."; of("tx")),
  metric("fleet_vm_network_receive_packets_total"; "counter"; "Packets that the guest received."; of("rxPackets")),
  metric("fleet_vm_network_transmit_packets_total"; "counter"; "Packets that the guest sent."; of("txPackets")),
  metric("fleet_vm_network_drops_total"; "counter"; "Packets that its TAPs dropped, in both directions."; of("drops")),
  metric("fleet_vm_agent_up"; "gauge"; "1: the agent in the guest answered; only with agent: true."; $vms[] | select(.hasAgent) | [.tag, (if .agent then 1 else 0 end)]),
  metric("fleet_vm_guest_memory_bytes"; "gauge"; "Memory inside the guest, total and available, as its agent says.";
    $vms[] | .name as $n | .agent // empty | ["total", "available"][] as $k | [({ vm: $n, kind: $k } | tag), .memory[$k]?]),
  metric("fleet_vm_guest_load1"; "gauge"; "Load inside the guest over a minute, as its agent says."; $vms[] | [.tag, .agent.load?]),
  metric("fleet_vm_guest_uptime_seconds"; "gauge"; "Seconds since the guest booted, as its agent says."; $vms[] | [.tag, .agent.uptime?]),
  metric("fleet_vm_guest_failed_units"; "gauge"; "Failed units inside the guest, as its agent says."; $vms[] | [.tag, .agent.failed?]),
  metric("fleet_vm_guest_filesystem_bytes"; "gauge"; "File systems inside the guest, size and free, as its agent says.";
    $vms[] | .name as $n | .agent.disks? // [] | .[] | . as $d | kinds($d; { vm: $n, mount: $d.mount })),
  metric("fleet_hypervisor_memory_bytes"; "gauge"; "Memory of the hypervisor, total and available."; (["total", $hv.memory], ["available", $hv.available]) | [({ kind: .[0] } | tag), .[1]]),
  metric("fleet_hypervisor_memory_reserved_bytes"; "gauge"; "Memory reserved for vms that are meant to run, with capacity.perVm for each."; ["", $hv.reserved]),
  metric("fleet_hypervisor_memory_used_by_vms_bytes"; "gauge"; "Memory that all VMMs and virtiofsd have."; ["", $hv.used]),
  metric("fleet_hypervisor_memory_pressure"; "gauge"; "Percent of the last ten seconds in which some or all tasks waited for memory."; (["some", $hv.some], ["full", $hv.full]) | [({ kind: .[0] } | tag), .[1]]),
  metric("fleet_hypervisor_cpus"; "gauge"; "Processors of the hypervisor."; ["", $hv.cpus]),
  metric("fleet_hypervisor_cpus_reserved"; "gauge"; "Virtual processors of vms that are meant to run."; ["", $hv.reservedCpus]),
  metric("fleet_hypervisor_cpu_seconds_total"; "counter"; "Processor time in use, of all processors, with that of guests."; ["", $hv.cpu]),
  metric("fleet_hypervisor_load1"; "gauge"; "Load over a minute."; ["", $hv.load]),
  metric("fleet_hypervisor_uptime_seconds"; "gauge"; "Seconds since it booted."; ["", $hv.uptime]),
  metric("fleet_hypervisor_disk_bytes"; "gauge"; "File systems of fleet's folders, size and free."; $hv.disks[] | . as $d | kinds($d; { folder: $d.folder })),
  metric("fleet_hypervisor_disk_reserved_bytes"; "gauge"; "What images of vms may grow to, of all together."; ["", $hv.diskReserved]),
  metric("fleet_hypervisor_network_receive_bytes_total"; "counter"; "Bytes that a device received, but for TAPs, bridges and lo."; $hv.network[] | [({ device } | tag), .rx]),
  metric("fleet_hypervisor_network_transmit_bytes_total"; "counter"; "Bytes that a device sent, but for TAPs, bridges and lo."; $hv.network[] | [({ device } | tag), .tx]),
  metric("fleet_hypervisor_clock_synchronised"; "gauge"; "1: its clock is set by the network."; ["", $hv.clock]),
  metric("fleet_hypervisor_flake_copies"; "gauge"; "Copies of flakes in the Nix store; looked at every five minutes."; ["", $hv.flakeCopies]),
  metric("fleet_hypervisor_generations"; "gauge"; "Generations that are kept, of vms and of the system."; (["vms", $hv.vmGenerations], ["system", $hv.systemGenerations]) | [({ of: .[0] } | tag), .[1]]),
  metric("fleet_drift"; "gauge"; "1 for each thing that differs from what is declared or was deployed; looked at every five minutes.";
    $found[] | select(.[0] == "drift") | [((if .[1] == "-" then {} else { vm: .[1] } end) + { what: .[2] } | tag), 1]),
  metric("fleet_orphans"; "gauge"; "What nobody owns, by what it is; looked at every five minutes.";
    ("tap", "process", "guest", "folder", "image", "root", "copy") as $what | [({ what: $what } | tag), ([$found[] | select(.[0] == "orphan" and .[1] == $what)] | length)]),
  metric("fleet_deployment_last_timestamp_seconds"; "gauge"; "When the last deployment ended, in seconds since 1970."; $hv.deployment // empty | [({ id: .id, result: .result } | tag), .at]),
  metric("fleet_deployment_last_success"; "gauge"; "1: the last deployment was confirmed."; $hv.deployment // empty | ["", (if .result == "done" then 1 else 0 end)]),
  metric("fleet_watch_timestamp_seconds"; "gauge"; "When the watch last looked to the end, in seconds since 1970; 0: not since it booted.";
    ["", (if $hv.watched then $now - ([($hv.uptime // 0) - $hv.watched, 0] | max) else 0 end)]),
  metric("fleet_sample_timestamp_seconds"; "gauge"; "When this was sampled, in seconds since 1970."; ["", $now])
  )
