# With nix.awk. Evaluates machines of a rendered repository: -v folder=CHECKOUT -v out=FOLDER
# -v listing=FILE (the tracked files) -v names="NAME NAME…". For each, FOLDER/NAME/ (made by the
# caller) gets what the stand-ins need to know of it, one fact a line, and `source`: what it
# evaluates to depends on that and on nothing else.

BEGIN {
  while ((getline line < listing) > 0) tracked[line] = 1
  if (!("flake.nix" in tracked)) fail("path '" folder "' does not contain a 'flake.nix'")
  load(folder, "flake.nix", "")
  # Its description is nobody's input.
  shared = source
  sub(/description = "[^;]* ;/, "", shared)
  tokenise(folder "/flake.lock")
  for (at = 1; at <= tokens; at++) shared = shared " " token[at]
  forget()
  load(folder, "hosts/default.nix", "")
  for (n = 1; n <= entries; n++) systems[order[n]] = value[order[n]]
  count = split(names, asked, " ")
  for (i = 1; i <= count; i++) machine(asked[i])
}

function machine(name,    n, path, text, files) {
  if (!(name in systems) && !("\"" name "\"" in systems))
    fail("flake 'git+file://" folder "' does not provide attribute 'nixosConfigurations." name "'")
  files = out "/" name "/"
  forget()
  load(folder, "hosts/" name, "")
  printf "%s\n%s\n%s\n", shared, systems[name], source > (files "source")

  split("", fact)
  for (n = 1; n <= entries; n++) {
    path = order[n]
    text = value[path]
    if (under(path, "environment.systemPackages.", "")) take_package(name, text)
    else if (under(path, "packages.", "")) take_package(name, named(text))
    else if (under(path, "boot.kernelParams.", "")) add("parameters", text)
    else if (under(path, "services.openssh.authorizedKeysFiles.", "") && text ~ /\/exports\//) add("exports", text)
    else if (under(path, "microvm.volumes.", ".image")) add("volumes", text)
    else if (under(path, "microvm.shares.", ".tag")) add("shares", text " " value["microvm.shares." under(path, "microvm.shares.", ".tag") ".source"])
    else if (under(path, "microvm.interfaces.", ".id")) take_nic(under(path, "microvm.interfaces.", ".id"), text)
    else if (under(path, "systemd.network.networks.", ".networkConfig.Bridge"))
      take_taps("systemd.network.networks." under(path, "systemd.network.networks.", ".networkConfig.Bridge"), text)
    else if (under(path, "systemd.network.netdevs.", ".netdevConfig.Name")) take_bridge(text)
    else if (under(path, "systemd.services.", ".script") && text ~ /^(false|exit [1-9])/)
      add("failing", under(path, "systemd.services.", ".script") ".service")
    else if (path ~ /^system\.activationScripts\./ && text ~ /^sleep [0-9]/)
      add("hangs", substr(text, 7) + 0)
    else if (path == "sandbox.uplink") add("uplink", text)
    else if (path == "microvm.hypervisor") add("hypervisor", text)
    else if (path == "networking.nftables.tables.fleet.content") add("firewall", text)
    else if (path == "services.dnsmasq.enable" && text == "true") add("services", "dnsmasq.service")
    else if (path == "boot.kernelPackages") add("kernel", text)
    else if (path == "systemd.services.fleet-autostart.script") add("start-script", text)
    else if (path == "systemd.services.\"fleet-guest-keys@\".script") add("keys-script", text)
    else if (path == "environment.etc.\"fleet/autostart\".text") add("autostart", substr(text, 1, length(text) - 1))
  }
  for (path in fact) printf "%s", fact[path] > (files path)
  for (path in fact) close(files path)
  close(files "source")
  write_access(files "access")
  close(files "access")
}

function add(name, line) {
  if (line != "") fact[name] = fact[name] line "\n"
}

# `pkgs . a . b`, as it is kept of a set.
function named(text) {
  gsub(/ /, "", text)
  return text
}

# What is in nixpkgs nobody here knows; these names are not.
function take_package(name, text) {
  if (text ~ /^pkgs\.(nope|no-such-.*)$/)
    fail("\n       … while evaluating the option `environment.systemPackages':\n\n       … while evaluating definitions from `" folder "/hosts/" name "/default.nix':\n\n       error: attribute '" substr(text, 6) "' missing")
  add("packages", substr(text, 6))
}

# A TAP, its MAC and the address that the network with this MAC has.
function take_nic(index_, tap,    mac, n, network) {
  mac = value["microvm.interfaces." index_ ".mac"]
  for (n = 1; n <= entries; n++) {
    network = under(order[n], "systemd.network.networks.", ".matchConfig.MACAddress")
    if (network && value[order[n]] == mac)
      add("nics", tap " " mac " " value["systemd.network.networks." network ".address.0"])
  }
}

# Which TAPs enter a bridge: a list of names, or one string of them.
function take_taps(network, bridge,    n, words, count) {
  count = split(value[network ".matchConfig.Name"], words, " ")
  for (n = 1; n <= count; n++) add("taps", words[n] " " bridge)
  for (n = 0; n < size[network ".matchConfig.Name"]; n++)
    add("taps", value[network ".matchConfig.Name." n] " " bridge)
}

function take_bridge(name,    n, i, network, addresses) {
  for (n = 1; n <= entries; n++) {
    network = under(order[n], "systemd.network.networks.", ".matchConfig.Name")
    if (network && value[order[n]] == name) {
      network = "systemd.network.networks." network ".address"
      addresses = ""
      for (i = 0; i < size[network]; i++) addresses = (i ? addresses "," : "") value[network "." i]
      add("bridges", name " " addresses)
      return
    }
  }
  add("bridges", name " ")
}

function list(path,    n, text) {
  for (n = 0; n < size[path]; n++) text = text (n ? "," : "") value[path "." n]
  return "[" text "]"
}
function strings(path,    n, text) {
  for (n = 0; n < size[path]; n++) text = text (n ? "," : "") json(value[path "." n])
  return text
}
function json(text) {
  gsub(/[\\"]/, "\\\\&", text)
  return "\"" text "\""
}
function option(path, otherwise,    said) {
  said = path in value ? value[path] : otherwise
  sub(/^lib \. mkDefault /, "", said)
  return said
}

function admission(name,    path) {
  path = "services.openssh.settings." name
  return size[path] ? "[" strings(path) "]" : "null"
}
# Ports as `tcp 22`, of a list in brackets.
function tcp(ports,    n, count, words, text) {
  gsub(/[\[\]]/, "", ports)
  count = split(ports, words, ",")
  for (n = 1; n <= count; n++) text = text (n > 1 ? "," : "") json("tcp " words[n])
  return text
}

# What is asked of a hypervisor's configuration.
function write_access(to,    n, user, users, ports, done, open) {
  ports = size["services.openssh.ports"] ? list("services.openssh.ports") : "[22]"
  for (n = 1; n <= entries; n++) {
    if (order[n] !~ /^users\.users\./) continue
    user = under(order[n], "users.users.", "")
    sub(/\..*/, "", user)
    if (user in done) continue
    done[user] = 1
    users = users (users == "" ? "" : ",") json(user) ":{\"groups\":[" strings("users.users." user ".extraGroups") \
      "],\"keys\":[" strings("users.users." user ".openssh.authorizedKeys.keys") "]}"
  }
  if (!("root" in done)) users = users (users == "" ? "" : ",") "\"root\":{\"groups\":[],\"keys\":[]}"
  # sshd's own ports are open unless services.openssh.openFirewall says no.
  open = option("services.openssh.openFirewall", "true") == "true" ? ports : list("networking.firewall.allowedTCPPorts")
  printf "{\"publicKeys\":null,\"allowUsers\":%s,\"allowGroups\":%s,\"denyUsers\":%s,\"denyGroups\":%s,\"keysFiles\":[\"/etc/ssh/authorized_keys.d/%%u\"],\"extraConfig\":%s,", \
    admission("AllowUsers"), admission("AllowGroups"), admission("DenyUsers"), admission("DenyGroups"), \
    json(option("services.openssh.extraConfig", "")) > to
  printf "\"network\":{\"dhcp\":%s,\"makes\":[],\"bridges\":{},\"interfaces\":{},\"firewall\":%s,\"open\":[%s],\"ranges\":[],\"forwards\":[],\"autostart\":[%s]},", \
    option("networking.useDHCP", "true"), option("networking.firewall.enable", "true"), tcp(open), strings("microvm.autostart") > to
  printf "\"sshd\":%s,\"ports\":%s,\"rootLogin\":%s,\"firewall\":%s,\"openPorts\":%s,\"openRanges\":[],\"wheelNeedsPassword\":%s,\"sudoers\":[],\"users\":{%s}}\n", \
    option("services.openssh.enable", "false"), ports, \
    json(option("services.openssh.settings.PermitRootLogin", "prohibit-password")), \
    option("networking.firewall.enable", "true"), \
    open, \
    option("security.sudo.wheelNeedsPassword", "true"), users > to
}
