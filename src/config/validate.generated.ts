// Generated from schemas/fleet.schema.json by `npm run generate`. Do not edit.
// @ts-nocheck
"use strict";
export const validate = validate10;
export default validate10;
const schema11 = {"$schema":"http://json-schema.org/draft-07/schema#","$id":"urn:microvm-fleet:fleet.yaml:1","title":"fleet.yaml","description":"NixOS hypervisors and the microVMs on them. Sizes are written 512MiB or 1GiB, durations 10s or 5m. Only version and name are required.","type":"object","additionalProperties":false,"required":["version","name"],"properties":{"version":{"title":"a version","description":"Version of this format; there is one.","const":1,"examples":[1]},"name":{"title":"a plain name","description":"The name of the fleet. A hypervisor remembers which fleet deployed it, and refuses another.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$","examples":["simple-microvm-infra"]},"inputs":{"$ref":"#/definitions/inputs"},"git":{"$ref":"#/definitions/git"},"rollout":{"$ref":"#/definitions/rollout"},"defaults":{"$ref":"#/definitions/settings","description":"Fields of every vm. A vm's own value wins; lists and maps are added to.","default":{},"examples":[{"vcpu":1,"memory":"1GiB"}]},"profiles":{"title":"profiles by name","description":"Named bundles of vm fields, applied between defaults and the vm.","type":"object","propertyNames":{"$ref":"#/definitions/tag"},"additionalProperties":{"$ref":"#/definitions/settings"},"default":{},"examples":[{"web":{"packages":["curl"]}}]},"hypervisors":{"title":"hypervisors by name","description":"The machines that run vms. Their names are host names and nixosConfigurations.","type":"object","propertyNames":{"$ref":"#/definitions/name"},"additionalProperties":{"$ref":"#/definitions/hypervisorMachine"},"default":{},"examples":[{"hv1":{"ssh":"root@203.0.113.20","system":"x86_64-linux","stateVersion":"25.11"}}]},"networks":{"title":"networks by name","description":"Bridges with subnets, each on the one hypervisor whose vms use it.","type":"object","propertyNames":{"$ref":"#/definitions/name"},"additionalProperties":{"$ref":"#/definitions/network"},"default":{},"examples":[{"vm1":{"subnet":"10.1.0.0/24"}}]},"vms":{"title":"vms by name","description":"The guests. Their names are host names, nixosConfigurations and folders in /var/lib/microvms, and make TAP and MAC.","type":"object","propertyNames":{"$ref":"#/definitions/name"},"additionalProperties":{"$ref":"#/definitions/vm"},"default":{},"examples":[{"vm1":{"on":"hv1","network":"vm1"}}]},"flake":{"title":"flake settings","description":"What the rendered flake.nix has beside the machines. Extra inputs stand under inputs.","type":"object","additionalProperties":false,"properties":{"outputs":{"title":"a path","description":"A Nix file of this repository: a function of the inputs, self among them, to more outputs such as packages and devShells. Its nixosConfigurations stand beside those that fleet renders; one of the same name is an error. Default: none.","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["./nix/outputs.nix"]}},"default":{},"examples":[{"outputs":"./nix/outputs.nix"}]}},"definitions":{"name":{"title":"a host name","description":"Lowercase letters, digits and hyphens, at most 63 characters, no hyphen at either end.","type":"string","pattern":"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$","examples":["web1"]},"tag":{"title":"a plain name","description":"A letter or digit, then letters, digits, dots, underscores and hyphens; at most 63 characters.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$","examples":["web","us-west-2"]},"size":{"title":"a size","description":"A whole number followed by MiB, GiB or TiB.","type":"string","pattern":"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$","examples":["512MiB","1GiB","64GiB"]},"duration":{"title":"a duration","description":"A whole number followed by ms, s, m or h.","type":"string","pattern":"^[1-9][0-9]{0,5}(ms|s|m|h)$","examples":["10s","5m"]},"port":{"title":"a port","description":"A TCP or UDP port.","type":"integer","minimum":1,"maximum":65535,"examples":[443]},"ipv4":{"title":"an IPv4 address","description":"Four numbers from 0 to 255 with dots between.","type":"string","pattern":"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$","examples":["10.1.0.2"]},"path":{"title":"a plain absolute path","description":"Starts with a slash; no dot or dot-dot parts, no double or trailing slashes, no spaces.","type":"string","pattern":"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/srv/media"]},"text":{"title":"text on one line","description":"Text without line breaks or control characters, not empty.","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["text"]},"interface":{"title":"an interface name of at most 15 characters","description":"Letters, digits, dots, underscores and hyphens.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$","examples":["br-backend","enP2p4s0"]},"stateVersion":{"title":"a NixOS release in quotes","description":"system.stateVersion: the release this machine was first installed with. It is not the release that runs and is never changed.","type":"string","pattern":"^[0-9]{2}\\.[0-9]{2}$","default":"25.11","examples":["25.11"]},"system":{"title":"a system","description":"The platform of the hypervisor and of its vms.","enum":["aarch64-linux","x86_64-linux"],"examples":["x86_64-linux"]},"inputUrl":{"title":"a flake reference","description":"A flake reference as in flake.nix.","type":"string","pattern":"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$","examples":["github:NixOS/nixpkgs/nixos-25.11"]},"input":{"title":"a flake input","description":"A flake reference, or an object that also says whether it is a flake and what its own inputs follow.","type":["string","object"],"pattern":"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$","additionalProperties":false,"required":["url"],"properties":{"url":{"$ref":"#/definitions/inputUrl","description":"Where the input comes from: a flake reference as in flake.nix.","examples":["github:Mic92/sops-nix"]},"flake":{"type":"boolean","description":"false: the input is only a source tree and not a flake.","default":true,"examples":[false]},"follows":{"type":"object","propertyNames":{"title":"the name of an input","description":"A letter or underscore, then also digits and hyphens; not self.","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_-]*$","examples":["nixpkgs"]},"additionalProperties":{"title":"the name of an input","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$","examples":["nixpkgs"]},"description":"Inputs of this input and the top-level input each of them follows. Default: nixpkgs follows nixpkgs; write {} for an input that shall keep its own.","default":{"nixpkgs":"nixpkgs"},"examples":[{"nixpkgs":"nixpkgs"}]}},"examples":["github:microvm-nix/microvm.nix",{"url":"github:example/files","flake":false}]},"inputs":{"title":"flake inputs","description":"Inputs of the rendered flake.nix. All but nixpkgs follow its nixpkgs. Others may be added.","type":"object","propertyNames":{"title":"the name of an input","description":"A letter or underscore, then also digits and hyphens; not self.","type":"string","pattern":"^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$","examples":["nixpkgs"]},"additionalProperties":{"$ref":"#/definitions/input"},"default":{"nixpkgs":"github:NixOS/nixpkgs/nixos-25.11","microvm":"github:microvm-nix/microvm.nix"},"examples":[{"nixpkgs":"github:NixOS/nixpkgs/nixos-25.11"}]},"git":{"title":"git settings","description":"Where rendered files are committed to and how they reach the hypervisors.","type":"object","additionalProperties":false,"properties":{"remote":{"title":"the name of a git remote","description":"The remote that fleet pushes to.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]*$","default":"origin","examples":["origin"]},"branch":{"title":"the name of a branch","description":"The branch that fleet commits to and pushes. Default: the checked-out branch.","type":"string","pattern":"^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$","examples":["main"]},"url":{"title":"the url of a git repository","description":"What hypervisors pull from. Default: the remote's url.","type":"string","pattern":"^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$","examples":["ssh://git@example.net/infra.git"]},"transport":{"title":"a transport","description":"pull: hypervisors fetch the commit from the url. send: the commit travels over the ssh connection.","enum":["pull","send"],"default":"pull","examples":["send"]},"revert":{"type":"boolean","description":"After a fleet was rolled back, a commit that takes back what failed is made and pushed.","default":true,"examples":[true]},"timeout":{"$ref":"#/definitions/duration","description":"How long one git command may take, hooks and signing among it.","default":"2m","examples":["10m"]}},"default":{},"examples":[{"transport":"send"}]},"rollout":{"title":"rollout settings","description":"How a deployment proceeds from hypervisor to hypervisor and from guest to guest.","type":"object","additionalProperties":false,"properties":{"canary":{"title":"names, web* or @tag, comma-separated","type":"string","pattern":"^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$","description":"The hypervisors that go first, alone: a name or @tag. Default: no canary.","examples":["@canary"]},"maxParallel":{"type":"integer","minimum":1,"maximum":1000,"description":"Hypervisors deployed to at a time.","default":10,"examples":[10]},"maxParallelVms":{"type":"integer","minimum":1,"maximum":1000,"description":"Guests restarting at a time on one hypervisor.","default":1,"examples":[1]},"evalJobs":{"title":"auto or a number of evaluations","type":["string","integer"],"pattern":"^auto$","minimum":1,"maximum":1000,"description":"Evaluations at a time on one hypervisor, each a process of its own. auto: one a processor, as far as free memory less 1GiB has 512MiB for each.","default":"auto","examples":["auto",2]},"settle":{"$ref":"#/definitions/duration","description":"A guest must hold still this long after its first healthy answer. Longer than systemd waits between restarts, 5s.","default":"15s","examples":["15s"]},"deadline":{"$ref":"#/definitions/duration","description":"A guest must be healthy this long after its start, or it is rolled back.","default":"2m","examples":["2m"]},"stopTimeout":{"$ref":"#/definitions/duration","description":"A guest that has not stopped after this long is killed, and that is reported.","default":"30s","examples":["30s"]},"confirm":{"$ref":"#/definitions/duration","description":"A hypervisor that has not heard of fleet for this long, and was not confirmed, rolls itself back.","default":"90s","examples":["90s"]},"limits":{"$ref":"#/definitions/stepLimits"},"onFailure":{"title":"what a failure does","description":"revert-fleet: all hypervisors roll back when one fails, also those that had succeeded; revert-hypervisor: only the one that failed, the others go on; halt: only the one that failed, and no further one begins.","enum":["revert-fleet","revert-hypervisor","halt"],"default":"revert-fleet","examples":["revert-fleet"]}},"default":{},"examples":[{"maxParallel":5,"settle":"20s"}]},"vcpu":{"title":"a number of vcpus","description":"Virtual CPUs of the guest. Counts against the capacity of its hypervisor while the guest is to run.","type":"integer","minimum":1,"maximum":1024,"default":1,"examples":[2]},"memory":{"$ref":"#/definitions/size","description":"Memory of the guest. Exactly 2GiB hangs QEMU. Counts against the capacity of its hypervisor while the guest is to run.","default":"1GiB","examples":["3GiB"]},"hypervisor":{"title":"a hypervisor of microvm.nix","description":"What runs the guest (microvm.hypervisor): qemu, cloud-hypervisor, firecracker or crosvm. kvmtool, stratovirt and alioth cannot shut a guest down and are refused.","enum":["qemu","cloud-hypervisor","firecracker","crosvm","kvmtool","stratovirt","alioth"],"default":"qemu","examples":["cloud-hypervisor"]},"store":{"title":"a kind of store","description":"shared: the hypervisor's /nix/store read-only over virtiofs. disk: a read-only image of its own.","enum":["shared","disk"],"default":"shared","examples":["shared"]},"timezone":{"title":"a time zone","description":"time.timeZone of the guest; under defaults also of the hypervisors.","type":"string","pattern":"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$","default":"UTC","examples":["Europe/Berlin"]},"balloon":{"type":"boolean","description":"Gives unused memory back to the hypervisor.","default":false,"examples":[true]},"state":{"title":"a state","description":"stopped: the guest is built and kept, but does not run.","enum":["running","stopped"],"default":"running","examples":["stopped"]},"autostart":{"title":"an autostart","description":"Whether the guest starts after a reboot of the hypervisor; healthy: when it was well at the last look, on the runner it has. Default: what the hypervisor's says. A stopped vm never starts.","enum":["always","healthy","never"],"examples":["always"]},"tags":{"title":"a list of tags","description":"Names to select by: --on @tag.","type":"array","items":{"$ref":"#/definitions/tag"},"default":[],"examples":[["frontend"]]},"packages":{"title":"a list of packages","description":"Attribute names of pkgs for environment.systemPackages; dots are allowed.","type":"array","items":{"title":"the attribute name of a package","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$","examples":["vim","python3Packages.requests"]},"default":[],"examples":[["vim","python3Packages.requests"]]},"user":{"title":"a user","description":"A user account with public ssh keys.","type":"object","additionalProperties":false,"properties":{"groups":{"title":"a list of groups","description":"Further groups of the user, such as wheel.","type":"array","items":{"title":"a group name","type":"string","pattern":"^[a-z_][a-z0-9_-]{0,30}$","examples":["wheel"]},"default":[],"examples":[["wheel"]]},"sshKeys":{"title":"a list of public ssh keys","description":"Public keys that may log in as this user, one line of a .pub file each.","type":"array","items":{"title":"a public ssh key on one line","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["ssh-ed25519 AAAA… ops@example"]},"default":[],"examples":[["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ops@example"]]}},"examples":[{"groups":["wheel"]}]},"users":{"title":"users by name","description":"User accounts by name.","type":"object","propertyNames":{"title":"a user name","description":"A lowercase letter or underscore, then also digits and hyphens; at most 31 characters.","type":"string","pattern":"^[a-z_][a-z0-9_-]{0,30}$","examples":["ops"]},"additionalProperties":{"$ref":"#/definitions/user"},"default":{},"examples":[{"ops":{"groups":["wheel"]}}]},"config":{"title":"NixOS options","description":"Any NixOS option that is plain data. Keys split at dots; quote a part that contains one as in Nix: services.nginx.virtualHosts.\"example.org\". The same option twice is an error, and so is one that a field sets.","type":"object","additionalProperties":true,"default":{},"examples":[{"services.nginx.enable":true}]},"modules":{"title":"a list of modules","description":"Hand-written Nix files or folders of this repository, imported as they are. Their argument inputs has what is under inputs, but not self, for a guest that knows the commit restarts at each one: name files of this repository by relative paths.","type":"array","items":{"title":"a path in the repository","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["./modules/postgres.nix"]},"default":[],"examples":[["./modules/postgres.nix"]]},"volume":{"title":"a volume","description":"A disk image in the vm's state directory, created at the first start.","type":"object","additionalProperties":false,"required":["mount","size"],"properties":{"mount":{"title":"a plain absolute path","description":"Where the guest mounts it, by a label that is derived from this path.","type":"string","pattern":"^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/var"]},"size":{"$ref":"#/definitions/size","description":"How large the disk is. Acts when the image is created and never again. The image is sparse: it takes what the guest has written.","examples":["20GiB"]},"image":{"title":"a file name","description":"File in the state directory of the vm. Default: the mount with hyphens for slashes, such as var-lib.img.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$","examples":["var.img"]},"fs":{"title":"a file system","description":"The file system that the image is formatted with when it is created. xfs needs 300MiB, btrfs 109MiB.","enum":["ext4","xfs","btrfs","vfat"],"default":"ext4","examples":["xfs"]}},"examples":[{"mount":"/var","size":"20GiB"}]},"volumes":{"title":"a list of volumes","description":"Disks that keep their data when the guest restarts.","type":"array","items":{"$ref":"#/definitions/volume"},"default":[],"examples":[[{"mount":"/var","size":"20GiB"}]]},"share":{"title":"a share","description":"A directory of the hypervisor inside the guest.","type":"object","additionalProperties":false,"required":["source","mount"],"properties":{"source":{"$ref":"#/definitions/path","description":"The directory on the hypervisor.","examples":["/srv/media"]},"mount":{"title":"a plain absolute path","description":"Where the guest mounts it, by a tag that is derived from this path.","type":"string","pattern":"^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/media"]},"readOnly":{"type":"boolean","description":"The guest cannot write to it.","default":false,"examples":[true]}},"examples":[{"source":"/srv/media","mount":"/media","readOnly":true}]},"shares":{"title":"a list of shares","description":"Directories of the hypervisor inside the guest, over virtiofs.","type":"array","items":{"$ref":"#/definitions/share"},"default":[],"examples":[[{"source":"/srv/media","mount":"/media","readOnly":true}]]},"publish":{"title":"a list of ports","description":"Ports of the uplink that lead to ports of the guest: the interface that its default route goes through. The guest's own firewall has to let them in: networking.firewall.allowedTCPPorts in config.","type":"array","items":{"title":"a published port","type":"string","pattern":"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$","examples":["8443:443/tcp"]},"default":[],"examples":[["8443:443/tcp"]]},"credentials":{"title":"files by credential name","description":"Files on the hypervisor that the guest is given as systemd credentials (qemu only; QEMU opens them as user microvm). Names have at most 28 characters. fleet never reads the files.","type":"object","propertyNames":{"title":"a plain name","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$","examples":["db-password"]},"additionalProperties":{"$ref":"#/definitions/path"},"default":{},"examples":[{"db-password":"/run/keys/db-password"}]},"httpCheck":{"title":"an http check","description":"A request to the guest and the status it must answer with.","type":"object","additionalProperties":false,"required":["port"],"properties":{"port":{"$ref":"#/definitions/port","description":"The port of the guest that is asked.","examples":[80]},"path":{"title":"the path of a url","description":"The path that is asked for.","type":"string","pattern":"^/[\\u0021-\\u007e]*$","default":"/","examples":["/healthz"]},"status":{"type":"integer","minimum":100,"maximum":599,"description":"The status that must be answered with.","default":200,"examples":[200]}},"examples":[{"port":80,"path":"/healthz","status":200}]},"check":{"title":"a check","description":"One of tcp, http and run, and how long it may take.","type":"object","additionalProperties":false,"properties":{"tcp":{"$ref":"#/definitions/port","description":"A TCP port of the guest that must accept connections. Default: no such check.","examples":[5432]},"http":{"$ref":"#/definitions/httpCheck","description":"A request that the guest must answer. Default: no such check.","examples":[{"port":80,"path":"/healthz"}]},"run":{"$ref":"#/definitions/text","description":"A command for the shell of user fleet-check inside the guest, over ssh from the hypervisor; it must succeed, each time within 10 s. Default: no such check.","examples":["systemctl is-active postgresql"]},"within":{"$ref":"#/definitions/duration","description":"How long the check may take to succeed. Default: the rollout's deadline.","examples":["60s"]}},"oneOf":[{"required":["tcp"]},{"required":["http"]},{"required":["run"]}],"examples":[{"tcp":5432}]},"checks":{"title":"a list of checks","description":"What is looked at after a change, beside what is always looked at. The guest's own firewall has to let in what tcp and http ask for: networking.firewall.allowedTCPPorts in config.","type":"array","items":{"$ref":"#/definitions/check"},"default":[],"examples":[[{"tcp":5432}]]},"dependsOn":{"title":"a list of vms","description":"Vms of the same hypervisor that this one is restarted and verified after.","type":"array","items":{"$ref":"#/definitions/name"},"default":[],"examples":[["db1"]]},"settings":{"title":"vm fields","description":"Fields for many vms at once.","type":"object","additionalProperties":false,"properties":{"vcpu":{"$ref":"#/definitions/vcpu"},"memory":{"$ref":"#/definitions/memory"},"hypervisor":{"$ref":"#/definitions/hypervisor"},"store":{"$ref":"#/definitions/store"},"timezone":{"$ref":"#/definitions/timezone"},"stateVersion":{"$ref":"#/definitions/stateVersion"},"balloon":{"$ref":"#/definitions/balloon"},"state":{"$ref":"#/definitions/state"},"autostart":{"$ref":"#/definitions/autostart"},"tags":{"$ref":"#/definitions/tags"},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"},"volumes":{"$ref":"#/definitions/volumes"},"shares":{"$ref":"#/definitions/shares"},"publish":{"$ref":"#/definitions/publish"},"credentials":{"$ref":"#/definitions/credentials"},"checks":{"$ref":"#/definitions/checks"},"dependsOn":{"$ref":"#/definitions/dependsOn"}},"default":{},"examples":[{"vcpu":2,"packages":["vim"]}]},"sshTarget":{"title":"an ssh destination","description":"user@host[:port] (an IPv6 address in brackets), a Host of ~/.ssh/config, or an object.","type":["string","object"],"pattern":"^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$","additionalProperties":false,"required":["host"],"properties":{"host":{"title":"a host","description":"A host name, an address or a Host of ~/.ssh/config.","type":"string","pattern":"^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$","examples":["203.0.113.20"]},"user":{"title":"a user name","description":"Who to log in as. Default: what ~/.ssh/config says.","type":"string","pattern":"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$","examples":["root"]},"port":{"$ref":"#/definitions/port","description":"The port of sshd. Default: what ~/.ssh/config says, else 22.","examples":[22]},"jump":{"title":"a jump host","description":"A host to go through, as user@host[:port]. Default: what ~/.ssh/config says.","type":"string","pattern":"^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$","examples":["ops@bastion.example.net"]},"identityFile":{"title":"a file","description":"The private key to log in with. Default: what ~/.ssh/config says.","type":"string","pattern":"^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$","examples":["~/.ssh/id_ed25519"]},"sudo":{"type":"boolean","description":"Commands run through sudo -n. Default: when the user is not root.","examples":[true]}},"examples":["root@203.0.113.20",{"host":"203.0.113.20","user":"root"}]},"stepLimits":{"title":"limits of steps","description":"What a step may take before it is ended. One that took longer says nothing against the commit. Default: those of its fields.","type":"object","examples":[{"build":"2h"}],"additionalProperties":false,"properties":{"build":{"$ref":"#/definitions/duration","description":"Fetching the commit, evaluating it and building it.","default":"1h","examples":["1h"]},"switch":{"$ref":"#/definitions/duration","description":"Switching a hypervisor to its new system.","default":"5m","examples":["5m"]},"guest":{"$ref":"#/definitions/duration","description":"Creating, updating, starting or stopping one guest.","default":"7m","examples":["7m"]}}},"capacity":{"title":"a capacity","description":"What the hypervisor has to give to its vms. All vms of the file count: running ones with vcpus, memory and the size of their volumes, stopped ones with their volumes. What is declared is checked by validate; what is not is asked of the hypervisor and checked by plan and apply.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"integer","minimum":1,"maximum":100000,"description":"CPU threads of the hypervisor. Default: those it has.","examples":[16]},"memory":{"$ref":"#/definitions/size","description":"Memory of the hypervisor. Default: all that it has.","examples":["32GiB"]},"disk":{"$ref":"#/definitions/size","description":"Disk for volumes. Default: what is free in /var/lib/microvms and what its volumes take there already.","examples":["200GiB"]},"reserve":{"title":"a reserve","description":"What is kept for the hypervisor itself: taken off before anything is given away.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"integer","minimum":0,"maximum":100000,"description":"CPU threads kept for the hypervisor.","default":0,"examples":[1]},"memory":{"$ref":"#/definitions/size","description":"Memory kept for the hypervisor. Default: none.","examples":["2GiB"]},"disk":{"$ref":"#/definitions/size","description":"Disk kept for the hypervisor. Default: none.","examples":["10GiB"]}},"default":{},"examples":[{"memory":"2GiB"}]},"overcommit":{"title":"an overcommitment","description":"How many times over the rest after the reserve may be given away.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often each CPU thread may be given away: guests are rarely busy all at once.","default":4,"examples":[4]},"memory":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often memory may be given away. Above 1 the kernel may have to kill guests.","default":1,"examples":[1]},"disk":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often disk may be given away. Images are sparse: above 1 they may fill the disk before they are full.","default":1,"examples":[1]}},"default":{},"examples":[{"vcpu":4}]}},"default":{},"examples":[{"vcpu":16,"memory":"32GiB"}]},"hypervisorMachine":{"title":"a hypervisor","description":"A NixOS machine that runs vms. fleet deploys its own configuration, too: what is in its /etc/nixos has to be under modules or config.","type":"object","additionalProperties":false,"required":["ssh","system","stateVersion"],"properties":{"ssh":{"$ref":"#/definitions/sshTarget","description":"How to reach it: user@host[:port], a Host of ~/.ssh/config, or an object.","examples":["root@203.0.113.20"]},"system":{"$ref":"#/definitions/system","description":"The platform of the hypervisor and of its vms.","examples":["x86_64-linux"]},"stateVersion":{"title":"a NixOS release in quotes","description":"system.stateVersion of the hypervisor itself: the release it was installed with.","type":"string","pattern":"^[0-9]{2}\\.[0-9]{2}$","examples":["25.11"]},"checkout":{"$ref":"#/definitions/path","description":"Where the git checkout is on the hypervisor. fleet owns it: what is changed there by hand is set aside.","default":"/var/lib/fleet/repo","examples":["/var/lib/fleet/repo"]},"uplink":{"$ref":"#/definitions/interface","description":"The interface that nat goes out of and published ports come in by. Default: none, and then no network on it can have nat and no vm on it publish.","examples":["enP2p4s0"]},"tags":{"$ref":"#/definitions/tags"},"capacity":{"$ref":"#/definitions/capacity"},"autostart":{"title":"an autostart","description":"Which vms start after a reboot: all, those that were well at the last look, or none. A vm's own autostart wins.","enum":["all","healthy","none"],"default":"all","examples":["all"]},"tailscale":{"title":"tailscale settings","description":"Tailscale on the hypervisor; who logs it in is a person, once.","type":"object","additionalProperties":false,"properties":{"enable":{"type":"boolean","description":"Whether tailscale runs.","default":false,"examples":[true]},"advertiseRoutes":{"type":"boolean","description":"Whether the tailnet reaches the subnets of its networks. Guests open no connection into it, whatever their egress.","default":false,"examples":[true]}},"default":{},"examples":[{"enable":true,"advertiseRoutes":true}]},"dns":{"title":"dns settings","description":"Names: every guest asks its gateway.","type":"object","additionalProperties":false,"properties":{"forwardTo":{"title":"a list of name servers","description":"The forwarder on every gateway address, whom guests ask, asks these. None ([]): fleet runs no forwarder, and what answers on the gateways, if anything, is yours.","type":"array","items":{"title":"an IP address","type":"string","pattern":"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$","examples":["1.1.1.1"]},"default":["1.1.1.1","9.9.9.9"],"examples":[["1.1.1.1"]]}},"default":{},"examples":[{"forwardTo":["1.1.1.1"]}]},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"}},"examples":[{"ssh":"root@203.0.113.20","system":"x86_64-linux","stateVersion":"25.11"}]},"network":{"title":"a network","description":"A bridge on the hypervisor of its vms; the hypervisor holds the first address of the subnet.","type":"object","additionalProperties":false,"required":["subnet"],"properties":{"subnet":{"title":"an IPv4 subnet","description":"The addresses of this network, from /8 to /30. The first is the gateway and belongs to the hypervisor; the next is that of a vm that is alone here.","type":"string","pattern":"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$","examples":["10.1.0.0/24"]},"subnet6":{"title":"an IPv6 subnet","description":"IPv6 addresses of this network; a vm has the same number in it as in subnet. With nat, a unique local one (fd00::/8) goes out by the uplink's address, another one as it is. Default: none.","type":"string","pattern":"^[0-9A-Fa-f:]+/[0-9]{1,3}$","examples":["fd00:9::/64"]},"bridge":{"$ref":"#/definitions/interface","description":"The bridge on the hypervisor. Default: br- and the name of the network.","examples":["br-backend"]},"nat":{"type":"boolean","description":"Guests reach the outside through the uplink of the hypervisor.","default":true,"examples":[false]},"isolated":{"type":"boolean","description":"No traffic to or from other networks or from outside, and of the hypervisor itself guests reach ping and DNS alone. false: open to all networks that are not isolated.","default":true,"examples":[false]},"allow":{"title":"a list of networks","description":"Networks of the same hypervisor that may reach this one all the same; it does not reach them.","type":"array","items":{"$ref":"#/definitions/name"},"default":[],"examples":[["vm1"]]},"egress":{"title":"all, web, none, or a list such as [tcp/443, udp/123]","description":"What guests may reach outside of the hypervisor's networks: all, web (tcp 80 and 443), none, or a list. The tailnet is never among it. Names are asked of the gateway whatever is listed, but with none there are none.","type":["string","array"],"pattern":"^(all|web|none)$","items":{"title":"a protocol and port","type":"string","pattern":"^(tcp|udp)/[1-9][0-9]{0,4}$","examples":["tcp/443"]},"default":"all","examples":["all","web",["tcp/443","udp/123"]]},"metadata":{"type":"boolean","description":"Guests can reach the metadata service of a cloud, such as 169.254.169.254, whatever egress says.","default":false,"examples":[true]}},"examples":[{"subnet":"10.1.0.0/24"}]},"vm":{"title":"a vm","description":"A guest of microvm.nix.","type":"object","additionalProperties":false,"required":["on"],"properties":{"on":{"$ref":"#/definitions/name","description":"The hypervisor it is on. A vm that moves starts with empty volumes there.","examples":["hv1"]},"network":{"$ref":"#/definitions/name","description":"The network it is on. Needed unless networks says so. Default: the one under networks.","examples":["vm1"]},"networks":{"title":"a list of networks with addresses","description":"Instead of network and address, an interface each. Default route and name server are those of the first one with nat. Default: the one under network.","type":"array","minItems":1,"items":{"title":"a network with an address","description":"An interface of the guest.","type":"object","additionalProperties":false,"required":["name"],"properties":{"name":{"$ref":"#/definitions/name","description":"The network.","examples":["vm1"]},"address":{"$ref":"#/definitions/ipv4","description":"Its address there. Default: the address after the gateway, when it is alone on the network.","examples":["10.1.0.2"]}},"examples":[{"name":"vm1","address":"10.1.0.2"}]},"examples":[[{"name":"vm1","address":"10.1.0.2"}]]},"address":{"$ref":"#/definitions/ipv4","description":"Its address on the network. Default: the address after the gateway, when it is alone on the network.","examples":["10.1.0.2"]},"vsock":{"type":"integer","minimum":3,"maximum":4294967294,"description":"The cid of its vsock, for microvm -s; each vm of a hypervisor has its own. Default: none.","examples":[3]},"profiles":{"title":"a list of profiles","description":"Profiles to apply between defaults and this vm, in this order.","type":"array","items":{"$ref":"#/definitions/tag"},"default":[],"examples":[["web"]]},"vcpu":{"$ref":"#/definitions/vcpu"},"memory":{"$ref":"#/definitions/memory"},"hypervisor":{"$ref":"#/definitions/hypervisor"},"store":{"$ref":"#/definitions/store"},"timezone":{"$ref":"#/definitions/timezone"},"stateVersion":{"$ref":"#/definitions/stateVersion"},"balloon":{"$ref":"#/definitions/balloon"},"state":{"$ref":"#/definitions/state"},"autostart":{"$ref":"#/definitions/autostart"},"tags":{"$ref":"#/definitions/tags"},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"},"volumes":{"$ref":"#/definitions/volumes"},"shares":{"$ref":"#/definitions/shares"},"publish":{"$ref":"#/definitions/publish"},"credentials":{"$ref":"#/definitions/credentials"},"checks":{"$ref":"#/definitions/checks"},"dependsOn":{"$ref":"#/definitions/dependsOn"}},"examples":[{"on":"hv1","network":"vm1"}]}}};
const schema37 = {"title":"a plain name","description":"A letter or digit, then letters, digits, dots, underscores and hyphens; at most 63 characters.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$","examples":["web","us-west-2"]};
const schema60 = {"title":"a host name","description":"Lowercase letters, digits and hyphens, at most 63 characters, no hyphen at either end.","type":"string","pattern":"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$","examples":["web1"]};
const func2 = Object.prototype.hasOwnProperty;
const pattern0 = new RegExp("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "u");
const pattern39 = new RegExp("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "u");
const pattern26 = new RegExp("^[^\\u0000-\\u001f\\u007f]+$", "u");
const schema12 = {"title":"flake inputs","description":"Inputs of the rendered flake.nix. All but nixpkgs follow its nixpkgs. Others may be added.","type":"object","propertyNames":{"title":"the name of an input","description":"A letter or underscore, then also digits and hyphens; not self.","type":"string","pattern":"^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$","examples":["nixpkgs"]},"additionalProperties":{"$ref":"#/definitions/input"},"default":{"nixpkgs":"github:NixOS/nixpkgs/nixos-25.11","microvm":"github:microvm-nix/microvm.nix"},"examples":[{"nixpkgs":"github:NixOS/nixpkgs/nixos-25.11"}]};
const pattern1 = new RegExp("^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$", "u");
const schema13 = {"title":"a flake input","description":"A flake reference, or an object that also says whether it is a flake and what its own inputs follow.","type":["string","object"],"pattern":"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$","additionalProperties":false,"required":["url"],"properties":{"url":{"$ref":"#/definitions/inputUrl","description":"Where the input comes from: a flake reference as in flake.nix.","examples":["github:Mic92/sops-nix"]},"flake":{"type":"boolean","description":"false: the input is only a source tree and not a flake.","default":true,"examples":[false]},"follows":{"type":"object","propertyNames":{"title":"the name of an input","description":"A letter or underscore, then also digits and hyphens; not self.","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_-]*$","examples":["nixpkgs"]},"additionalProperties":{"title":"the name of an input","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$","examples":["nixpkgs"]},"description":"Inputs of this input and the top-level input each of them follows. Default: nixpkgs follows nixpkgs; write {} for an input that shall keep its own.","default":{"nixpkgs":"nixpkgs"},"examples":[{"nixpkgs":"nixpkgs"}]}},"examples":["github:microvm-nix/microvm.nix",{"url":"github:example/files","flake":false}]};
const schema14 = {"title":"a flake reference","description":"A flake reference as in flake.nix.","type":"string","pattern":"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$","examples":["github:NixOS/nixpkgs/nixos-25.11"]};
const pattern2 = new RegExp("^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$", "u");
const pattern4 = new RegExp("^[A-Za-z_][A-Za-z0-9_-]*$", "u");
const pattern5 = new RegExp("^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$", "u");

function validate12(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if((typeof data !== "string") && (!(data && typeof data == "object" && !Array.isArray(data)))){
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: schema13.type},message:"must be string,object",schema:schema13.type,parentSchema:schema13,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(typeof data === "string"){
if(!pattern2.test(data)){
const err1 = {instancePath,schemaPath:"#/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$"},message:"must match pattern \""+"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$"+"\"",schema:"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$",parentSchema:schema13,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.url === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "url"},message:"must have required property '"+"url"+"'",schema:schema13.required,parentSchema:schema13,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key0 in data){
if(!(((key0 === "url") || (key0 === "flake")) || (key0 === "follows"))){
const err3 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema13,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.url !== undefined){
let data0 = data.url;
if(typeof data0 === "string"){
if(!pattern2.test(data0)){
const err4 = {instancePath:instancePath+"/url",schemaPath:"#/definitions/inputUrl/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$"},message:"must match pattern \""+"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$"+"\"",schema:"^[A-Za-z./][^\\s\\u0000-\\u001f\\u007f\"\\\\]*$",parentSchema:schema14,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/url",schemaPath:"#/definitions/inputUrl/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema14.type,parentSchema:schema14,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.flake !== undefined){
let data1 = data.flake;
if(typeof data1 !== "boolean"){
const err6 = {instancePath:instancePath+"/flake",schemaPath:"#/properties/flake/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema13.properties.flake.type,parentSchema:schema13.properties.flake,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.follows !== undefined){
let data2 = data.follows;
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
for(const key1 in data2){
const _errs9 = errors;
if(typeof key1 === "string"){
if(!pattern4.test(key1)){
const err7 = {instancePath:instancePath+"/follows",schemaPath:"#/properties/follows/propertyNames/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z_][A-Za-z0-9_-]*$"},message:"must match pattern \""+"^[A-Za-z_][A-Za-z0-9_-]*$"+"\"",schema:"^[A-Za-z_][A-Za-z0-9_-]*$",parentSchema:schema13.properties.follows.propertyNames,data:key1,propertyName:key1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/follows",schemaPath:"#/properties/follows/propertyNames/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema13.properties.follows.propertyNames.type,parentSchema:schema13.properties.follows.propertyNames,data:key1,propertyName:key1};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
var valid2 = _errs9 === errors;
if(!valid2){
const err9 = {instancePath:instancePath+"/follows",schemaPath:"#/properties/follows/propertyNames",keyword:"propertyNames",params:{propertyName: key1},message:"property name must be valid",schema:schema13.properties.follows.propertyNames,parentSchema:schema13.properties.follows,data:data2};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
for(const key2 in data2){
let data3 = data2[key2];
if(typeof data3 === "string"){
if(!pattern5.test(data3)){
const err10 = {instancePath:instancePath+"/follows/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/follows/additionalProperties/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$"},message:"must match pattern \""+"^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$"+"\"",schema:"^[A-Za-z_][A-Za-z0-9_-]*(/[A-Za-z_][A-Za-z0-9_-]*)*$",parentSchema:schema13.properties.follows.additionalProperties,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/follows/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/follows/additionalProperties/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema13.properties.follows.additionalProperties.type,parentSchema:schema13.properties.follows.additionalProperties,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath:instancePath+"/follows",schemaPath:"#/properties/follows/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema13.properties.follows.type,parentSchema:schema13.properties.follows,data:data2};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
validate12.errors = vErrors;
return errors === 0;
}


function validate11(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
const _errs1 = errors;
if(typeof key0 === "string"){
if(!pattern1.test(key0)){
const err0 = {instancePath,schemaPath:"#/propertyNames/pattern",keyword:"pattern",params:{pattern: "^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$"},message:"must match pattern \""+"^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$"+"\"",schema:"^(?!self$)[A-Za-z_][A-Za-z0-9_-]*$",parentSchema:schema12.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
else {
const err1 = {instancePath,schemaPath:"#/propertyNames/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema12.propertyNames.type,parentSchema:schema12.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
var valid0 = _errs1 === errors;
if(!valid0){
const err2 = {instancePath,schemaPath:"#/propertyNames",keyword:"propertyNames",params:{propertyName: key0},message:"property name must be valid",schema:schema12.propertyNames,parentSchema:schema12,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
for(const key1 in data){
if(!(validate12(data[key1], {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data,parentDataProperty:key1,rootData}))){
vErrors = vErrors === null ? validate12.errors : vErrors.concat(validate12.errors);
errors = vErrors.length;
}
}
}
else {
const err3 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema12.type,parentSchema:schema12,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
validate11.errors = vErrors;
return errors === 0;
}

const schema15 = {"title":"git settings","description":"Where rendered files are committed to and how they reach the hypervisors.","type":"object","additionalProperties":false,"properties":{"remote":{"title":"the name of a git remote","description":"The remote that fleet pushes to.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]*$","default":"origin","examples":["origin"]},"branch":{"title":"the name of a branch","description":"The branch that fleet commits to and pushes. Default: the checked-out branch.","type":"string","pattern":"^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$","examples":["main"]},"url":{"title":"the url of a git repository","description":"What hypervisors pull from. Default: the remote's url.","type":"string","pattern":"^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$","examples":["ssh://git@example.net/infra.git"]},"transport":{"title":"a transport","description":"pull: hypervisors fetch the commit from the url. send: the commit travels over the ssh connection.","enum":["pull","send"],"default":"pull","examples":["send"]},"revert":{"type":"boolean","description":"After a fleet was rolled back, a commit that takes back what failed is made and pushed.","default":true,"examples":[true]},"timeout":{"$ref":"#/definitions/duration","description":"How long one git command may take, hooks and signing among it.","default":"2m","examples":["10m"]}},"default":{},"examples":[{"transport":"send"}]};
const schema16 = {"title":"a duration","description":"A whole number followed by ms, s, m or h.","type":"string","pattern":"^[1-9][0-9]{0,5}(ms|s|m|h)$","examples":["10s","5m"]};
const pattern6 = new RegExp("^[A-Za-z0-9][A-Za-z0-9._-]*$", "u");
const pattern7 = new RegExp("^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$", "u");
const pattern8 = new RegExp("^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$", "u");
const pattern9 = new RegExp("^[1-9][0-9]{0,5}(ms|s|m|h)$", "u");

function validate15(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((((key0 === "remote") || (key0 === "branch")) || (key0 === "url")) || (key0 === "transport")) || (key0 === "revert")) || (key0 === "timeout"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema15,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.remote !== undefined){
let data0 = data.remote;
if(typeof data0 === "string"){
if(!pattern6.test(data0)){
const err1 = {instancePath:instancePath+"/remote",schemaPath:"#/properties/remote/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]*$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]*$",parentSchema:schema15.properties.remote,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {instancePath:instancePath+"/remote",schemaPath:"#/properties/remote/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema15.properties.remote.type,parentSchema:schema15.properties.remote,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.branch !== undefined){
let data1 = data.branch;
if(typeof data1 === "string"){
if(!pattern7.test(data1)){
const err3 = {instancePath:instancePath+"/branch",schemaPath:"#/properties/branch/pattern",keyword:"pattern",params:{pattern: "^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$"},message:"must match pattern \""+"^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$"+"\"",schema:"^(?!.*(\\.\\.|//|\\.lock$|[./]$))[A-Za-z0-9][A-Za-z0-9._/+-]*$",parentSchema:schema15.properties.branch,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/branch",schemaPath:"#/properties/branch/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema15.properties.branch.type,parentSchema:schema15.properties.branch,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.url !== undefined){
let data2 = data.url;
if(typeof data2 === "string"){
if(!pattern8.test(data2)){
const err5 = {instancePath:instancePath+"/url",schemaPath:"#/properties/url/pattern",keyword:"pattern",params:{pattern: "^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$"},message:"must match pattern \""+"^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$"+"\"",schema:"^(?![A-Za-z0-9]+::)[A-Za-z0-9./~_][^\\s\\u0000-\\u001f\\u007f]*$",parentSchema:schema15.properties.url,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/url",schemaPath:"#/properties/url/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema15.properties.url.type,parentSchema:schema15.properties.url,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.transport !== undefined){
let data3 = data.transport;
if(!((data3 === "pull") || (data3 === "send"))){
const err7 = {instancePath:instancePath+"/transport",schemaPath:"#/properties/transport/enum",keyword:"enum",params:{allowedValues: schema15.properties.transport.enum},message:"must be equal to one of the allowed values",schema:schema15.properties.transport.enum,parentSchema:schema15.properties.transport,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.revert !== undefined){
let data4 = data.revert;
if(typeof data4 !== "boolean"){
const err8 = {instancePath:instancePath+"/revert",schemaPath:"#/properties/revert/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema15.properties.revert.type,parentSchema:schema15.properties.revert,data:data4};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.timeout !== undefined){
let data5 = data.timeout;
if(typeof data5 === "string"){
if(!pattern9.test(data5)){
const err9 = {instancePath:instancePath+"/timeout",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data5};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/timeout",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data5};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
else {
const err11 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema15.type,parentSchema:schema15,data};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
validate15.errors = vErrors;
return errors === 0;
}

const schema17 = {"title":"rollout settings","description":"How a deployment proceeds from hypervisor to hypervisor and from guest to guest.","type":"object","additionalProperties":false,"properties":{"canary":{"title":"names, web* or @tag, comma-separated","type":"string","pattern":"^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$","description":"The hypervisors that go first, alone: a name or @tag. Default: no canary.","examples":["@canary"]},"maxParallel":{"type":"integer","minimum":1,"maximum":1000,"description":"Hypervisors deployed to at a time.","default":10,"examples":[10]},"maxParallelVms":{"type":"integer","minimum":1,"maximum":1000,"description":"Guests restarting at a time on one hypervisor.","default":1,"examples":[1]},"evalJobs":{"title":"auto or a number of evaluations","type":["string","integer"],"pattern":"^auto$","minimum":1,"maximum":1000,"description":"Evaluations at a time on one hypervisor, each a process of its own. auto: one a processor, as far as free memory less 1GiB has 512MiB for each.","default":"auto","examples":["auto",2]},"settle":{"$ref":"#/definitions/duration","description":"A guest must hold still this long after its first healthy answer. Longer than systemd waits between restarts, 5s.","default":"15s","examples":["15s"]},"deadline":{"$ref":"#/definitions/duration","description":"A guest must be healthy this long after its start, or it is rolled back.","default":"2m","examples":["2m"]},"stopTimeout":{"$ref":"#/definitions/duration","description":"A guest that has not stopped after this long is killed, and that is reported.","default":"30s","examples":["30s"]},"confirm":{"$ref":"#/definitions/duration","description":"A hypervisor that has not heard of fleet for this long, and was not confirmed, rolls itself back.","default":"90s","examples":["90s"]},"limits":{"$ref":"#/definitions/stepLimits"},"onFailure":{"title":"what a failure does","description":"revert-fleet: all hypervisors roll back when one fails, also those that had succeeded; revert-hypervisor: only the one that failed, the others go on; halt: only the one that failed, and no further one begins.","enum":["revert-fleet","revert-hypervisor","halt"],"default":"revert-fleet","examples":["revert-fleet"]}},"default":{},"examples":[{"maxParallel":5,"settle":"20s"}]};
const pattern10 = new RegExp("^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$", "u");
const pattern11 = new RegExp("^auto$", "u");
const schema22 = {"title":"limits of steps","description":"What a step may take before it is ended. One that took longer says nothing against the commit. Default: those of its fields.","type":"object","examples":[{"build":"2h"}],"additionalProperties":false,"properties":{"build":{"$ref":"#/definitions/duration","description":"Fetching the commit, evaluating it and building it.","default":"1h","examples":["1h"]},"switch":{"$ref":"#/definitions/duration","description":"Switching a hypervisor to its new system.","default":"5m","examples":["5m"]},"guest":{"$ref":"#/definitions/duration","description":"Creating, updating, starting or stopping one guest.","default":"7m","examples":["7m"]}}};

function validate18(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!(((key0 === "build") || (key0 === "switch")) || (key0 === "guest"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema22,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.build !== undefined){
let data0 = data.build;
if(typeof data0 === "string"){
if(!pattern9.test(data0)){
const err1 = {instancePath:instancePath+"/build",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {instancePath:instancePath+"/build",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.switch !== undefined){
let data1 = data.switch;
if(typeof data1 === "string"){
if(!pattern9.test(data1)){
const err3 = {instancePath:instancePath+"/switch",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/switch",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.guest !== undefined){
let data2 = data.guest;
if(typeof data2 === "string"){
if(!pattern9.test(data2)){
const err5 = {instancePath:instancePath+"/guest",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/guest",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
}
else {
const err7 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema22.type,parentSchema:schema22,data};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
validate18.errors = vErrors;
return errors === 0;
}


function validate17(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!(func2.call(schema17.properties, key0))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema17,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.canary !== undefined){
let data0 = data.canary;
if(typeof data0 === "string"){
if(!pattern10.test(data0)){
const err1 = {instancePath:instancePath+"/canary",schemaPath:"#/properties/canary/pattern",keyword:"pattern",params:{pattern: "^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$"},message:"must match pattern \""+"^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$"+"\"",schema:"^(?=.{1,500}$)@?[A-Za-z0-9*._-]+( ?, ?@?[A-Za-z0-9*._-]+)*$",parentSchema:schema17.properties.canary,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
else {
const err2 = {instancePath:instancePath+"/canary",schemaPath:"#/properties/canary/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema17.properties.canary.type,parentSchema:schema17.properties.canary,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.maxParallel !== undefined){
let data1 = data.maxParallel;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
const err3 = {instancePath:instancePath+"/maxParallel",schemaPath:"#/properties/maxParallel/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema17.properties.maxParallel.type,parentSchema:schema17.properties.maxParallel,data:data1};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 1000 || isNaN(data1)){
const err4 = {instancePath:instancePath+"/maxParallel",schemaPath:"#/properties/maxParallel/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema17.properties.maxParallel,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(data1 < 1 || isNaN(data1)){
const err5 = {instancePath:instancePath+"/maxParallel",schemaPath:"#/properties/maxParallel/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema17.properties.maxParallel,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
}
if(data.maxParallelVms !== undefined){
let data2 = data.maxParallelVms;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err6 = {instancePath:instancePath+"/maxParallelVms",schemaPath:"#/properties/maxParallelVms/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema17.properties.maxParallelVms.type,parentSchema:schema17.properties.maxParallelVms,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 1000 || isNaN(data2)){
const err7 = {instancePath:instancePath+"/maxParallelVms",schemaPath:"#/properties/maxParallelVms/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema17.properties.maxParallelVms,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
if(data2 < 1 || isNaN(data2)){
const err8 = {instancePath:instancePath+"/maxParallelVms",schemaPath:"#/properties/maxParallelVms/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema17.properties.maxParallelVms,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
}
if(data.evalJobs !== undefined){
let data3 = data.evalJobs;
if((typeof data3 !== "string") && (!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3))))){
const err9 = {instancePath:instancePath+"/evalJobs",schemaPath:"#/properties/evalJobs/type",keyword:"type",params:{type: schema17.properties.evalJobs.type},message:"must be string,integer",schema:schema17.properties.evalJobs.type,parentSchema:schema17.properties.evalJobs,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 1000 || isNaN(data3)){
const err10 = {instancePath:instancePath+"/evalJobs",schemaPath:"#/properties/evalJobs/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema17.properties.evalJobs,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data3 < 1 || isNaN(data3)){
const err11 = {instancePath:instancePath+"/evalJobs",schemaPath:"#/properties/evalJobs/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema17.properties.evalJobs,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(typeof data3 === "string"){
if(!pattern11.test(data3)){
const err12 = {instancePath:instancePath+"/evalJobs",schemaPath:"#/properties/evalJobs/pattern",keyword:"pattern",params:{pattern: "^auto$"},message:"must match pattern \""+"^auto$"+"\"",schema:"^auto$",parentSchema:schema17.properties.evalJobs,data:data3};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
if(data.settle !== undefined){
let data4 = data.settle;
if(typeof data4 === "string"){
if(!pattern9.test(data4)){
const err13 = {instancePath:instancePath+"/settle",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data4};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
else {
const err14 = {instancePath:instancePath+"/settle",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data4};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.deadline !== undefined){
let data5 = data.deadline;
if(typeof data5 === "string"){
if(!pattern9.test(data5)){
const err15 = {instancePath:instancePath+"/deadline",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data5};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/deadline",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data5};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data.stopTimeout !== undefined){
let data6 = data.stopTimeout;
if(typeof data6 === "string"){
if(!pattern9.test(data6)){
const err17 = {instancePath:instancePath+"/stopTimeout",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data6};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
else {
const err18 = {instancePath:instancePath+"/stopTimeout",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data6};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data.confirm !== undefined){
let data7 = data.confirm;
if(typeof data7 === "string"){
if(!pattern9.test(data7)){
const err19 = {instancePath:instancePath+"/confirm",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data7};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
else {
const err20 = {instancePath:instancePath+"/confirm",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data7};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
if(data.limits !== undefined){
if(!(validate18(data.limits, {instancePath:instancePath+"/limits",parentData:data,parentDataProperty:"limits",rootData}))){
vErrors = vErrors === null ? validate18.errors : vErrors.concat(validate18.errors);
errors = vErrors.length;
}
}
if(data.onFailure !== undefined){
let data9 = data.onFailure;
if(!(((data9 === "revert-fleet") || (data9 === "revert-hypervisor")) || (data9 === "halt"))){
const err21 = {instancePath:instancePath+"/onFailure",schemaPath:"#/properties/onFailure/enum",keyword:"enum",params:{allowedValues: schema17.properties.onFailure.enum},message:"must be equal to one of the allowed values",schema:schema17.properties.onFailure.enum,parentSchema:schema17.properties.onFailure,data:data9};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
}
else {
const err22 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema17.type,parentSchema:schema17,data};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
validate17.errors = vErrors;
return errors === 0;
}

const schema26 = {"title":"vm fields","description":"Fields for many vms at once.","type":"object","additionalProperties":false,"properties":{"vcpu":{"$ref":"#/definitions/vcpu"},"memory":{"$ref":"#/definitions/memory"},"hypervisor":{"$ref":"#/definitions/hypervisor"},"store":{"$ref":"#/definitions/store"},"timezone":{"$ref":"#/definitions/timezone"},"stateVersion":{"$ref":"#/definitions/stateVersion"},"balloon":{"$ref":"#/definitions/balloon"},"state":{"$ref":"#/definitions/state"},"autostart":{"$ref":"#/definitions/autostart"},"tags":{"$ref":"#/definitions/tags"},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"},"volumes":{"$ref":"#/definitions/volumes"},"shares":{"$ref":"#/definitions/shares"},"publish":{"$ref":"#/definitions/publish"},"credentials":{"$ref":"#/definitions/credentials"},"checks":{"$ref":"#/definitions/checks"},"dependsOn":{"$ref":"#/definitions/dependsOn"}},"default":{},"examples":[{"vcpu":2,"packages":["vim"]}]};
const schema27 = {"title":"a number of vcpus","description":"Virtual CPUs of the guest. Counts against the capacity of its hypervisor while the guest is to run.","type":"integer","minimum":1,"maximum":1024,"default":1,"examples":[2]};
const schema28 = {"title":"a size","description":"A whole number followed by MiB, GiB or TiB.","type":"string","pattern":"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$","examples":["512MiB","1GiB","64GiB"]};
const schema29 = {"title":"a hypervisor of microvm.nix","description":"What runs the guest (microvm.hypervisor): qemu, cloud-hypervisor, firecracker or crosvm. kvmtool, stratovirt and alioth cannot shut a guest down and are refused.","enum":["qemu","cloud-hypervisor","firecracker","crosvm","kvmtool","stratovirt","alioth"],"default":"qemu","examples":["cloud-hypervisor"]};
const schema30 = {"title":"a kind of store","description":"shared: the hypervisor's /nix/store read-only over virtiofs. disk: a read-only image of its own.","enum":["shared","disk"],"default":"shared","examples":["shared"]};
const schema31 = {"title":"a time zone","description":"time.timeZone of the guest; under defaults also of the hypervisors.","type":"string","pattern":"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$","default":"UTC","examples":["Europe/Berlin"]};
const schema32 = {"title":"a NixOS release in quotes","description":"system.stateVersion: the release this machine was first installed with. It is not the release that runs and is never changed.","type":"string","pattern":"^[0-9]{2}\\.[0-9]{2}$","default":"25.11","examples":["25.11"]};
const schema33 = {"type":"boolean","description":"Gives unused memory back to the hypervisor.","default":false,"examples":[true]};
const schema34 = {"title":"a state","description":"stopped: the guest is built and kept, but does not run.","enum":["running","stopped"],"default":"running","examples":["stopped"]};
const schema35 = {"title":"an autostart","description":"Whether the guest starts after a reboot of the hypervisor; healthy: when it was well at the last look, on the runner it has. Default: what the hypervisor's says. A stopped vm never starts.","enum":["always","healthy","never"],"examples":["always"]};
const schema38 = {"title":"a list of packages","description":"Attribute names of pkgs for environment.systemPackages; dots are allowed.","type":"array","items":{"title":"the attribute name of a package","type":"string","pattern":"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$","examples":["vim","python3Packages.requests"]},"default":[],"examples":[["vim","python3Packages.requests"]]};
const schema41 = {"title":"NixOS options","description":"Any NixOS option that is plain data. Keys split at dots; quote a part that contains one as in Nix: services.nginx.virtualHosts.\"example.org\". The same option twice is an error, and so is one that a field sets.","type":"object","additionalProperties":true,"default":{},"examples":[{"services.nginx.enable":true}]};
const schema42 = {"title":"a list of modules","description":"Hand-written Nix files or folders of this repository, imported as they are. Their argument inputs has what is under inputs, but not self, for a guest that knows the commit restarts at each one: name files of this repository by relative paths.","type":"array","items":{"title":"a path in the repository","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["./modules/postgres.nix"]},"default":[],"examples":[["./modules/postgres.nix"]]};
const schema49 = {"title":"a list of ports","description":"Ports of the uplink that lead to ports of the guest: the interface that its default route goes through. The guest's own firewall has to let them in: networking.firewall.allowedTCPPorts in config.","type":"array","items":{"title":"a published port","type":"string","pattern":"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$","examples":["8443:443/tcp"]},"default":[],"examples":[["8443:443/tcp"]]};
const pattern19 = new RegExp("^[1-9][0-9]{0,6}(MiB|GiB|TiB)$", "u");
const pattern20 = new RegExp("^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", "u");
const pattern21 = new RegExp("^[0-9]{2}\\.[0-9]{2}$", "u");
const pattern23 = new RegExp("^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$", "u");
const pattern33 = new RegExp("^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$", "u");
const schema36 = {"title":"a list of tags","description":"Names to select by: --on @tag.","type":"array","items":{"$ref":"#/definitions/tag"},"default":[],"examples":[["frontend"]]};

function validate22(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
let data0 = data[i0];
if(typeof data0 === "string"){
if(!pattern0.test(data0)){
const err0 = {instancePath:instancePath+"/" + i0,schemaPath:"#/definitions/tag/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",parentSchema:schema37,data:data0};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
else {
const err1 = {instancePath:instancePath+"/" + i0,schemaPath:"#/definitions/tag/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema37.type,parentSchema:schema37,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
}
else {
const err2 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema36.type,parentSchema:schema36,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
validate22.errors = vErrors;
return errors === 0;
}

const schema39 = {"title":"users by name","description":"User accounts by name.","type":"object","propertyNames":{"title":"a user name","description":"A lowercase letter or underscore, then also digits and hyphens; at most 31 characters.","type":"string","pattern":"^[a-z_][a-z0-9_-]{0,30}$","examples":["ops"]},"additionalProperties":{"$ref":"#/definitions/user"},"default":{},"examples":[{"ops":{"groups":["wheel"]}}]};
const schema40 = {"title":"a user","description":"A user account with public ssh keys.","type":"object","additionalProperties":false,"properties":{"groups":{"title":"a list of groups","description":"Further groups of the user, such as wheel.","type":"array","items":{"title":"a group name","type":"string","pattern":"^[a-z_][a-z0-9_-]{0,30}$","examples":["wheel"]},"default":[],"examples":[["wheel"]]},"sshKeys":{"title":"a list of public ssh keys","description":"Public keys that may log in as this user, one line of a .pub file each.","type":"array","items":{"title":"a public ssh key on one line","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["ssh-ed25519 AAAA… ops@example"]},"default":[],"examples":[["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ops@example"]]}},"examples":[{"groups":["wheel"]}]};
const pattern24 = new RegExp("^[a-z_][a-z0-9_-]{0,30}$", "u");

function validate24(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
const _errs1 = errors;
if(typeof key0 === "string"){
if(!pattern24.test(key0)){
const err0 = {instancePath,schemaPath:"#/propertyNames/pattern",keyword:"pattern",params:{pattern: "^[a-z_][a-z0-9_-]{0,30}$"},message:"must match pattern \""+"^[a-z_][a-z0-9_-]{0,30}$"+"\"",schema:"^[a-z_][a-z0-9_-]{0,30}$",parentSchema:schema39.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
else {
const err1 = {instancePath,schemaPath:"#/propertyNames/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema39.propertyNames.type,parentSchema:schema39.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
var valid0 = _errs1 === errors;
if(!valid0){
const err2 = {instancePath,schemaPath:"#/propertyNames",keyword:"propertyNames",params:{propertyName: key0},message:"property name must be valid",schema:schema39.propertyNames,parentSchema:schema39,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
for(const key1 in data){
let data0 = data[key1];
if(data0 && typeof data0 == "object" && !Array.isArray(data0)){
for(const key2 in data0){
if(!((key2 === "groups") || (key2 === "sshKeys"))){
const err3 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/definitions/user/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key2},message:"must NOT have additional properties",schema:false,parentSchema:schema40,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data0.groups !== undefined){
let data1 = data0.groups;
if(Array.isArray(data1)){
const len0 = data1.length;
for(let i0=0; i0<len0; i0++){
let data2 = data1[i0];
if(typeof data2 === "string"){
if(!pattern24.test(data2)){
const err4 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/groups/" + i0,schemaPath:"#/definitions/user/properties/groups/items/pattern",keyword:"pattern",params:{pattern: "^[a-z_][a-z0-9_-]{0,30}$"},message:"must match pattern \""+"^[a-z_][a-z0-9_-]{0,30}$"+"\"",schema:"^[a-z_][a-z0-9_-]{0,30}$",parentSchema:schema40.properties.groups.items,data:data2};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/groups/" + i0,schemaPath:"#/definitions/user/properties/groups/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema40.properties.groups.items.type,parentSchema:schema40.properties.groups.items,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
}
else {
const err6 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/groups",schemaPath:"#/definitions/user/properties/groups/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema40.properties.groups.type,parentSchema:schema40.properties.groups,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data0.sshKeys !== undefined){
let data3 = data0.sshKeys;
if(Array.isArray(data3)){
const len1 = data3.length;
for(let i1=0; i1<len1; i1++){
let data4 = data3[i1];
if(typeof data4 === "string"){
if(!pattern26.test(data4)){
const err7 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/sshKeys/" + i1,schemaPath:"#/definitions/user/properties/sshKeys/items/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema40.properties.sshKeys.items,data:data4};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/sshKeys/" + i1,schemaPath:"#/definitions/user/properties/sshKeys/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema40.properties.sshKeys.items.type,parentSchema:schema40.properties.sshKeys.items,data:data4};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
}
else {
const err9 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1")+"/sshKeys",schemaPath:"#/definitions/user/properties/sshKeys/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema40.properties.sshKeys.type,parentSchema:schema40.properties.sshKeys,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
}
else {
const err10 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/definitions/user/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema40.type,parentSchema:schema40,data:data0};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
else {
const err11 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema39.type,parentSchema:schema39,data};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
validate24.errors = vErrors;
return errors === 0;
}

const schema43 = {"title":"a list of volumes","description":"Disks that keep their data when the guest restarts.","type":"array","items":{"$ref":"#/definitions/volume"},"default":[],"examples":[[{"mount":"/var","size":"20GiB"}]]};
const schema44 = {"title":"a volume","description":"A disk image in the vm's state directory, created at the first start.","type":"object","additionalProperties":false,"required":["mount","size"],"properties":{"mount":{"title":"a plain absolute path","description":"Where the guest mounts it, by a label that is derived from this path.","type":"string","pattern":"^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/var"]},"size":{"$ref":"#/definitions/size","description":"How large the disk is. Acts when the image is created and never again. The image is sparse: it takes what the guest has written.","examples":["20GiB"]},"image":{"title":"a file name","description":"File in the state directory of the vm. Default: the mount with hyphens for slashes, such as var-lib.img.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$","examples":["var.img"]},"fs":{"title":"a file system","description":"The file system that the image is formatted with when it is created. xfs needs 300MiB, btrfs 109MiB.","enum":["ext4","xfs","btrfs","vfat"],"default":"ext4","examples":["xfs"]}},"examples":[{"mount":"/var","size":"20GiB"}]};
const pattern28 = new RegExp("^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$", "u");
const pattern30 = new RegExp("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", "u");

function validate27(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.mount === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "mount"},message:"must have required property '"+"mount"+"'",schema:schema44.required,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.size === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "size"},message:"must have required property '"+"size"+"'",schema:schema44.required,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "mount") || (key0 === "size")) || (key0 === "image")) || (key0 === "fs"))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.mount !== undefined){
let data0 = data.mount;
if(typeof data0 === "string"){
if(!pattern28.test(data0)){
const err3 = {instancePath:instancePath+"/mount",schemaPath:"#/properties/mount/pattern",keyword:"pattern",params:{pattern: "^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"},message:"must match pattern \""+"^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"+"\"",schema:"^/$|^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$",parentSchema:schema44.properties.mount,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/mount",schemaPath:"#/properties/mount/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.mount.type,parentSchema:schema44.properties.mount,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.size !== undefined){
let data1 = data.size;
if(typeof data1 === "string"){
if(!pattern19.test(data1)){
const err5 = {instancePath:instancePath+"/size",schemaPath:"#/definitions/size/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/size",schemaPath:"#/definitions/size/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.image !== undefined){
let data2 = data.image;
if(typeof data2 === "string"){
if(!pattern30.test(data2)){
const err7 = {instancePath:instancePath+"/image",schemaPath:"#/properties/image/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",parentSchema:schema44.properties.image,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/image",schemaPath:"#/properties/image/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema44.properties.image.type,parentSchema:schema44.properties.image,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.fs !== undefined){
let data3 = data.fs;
if(!((((data3 === "ext4") || (data3 === "xfs")) || (data3 === "btrfs")) || (data3 === "vfat"))){
const err9 = {instancePath:instancePath+"/fs",schemaPath:"#/properties/fs/enum",keyword:"enum",params:{allowedValues: schema44.properties.fs.enum},message:"must be equal to one of the allowed values",schema:schema44.properties.fs.enum,parentSchema:schema44.properties.fs,data:data3};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
}
else {
const err10 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema44.type,parentSchema:schema44,data};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
validate27.errors = vErrors;
return errors === 0;
}


function validate26(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
if(!(validate27(data[i0], {instancePath:instancePath+"/" + i0,parentData:data,parentDataProperty:i0,rootData}))){
vErrors = vErrors === null ? validate27.errors : vErrors.concat(validate27.errors);
errors = vErrors.length;
}
}
}
else {
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema43.type,parentSchema:schema43,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
validate26.errors = vErrors;
return errors === 0;
}

const schema46 = {"title":"a list of shares","description":"Directories of the hypervisor inside the guest, over virtiofs.","type":"array","items":{"$ref":"#/definitions/share"},"default":[],"examples":[[{"source":"/srv/media","mount":"/media","readOnly":true}]]};
const schema47 = {"title":"a share","description":"A directory of the hypervisor inside the guest.","type":"object","additionalProperties":false,"required":["source","mount"],"properties":{"source":{"$ref":"#/definitions/path","description":"The directory on the hypervisor.","examples":["/srv/media"]},"mount":{"title":"a plain absolute path","description":"Where the guest mounts it, by a tag that is derived from this path.","type":"string","pattern":"^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/media"]},"readOnly":{"type":"boolean","description":"The guest cannot write to it.","default":false,"examples":[true]}},"examples":[{"source":"/srv/media","mount":"/media","readOnly":true}]};
const schema48 = {"title":"a plain absolute path","description":"Starts with a slash; no dot or dot-dot parts, no double or trailing slashes, no spaces.","type":"string","pattern":"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$","examples":["/srv/media"]};
const pattern31 = new RegExp("^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$", "u");
const pattern32 = new RegExp("^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$", "u");

function validate31(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.source === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "source"},message:"must have required property '"+"source"+"'",schema:schema47.required,parentSchema:schema47,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.mount === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "mount"},message:"must have required property '"+"mount"+"'",schema:schema47.required,parentSchema:schema47,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!(((key0 === "source") || (key0 === "mount")) || (key0 === "readOnly"))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema47,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.source !== undefined){
let data0 = data.source;
if(typeof data0 === "string"){
if(!pattern31.test(data0)){
const err3 = {instancePath:instancePath+"/source",schemaPath:"#/definitions/path/pattern",keyword:"pattern",params:{pattern: "^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"},message:"must match pattern \""+"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"+"\"",schema:"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$",parentSchema:schema48,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/source",schemaPath:"#/definitions/path/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema48.type,parentSchema:schema48,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.mount !== undefined){
let data1 = data.mount;
if(typeof data1 === "string"){
if(!pattern32.test(data1)){
const err5 = {instancePath:instancePath+"/mount",schemaPath:"#/properties/mount/pattern",keyword:"pattern",params:{pattern: "^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"},message:"must match pattern \""+"^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"+"\"",schema:"^(?=/[A-Za-z0-9._])(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$",parentSchema:schema47.properties.mount,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/mount",schemaPath:"#/properties/mount/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema47.properties.mount.type,parentSchema:schema47.properties.mount,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.readOnly !== undefined){
let data2 = data.readOnly;
if(typeof data2 !== "boolean"){
const err7 = {instancePath:instancePath+"/readOnly",schemaPath:"#/properties/readOnly/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema47.properties.readOnly.type,parentSchema:schema47.properties.readOnly,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
else {
const err8 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema47.type,parentSchema:schema47,data};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
validate31.errors = vErrors;
return errors === 0;
}


function validate30(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
if(!(validate31(data[i0], {instancePath:instancePath+"/" + i0,parentData:data,parentDataProperty:i0,rootData}))){
vErrors = vErrors === null ? validate31.errors : vErrors.concat(validate31.errors);
errors = vErrors.length;
}
}
}
else {
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema46.type,parentSchema:schema46,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
validate30.errors = vErrors;
return errors === 0;
}

const schema50 = {"title":"files by credential name","description":"Files on the hypervisor that the guest is given as systemd credentials (qemu only; QEMU opens them as user microvm). Names have at most 28 characters. fleet never reads the files.","type":"object","propertyNames":{"title":"a plain name","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$","examples":["db-password"]},"additionalProperties":{"$ref":"#/definitions/path"},"default":{},"examples":[{"db-password":"/run/keys/db-password"}]};

function validate34(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
const _errs1 = errors;
if(typeof key0 === "string"){
if(!pattern0.test(key0)){
const err0 = {instancePath,schemaPath:"#/propertyNames/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",parentSchema:schema50.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
else {
const err1 = {instancePath,schemaPath:"#/propertyNames/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema50.propertyNames.type,parentSchema:schema50.propertyNames,data:key0,propertyName:key0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
var valid0 = _errs1 === errors;
if(!valid0){
const err2 = {instancePath,schemaPath:"#/propertyNames",keyword:"propertyNames",params:{propertyName: key0},message:"property name must be valid",schema:schema50.propertyNames,parentSchema:schema50,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
for(const key1 in data){
let data0 = data[key1];
if(typeof data0 === "string"){
if(!pattern31.test(data0)){
const err3 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/definitions/path/pattern",keyword:"pattern",params:{pattern: "^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"},message:"must match pattern \""+"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"+"\"",schema:"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$",parentSchema:schema48,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
else {
const err4 = {instancePath:instancePath+"/" + key1.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/definitions/path/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema48.type,parentSchema:schema48,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
}
else {
const err5 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema50.type,parentSchema:schema50,data};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
validate34.errors = vErrors;
return errors === 0;
}

const schema52 = {"title":"a list of checks","description":"What is looked at after a change, beside what is always looked at. The guest's own firewall has to let in what tcp and http ask for: networking.firewall.allowedTCPPorts in config.","type":"array","items":{"$ref":"#/definitions/check"},"default":[],"examples":[[{"tcp":5432}]]};
const schema53 = {"title":"a check","description":"One of tcp, http and run, and how long it may take.","type":"object","additionalProperties":false,"properties":{"tcp":{"$ref":"#/definitions/port","description":"A TCP port of the guest that must accept connections. Default: no such check.","examples":[5432]},"http":{"$ref":"#/definitions/httpCheck","description":"A request that the guest must answer. Default: no such check.","examples":[{"port":80,"path":"/healthz"}]},"run":{"$ref":"#/definitions/text","description":"A command for the shell of user fleet-check inside the guest, over ssh from the hypervisor; it must succeed, each time within 10 s. Default: no such check.","examples":["systemctl is-active postgresql"]},"within":{"$ref":"#/definitions/duration","description":"How long the check may take to succeed. Default: the rollout's deadline.","examples":["60s"]}},"oneOf":[{"required":["tcp"]},{"required":["http"]},{"required":["run"]}],"examples":[{"tcp":5432}]};
const schema54 = {"title":"a port","description":"A TCP or UDP port.","type":"integer","minimum":1,"maximum":65535,"examples":[443]};
const schema57 = {"title":"text on one line","description":"Text without line breaks or control characters, not empty.","type":"string","pattern":"^[^\\u0000-\\u001f\\u007f]+$","examples":["text"]};
const schema55 = {"title":"an http check","description":"A request to the guest and the status it must answer with.","type":"object","additionalProperties":false,"required":["port"],"properties":{"port":{"$ref":"#/definitions/port","description":"The port of the guest that is asked.","examples":[80]},"path":{"title":"the path of a url","description":"The path that is asked for.","type":"string","pattern":"^/[\\u0021-\\u007e]*$","default":"/","examples":["/healthz"]},"status":{"type":"integer","minimum":100,"maximum":599,"description":"The status that must be answered with.","default":200,"examples":[200]}},"examples":[{"port":80,"path":"/healthz","status":200}]};
const pattern36 = new RegExp("^/[\\u0021-\\u007e]*$", "u");

function validate38(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.port === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "port"},message:"must have required property '"+"port"+"'",schema:schema55.required,parentSchema:schema55,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(((key0 === "port") || (key0 === "path")) || (key0 === "status"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema55,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.port !== undefined){
let data0 = data.port;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err2 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema54.type,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 65535 || isNaN(data0)){
const err3 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535",schema:65535,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(data0 < 1 || isNaN(data0)){
const err4 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
}
if(data.path !== undefined){
let data1 = data.path;
if(typeof data1 === "string"){
if(!pattern36.test(data1)){
const err5 = {instancePath:instancePath+"/path",schemaPath:"#/properties/path/pattern",keyword:"pattern",params:{pattern: "^/[\\u0021-\\u007e]*$"},message:"must match pattern \""+"^/[\\u0021-\\u007e]*$"+"\"",schema:"^/[\\u0021-\\u007e]*$",parentSchema:schema55.properties.path,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/path",schemaPath:"#/properties/path/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema55.properties.path.type,parentSchema:schema55.properties.path,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.status !== undefined){
let data2 = data.status;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err7 = {instancePath:instancePath+"/status",schemaPath:"#/properties/status/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema55.properties.status.type,parentSchema:schema55.properties.status,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 599 || isNaN(data2)){
const err8 = {instancePath:instancePath+"/status",schemaPath:"#/properties/status/maximum",keyword:"maximum",params:{comparison: "<=", limit: 599},message:"must be <= 599",schema:599,parentSchema:schema55.properties.status,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if(data2 < 100 || isNaN(data2)){
const err9 = {instancePath:instancePath+"/status",schemaPath:"#/properties/status/minimum",keyword:"minimum",params:{comparison: ">=", limit: 100},message:"must be >= 100",schema:100,parentSchema:schema55.properties.status,data:data2};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
}
}
else {
const err10 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema55.type,parentSchema:schema55,data};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
validate38.errors = vErrors;
return errors === 0;
}


function validate37(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
const _errs1 = errors;
let valid0 = false;
let passing0 = null;
const _errs2 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.tcp === undefined){
const err0 = {instancePath,schemaPath:"#/oneOf/0/required",keyword:"required",params:{missingProperty: "tcp"},message:"must have required property '"+"tcp"+"'",schema:schema53.oneOf[0].required,parentSchema:schema53.oneOf[0],data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
var _valid0 = _errs2 === errors;
if(_valid0){
valid0 = true;
passing0 = 0;
}
const _errs3 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.http === undefined){
const err1 = {instancePath,schemaPath:"#/oneOf/1/required",keyword:"required",params:{missingProperty: "http"},message:"must have required property '"+"http"+"'",schema:schema53.oneOf[1].required,parentSchema:schema53.oneOf[1],data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
var _valid0 = _errs3 === errors;
if(_valid0 && valid0){
valid0 = false;
passing0 = [passing0, 1];
}
else {
if(_valid0){
valid0 = true;
passing0 = 1;
}
const _errs4 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.run === undefined){
const err2 = {instancePath,schemaPath:"#/oneOf/2/required",keyword:"required",params:{missingProperty: "run"},message:"must have required property '"+"run"+"'",schema:schema53.oneOf[2].required,parentSchema:schema53.oneOf[2],data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
var _valid0 = _errs4 === errors;
if(_valid0 && valid0){
valid0 = false;
passing0 = [passing0, 2];
}
else {
if(_valid0){
valid0 = true;
passing0 = 2;
}
}
}
if(!valid0){
const err3 = {instancePath,schemaPath:"#/oneOf",keyword:"oneOf",params:{passingSchemas: passing0},message:"must match exactly one schema in oneOf",schema:schema53.oneOf,parentSchema:schema53,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
else {
errors = _errs1;
if(vErrors !== null){
if(_errs1){
vErrors.length = _errs1;
}
else {
vErrors = null;
}
}
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((((key0 === "tcp") || (key0 === "http")) || (key0 === "run")) || (key0 === "within"))){
const err4 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema53,data};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.tcp !== undefined){
let data0 = data.tcp;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err5 = {instancePath:instancePath+"/tcp",schemaPath:"#/definitions/port/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema54.type,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 65535 || isNaN(data0)){
const err6 = {instancePath:instancePath+"/tcp",schemaPath:"#/definitions/port/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535",schema:65535,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if(data0 < 1 || isNaN(data0)){
const err7 = {instancePath:instancePath+"/tcp",schemaPath:"#/definitions/port/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema54,data:data0};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
if(data.http !== undefined){
if(!(validate38(data.http, {instancePath:instancePath+"/http",parentData:data,parentDataProperty:"http",rootData}))){
vErrors = vErrors === null ? validate38.errors : vErrors.concat(validate38.errors);
errors = vErrors.length;
}
}
if(data.run !== undefined){
let data2 = data.run;
if(typeof data2 === "string"){
if(!pattern26.test(data2)){
const err8 = {instancePath:instancePath+"/run",schemaPath:"#/definitions/text/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema57,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/run",schemaPath:"#/definitions/text/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema57.type,parentSchema:schema57,data:data2};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.within !== undefined){
let data3 = data.within;
if(typeof data3 === "string"){
if(!pattern9.test(data3)){
const err10 = {instancePath:instancePath+"/within",schemaPath:"#/definitions/duration/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$"},message:"must match pattern \""+"^[1-9][0-9]{0,5}(ms|s|m|h)$"+"\"",schema:"^[1-9][0-9]{0,5}(ms|s|m|h)$",parentSchema:schema16,data:data3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/within",schemaPath:"#/definitions/duration/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema16.type,parentSchema:schema16,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema53.type,parentSchema:schema53,data};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
validate37.errors = vErrors;
return errors === 0;
}


function validate36(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
if(!(validate37(data[i0], {instancePath:instancePath+"/" + i0,parentData:data,parentDataProperty:i0,rootData}))){
vErrors = vErrors === null ? validate37.errors : vErrors.concat(validate37.errors);
errors = vErrors.length;
}
}
}
else {
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema52.type,parentSchema:schema52,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
validate36.errors = vErrors;
return errors === 0;
}

const schema59 = {"title":"a list of vms","description":"Vms of the same hypervisor that this one is restarted and verified after.","type":"array","items":{"$ref":"#/definitions/name"},"default":[],"examples":[["db1"]]};

function validate42(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(Array.isArray(data)){
const len0 = data.length;
for(let i0=0; i0<len0; i0++){
let data0 = data[i0];
if(typeof data0 === "string"){
if(!pattern39.test(data0)){
const err0 = {instancePath:instancePath+"/" + i0,schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:data0};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
else {
const err1 = {instancePath:instancePath+"/" + i0,schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
}
else {
const err2 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema59.type,parentSchema:schema59,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
validate42.errors = vErrors;
return errors === 0;
}


function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!(func2.call(schema26.properties, key0))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema26,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.vcpu !== undefined){
let data0 = data.vcpu;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err1 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema27.type,parentSchema:schema27,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 1024 || isNaN(data0)){
const err2 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1024},message:"must be <= 1024",schema:1024,parentSchema:schema27,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data0 < 1 || isNaN(data0)){
const err3 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema27,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
}
if(data.memory !== undefined){
let data1 = data.memory;
if(typeof data1 === "string"){
if(!pattern19.test(data1)){
const err4 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/memory/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/memory/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.hypervisor !== undefined){
let data2 = data.hypervisor;
if(!(((((((data2 === "qemu") || (data2 === "cloud-hypervisor")) || (data2 === "firecracker")) || (data2 === "crosvm")) || (data2 === "kvmtool")) || (data2 === "stratovirt")) || (data2 === "alioth"))){
const err6 = {instancePath:instancePath+"/hypervisor",schemaPath:"#/definitions/hypervisor/enum",keyword:"enum",params:{allowedValues: schema29.enum},message:"must be equal to one of the allowed values",schema:schema29.enum,parentSchema:schema29,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.store !== undefined){
let data3 = data.store;
if(!((data3 === "shared") || (data3 === "disk"))){
const err7 = {instancePath:instancePath+"/store",schemaPath:"#/definitions/store/enum",keyword:"enum",params:{allowedValues: schema30.enum},message:"must be equal to one of the allowed values",schema:schema30.enum,parentSchema:schema30,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.timezone !== undefined){
let data4 = data.timezone;
if(typeof data4 === "string"){
if(!pattern20.test(data4)){
const err8 = {instancePath:instancePath+"/timezone",schemaPath:"#/definitions/timezone/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"},message:"must match pattern \""+"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"+"\"",schema:"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",parentSchema:schema31,data:data4};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
else {
const err9 = {instancePath:instancePath+"/timezone",schemaPath:"#/definitions/timezone/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema31.type,parentSchema:schema31,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.stateVersion !== undefined){
let data5 = data.stateVersion;
if(typeof data5 === "string"){
if(!pattern21.test(data5)){
const err10 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/definitions/stateVersion/pattern",keyword:"pattern",params:{pattern: "^[0-9]{2}\\.[0-9]{2}$"},message:"must match pattern \""+"^[0-9]{2}\\.[0-9]{2}$"+"\"",schema:"^[0-9]{2}\\.[0-9]{2}$",parentSchema:schema32,data:data5};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/definitions/stateVersion/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.balloon !== undefined){
let data6 = data.balloon;
if(typeof data6 !== "boolean"){
const err12 = {instancePath:instancePath+"/balloon",schemaPath:"#/definitions/balloon/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema33.type,parentSchema:schema33,data:data6};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data.state !== undefined){
let data7 = data.state;
if(!((data7 === "running") || (data7 === "stopped"))){
const err13 = {instancePath:instancePath+"/state",schemaPath:"#/definitions/state/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values",schema:schema34.enum,parentSchema:schema34,data:data7};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data.autostart !== undefined){
let data8 = data.autostart;
if(!(((data8 === "always") || (data8 === "healthy")) || (data8 === "never"))){
const err14 = {instancePath:instancePath+"/autostart",schemaPath:"#/definitions/autostart/enum",keyword:"enum",params:{allowedValues: schema35.enum},message:"must be equal to one of the allowed values",schema:schema35.enum,parentSchema:schema35,data:data8};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.tags !== undefined){
if(!(validate22(data.tags, {instancePath:instancePath+"/tags",parentData:data,parentDataProperty:"tags",rootData}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
}
if(data.packages !== undefined){
let data10 = data.packages;
if(Array.isArray(data10)){
const len0 = data10.length;
for(let i0=0; i0<len0; i0++){
let data11 = data10[i0];
if(typeof data11 === "string"){
if(!pattern23.test(data11)){
const err15 = {instancePath:instancePath+"/packages/" + i0,schemaPath:"#/definitions/packages/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"},message:"must match pattern \""+"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"+"\"",schema:"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$",parentSchema:schema38.items,data:data11};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/packages/" + i0,schemaPath:"#/definitions/packages/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema38.items.type,parentSchema:schema38.items,data:data11};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
else {
const err17 = {instancePath:instancePath+"/packages",schemaPath:"#/definitions/packages/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema38.type,parentSchema:schema38,data:data10};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.users !== undefined){
if(!(validate24(data.users, {instancePath:instancePath+"/users",parentData:data,parentDataProperty:"users",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.config !== undefined){
let data13 = data.config;
if(data13 && typeof data13 == "object" && !Array.isArray(data13)){
}
else {
const err18 = {instancePath:instancePath+"/config",schemaPath:"#/definitions/config/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema41.type,parentSchema:schema41,data:data13};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data.modules !== undefined){
let data14 = data.modules;
if(Array.isArray(data14)){
const len1 = data14.length;
for(let i1=0; i1<len1; i1++){
let data15 = data14[i1];
if(typeof data15 === "string"){
if(!pattern26.test(data15)){
const err19 = {instancePath:instancePath+"/modules/" + i1,schemaPath:"#/definitions/modules/items/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema42.items,data:data15};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
else {
const err20 = {instancePath:instancePath+"/modules/" + i1,schemaPath:"#/definitions/modules/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema42.items.type,parentSchema:schema42.items,data:data15};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
}
else {
const err21 = {instancePath:instancePath+"/modules",schemaPath:"#/definitions/modules/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.type,parentSchema:schema42,data:data14};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data.volumes !== undefined){
if(!(validate26(data.volumes, {instancePath:instancePath+"/volumes",parentData:data,parentDataProperty:"volumes",rootData}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.shares !== undefined){
if(!(validate30(data.shares, {instancePath:instancePath+"/shares",parentData:data,parentDataProperty:"shares",rootData}))){
vErrors = vErrors === null ? validate30.errors : vErrors.concat(validate30.errors);
errors = vErrors.length;
}
}
if(data.publish !== undefined){
let data18 = data.publish;
if(Array.isArray(data18)){
const len2 = data18.length;
for(let i2=0; i2<len2; i2++){
let data19 = data18[i2];
if(typeof data19 === "string"){
if(!pattern33.test(data19)){
const err22 = {instancePath:instancePath+"/publish/" + i2,schemaPath:"#/definitions/publish/items/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$"},message:"must match pattern \""+"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$"+"\"",schema:"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$",parentSchema:schema49.items,data:data19};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
else {
const err23 = {instancePath:instancePath+"/publish/" + i2,schemaPath:"#/definitions/publish/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema49.items.type,parentSchema:schema49.items,data:data19};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
}
else {
const err24 = {instancePath:instancePath+"/publish",schemaPath:"#/definitions/publish/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema49.type,parentSchema:schema49,data:data18};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data.credentials !== undefined){
if(!(validate34(data.credentials, {instancePath:instancePath+"/credentials",parentData:data,parentDataProperty:"credentials",rootData}))){
vErrors = vErrors === null ? validate34.errors : vErrors.concat(validate34.errors);
errors = vErrors.length;
}
}
if(data.checks !== undefined){
if(!(validate36(data.checks, {instancePath:instancePath+"/checks",parentData:data,parentDataProperty:"checks",rootData}))){
vErrors = vErrors === null ? validate36.errors : vErrors.concat(validate36.errors);
errors = vErrors.length;
}
}
if(data.dependsOn !== undefined){
if(!(validate42(data.dependsOn, {instancePath:instancePath+"/dependsOn",parentData:data,parentDataProperty:"dependsOn",rootData}))){
vErrors = vErrors === null ? validate42.errors : vErrors.concat(validate42.errors);
errors = vErrors.length;
}
}
}
else {
const err25 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema26.type,parentSchema:schema26,data};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
validate21.errors = vErrors;
return errors === 0;
}

const schema63 = {"title":"a hypervisor","description":"A NixOS machine that runs vms. fleet deploys its own configuration, too: what is in its /etc/nixos has to be under modules or config.","type":"object","additionalProperties":false,"required":["ssh","system","stateVersion"],"properties":{"ssh":{"$ref":"#/definitions/sshTarget","description":"How to reach it: user@host[:port], a Host of ~/.ssh/config, or an object.","examples":["root@203.0.113.20"]},"system":{"$ref":"#/definitions/system","description":"The platform of the hypervisor and of its vms.","examples":["x86_64-linux"]},"stateVersion":{"title":"a NixOS release in quotes","description":"system.stateVersion of the hypervisor itself: the release it was installed with.","type":"string","pattern":"^[0-9]{2}\\.[0-9]{2}$","examples":["25.11"]},"checkout":{"$ref":"#/definitions/path","description":"Where the git checkout is on the hypervisor. fleet owns it: what is changed there by hand is set aside.","default":"/var/lib/fleet/repo","examples":["/var/lib/fleet/repo"]},"uplink":{"$ref":"#/definitions/interface","description":"The interface that nat goes out of and published ports come in by. Default: none, and then no network on it can have nat and no vm on it publish.","examples":["enP2p4s0"]},"tags":{"$ref":"#/definitions/tags"},"capacity":{"$ref":"#/definitions/capacity"},"autostart":{"title":"an autostart","description":"Which vms start after a reboot: all, those that were well at the last look, or none. A vm's own autostart wins.","enum":["all","healthy","none"],"default":"all","examples":["all"]},"tailscale":{"title":"tailscale settings","description":"Tailscale on the hypervisor; who logs it in is a person, once.","type":"object","additionalProperties":false,"properties":{"enable":{"type":"boolean","description":"Whether tailscale runs.","default":false,"examples":[true]},"advertiseRoutes":{"type":"boolean","description":"Whether the tailnet reaches the subnets of its networks. Guests open no connection into it, whatever their egress.","default":false,"examples":[true]}},"default":{},"examples":[{"enable":true,"advertiseRoutes":true}]},"dns":{"title":"dns settings","description":"Names: every guest asks its gateway.","type":"object","additionalProperties":false,"properties":{"forwardTo":{"title":"a list of name servers","description":"The forwarder on every gateway address, whom guests ask, asks these. None ([]): fleet runs no forwarder, and what answers on the gateways, if anything, is yours.","type":"array","items":{"title":"an IP address","type":"string","pattern":"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$","examples":["1.1.1.1"]},"default":["1.1.1.1","9.9.9.9"],"examples":[["1.1.1.1"]]}},"default":{},"examples":[{"forwardTo":["1.1.1.1"]}]},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"}},"examples":[{"ssh":"root@203.0.113.20","system":"x86_64-linux","stateVersion":"25.11"}]};
const schema66 = {"title":"a system","description":"The platform of the hypervisor and of its vms.","enum":["aarch64-linux","x86_64-linux"],"examples":["x86_64-linux"]};
const schema68 = {"title":"an interface name of at most 15 characters","description":"Letters, digits, dots, underscores and hyphens.","type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$","examples":["br-backend","enP2p4s0"]};
const schema64 = {"title":"an ssh destination","description":"user@host[:port] (an IPv6 address in brackets), a Host of ~/.ssh/config, or an object.","type":["string","object"],"pattern":"^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$","additionalProperties":false,"required":["host"],"properties":{"host":{"title":"a host","description":"A host name, an address or a Host of ~/.ssh/config.","type":"string","pattern":"^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$","examples":["203.0.113.20"]},"user":{"title":"a user name","description":"Who to log in as. Default: what ~/.ssh/config says.","type":"string","pattern":"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$","examples":["root"]},"port":{"$ref":"#/definitions/port","description":"The port of sshd. Default: what ~/.ssh/config says, else 22.","examples":[22]},"jump":{"title":"a jump host","description":"A host to go through, as user@host[:port]. Default: what ~/.ssh/config says.","type":"string","pattern":"^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$","examples":["ops@bastion.example.net"]},"identityFile":{"title":"a file","description":"The private key to log in with. Default: what ~/.ssh/config says.","type":"string","pattern":"^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$","examples":["~/.ssh/id_ed25519"]},"sudo":{"type":"boolean","description":"Commands run through sudo -n. Default: when the user is not root.","examples":[true]}},"examples":["root@203.0.113.20",{"host":"203.0.113.20","user":"root"}]};
const pattern42 = new RegExp("^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$", "u");
const pattern43 = new RegExp("^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$", "u");
const pattern44 = new RegExp("^[A-Za-z0-9_.][A-Za-z0-9_.-]*$", "u");
const pattern45 = new RegExp("^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$", "u");
const pattern46 = new RegExp("^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$", "u");

function validate47(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if((typeof data !== "string") && (!(data && typeof data == "object" && !Array.isArray(data)))){
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: schema64.type},message:"must be string,object",schema:schema64.type,parentSchema:schema64,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(typeof data === "string"){
if(!pattern42.test(data)){
const err1 = {instancePath,schemaPath:"#/pattern",keyword:"pattern",params:{pattern: "^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$"},message:"must match pattern \""+"^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$"+"\"",schema:"^[^\\s\\u0000-\\u001f\\u007f-][^\\s\\u0000-\\u001f\\u007f]*$",parentSchema:schema64,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.host === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "host"},message:"must have required property '"+"host"+"'",schema:schema64.required,parentSchema:schema64,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key0 in data){
if(!((((((key0 === "host") || (key0 === "user")) || (key0 === "port")) || (key0 === "jump")) || (key0 === "identityFile")) || (key0 === "sudo"))){
const err3 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema64,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.host !== undefined){
let data0 = data.host;
if(typeof data0 === "string"){
if(!pattern43.test(data0)){
const err4 = {instancePath:instancePath+"/host",schemaPath:"#/properties/host/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$"},message:"must match pattern \""+"^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$"+"\"",schema:"^[A-Za-z0-9_.:*][A-Za-z0-9_.:%-]*$",parentSchema:schema64.properties.host,data:data0};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/host",schemaPath:"#/properties/host/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema64.properties.host.type,parentSchema:schema64.properties.host,data:data0};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.user !== undefined){
let data1 = data.user;
if(typeof data1 === "string"){
if(!pattern44.test(data1)){
const err6 = {instancePath:instancePath+"/user",schemaPath:"#/properties/user/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.][A-Za-z0-9_.-]*$"},message:"must match pattern \""+"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$"+"\"",schema:"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$",parentSchema:schema64.properties.user,data:data1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/user",schemaPath:"#/properties/user/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema64.properties.user.type,parentSchema:schema64.properties.user,data:data1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.port !== undefined){
let data2 = data.port;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err8 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema54.type,parentSchema:schema54,data:data2};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 65535 || isNaN(data2)){
const err9 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/maximum",keyword:"maximum",params:{comparison: "<=", limit: 65535},message:"must be <= 65535",schema:65535,parentSchema:schema54,data:data2};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(data2 < 1 || isNaN(data2)){
const err10 = {instancePath:instancePath+"/port",schemaPath:"#/definitions/port/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema54,data:data2};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
if(data.jump !== undefined){
let data3 = data.jump;
if(typeof data3 === "string"){
if(!pattern45.test(data3)){
const err11 = {instancePath:instancePath+"/jump",schemaPath:"#/properties/jump/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$"},message:"must match pattern \""+"^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$"+"\"",schema:"^[A-Za-z0-9_.[][A-Za-z0-9_.:%@,[\\]-]*$",parentSchema:schema64.properties.jump,data:data3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/jump",schemaPath:"#/properties/jump/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema64.properties.jump.type,parentSchema:schema64.properties.jump,data:data3};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data.identityFile !== undefined){
let data4 = data.identityFile;
if(typeof data4 === "string"){
if(!pattern46.test(data4)){
const err13 = {instancePath:instancePath+"/identityFile",schemaPath:"#/properties/identityFile/pattern",keyword:"pattern",params:{pattern: "^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$"},message:"must match pattern \""+"^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$"+"\"",schema:"^[~/.A-Za-z0-9_][^\\u0000-\\u001f\\u007f]*$",parentSchema:schema64.properties.identityFile,data:data4};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
else {
const err14 = {instancePath:instancePath+"/identityFile",schemaPath:"#/properties/identityFile/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema64.properties.identityFile.type,parentSchema:schema64.properties.identityFile,data:data4};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.sudo !== undefined){
let data5 = data.sudo;
if(typeof data5 !== "boolean"){
const err15 = {instancePath:instancePath+"/sudo",schemaPath:"#/properties/sudo/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema64.properties.sudo.type,parentSchema:schema64.properties.sudo,data:data5};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
validate47.errors = vErrors;
return errors === 0;
}

const schema69 = {"title":"a capacity","description":"What the hypervisor has to give to its vms. All vms of the file count: running ones with vcpus, memory and the size of their volumes, stopped ones with their volumes. What is declared is checked by validate; what is not is asked of the hypervisor and checked by plan and apply.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"integer","minimum":1,"maximum":100000,"description":"CPU threads of the hypervisor. Default: those it has.","examples":[16]},"memory":{"$ref":"#/definitions/size","description":"Memory of the hypervisor. Default: all that it has.","examples":["32GiB"]},"disk":{"$ref":"#/definitions/size","description":"Disk for volumes. Default: what is free in /var/lib/microvms and what its volumes take there already.","examples":["200GiB"]},"reserve":{"title":"a reserve","description":"What is kept for the hypervisor itself: taken off before anything is given away.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"integer","minimum":0,"maximum":100000,"description":"CPU threads kept for the hypervisor.","default":0,"examples":[1]},"memory":{"$ref":"#/definitions/size","description":"Memory kept for the hypervisor. Default: none.","examples":["2GiB"]},"disk":{"$ref":"#/definitions/size","description":"Disk kept for the hypervisor. Default: none.","examples":["10GiB"]}},"default":{},"examples":[{"memory":"2GiB"}]},"overcommit":{"title":"an overcommitment","description":"How many times over the rest after the reserve may be given away.","type":"object","additionalProperties":false,"properties":{"vcpu":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often each CPU thread may be given away: guests are rarely busy all at once.","default":4,"examples":[4]},"memory":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often memory may be given away. Above 1 the kernel may have to kill guests.","default":1,"examples":[1]},"disk":{"type":"number","minimum":0.1,"maximum":1000,"description":"How often disk may be given away. Images are sparse: above 1 they may fill the disk before they are full.","default":1,"examples":[1]}},"default":{},"examples":[{"vcpu":4}]}},"default":{},"examples":[{"vcpu":16,"memory":"32GiB"}]};

function validate50(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!(((((key0 === "vcpu") || (key0 === "memory")) || (key0 === "disk")) || (key0 === "reserve")) || (key0 === "overcommit"))){
const err0 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema69,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
}
if(data.vcpu !== undefined){
let data0 = data.vcpu;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err1 = {instancePath:instancePath+"/vcpu",schemaPath:"#/properties/vcpu/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema69.properties.vcpu.type,parentSchema:schema69.properties.vcpu,data:data0};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 100000 || isNaN(data0)){
const err2 = {instancePath:instancePath+"/vcpu",schemaPath:"#/properties/vcpu/maximum",keyword:"maximum",params:{comparison: "<=", limit: 100000},message:"must be <= 100000",schema:100000,parentSchema:schema69.properties.vcpu,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data0 < 1 || isNaN(data0)){
const err3 = {instancePath:instancePath+"/vcpu",schemaPath:"#/properties/vcpu/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema69.properties.vcpu,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
}
if(data.memory !== undefined){
let data1 = data.memory;
if(typeof data1 === "string"){
if(!pattern19.test(data1)){
const err4 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/size/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/size/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.disk !== undefined){
let data2 = data.disk;
if(typeof data2 === "string"){
if(!pattern19.test(data2)){
const err6 = {instancePath:instancePath+"/disk",schemaPath:"#/definitions/size/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/disk",schemaPath:"#/definitions/size/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.reserve !== undefined){
let data3 = data.reserve;
if(data3 && typeof data3 == "object" && !Array.isArray(data3)){
for(const key1 in data3){
if(!(((key1 === "vcpu") || (key1 === "memory")) || (key1 === "disk"))){
const err8 = {instancePath:instancePath+"/reserve",schemaPath:"#/properties/reserve/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema69.properties.reserve,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data3.vcpu !== undefined){
let data4 = data3.vcpu;
if(!(((typeof data4 == "number") && (!(data4 % 1) && !isNaN(data4))) && (isFinite(data4)))){
const err9 = {instancePath:instancePath+"/reserve/vcpu",schemaPath:"#/properties/reserve/properties/vcpu/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema69.properties.reserve.properties.vcpu.type,parentSchema:schema69.properties.reserve.properties.vcpu,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if((typeof data4 == "number") && (isFinite(data4))){
if(data4 > 100000 || isNaN(data4)){
const err10 = {instancePath:instancePath+"/reserve/vcpu",schemaPath:"#/properties/reserve/properties/vcpu/maximum",keyword:"maximum",params:{comparison: "<=", limit: 100000},message:"must be <= 100000",schema:100000,parentSchema:schema69.properties.reserve.properties.vcpu,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data4 < 0 || isNaN(data4)){
const err11 = {instancePath:instancePath+"/reserve/vcpu",schemaPath:"#/properties/reserve/properties/vcpu/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0},message:"must be >= 0",schema:0,parentSchema:schema69.properties.reserve.properties.vcpu,data:data4};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
if(data3.memory !== undefined){
let data5 = data3.memory;
if(typeof data5 === "string"){
if(!pattern19.test(data5)){
const err12 = {instancePath:instancePath+"/reserve/memory",schemaPath:"#/definitions/size/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/reserve/memory",schemaPath:"#/definitions/size/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data5};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data3.disk !== undefined){
let data6 = data3.disk;
if(typeof data6 === "string"){
if(!pattern19.test(data6)){
const err14 = {instancePath:instancePath+"/reserve/disk",schemaPath:"#/definitions/size/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data6};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/reserve/disk",schemaPath:"#/definitions/size/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
}
else {
const err16 = {instancePath:instancePath+"/reserve",schemaPath:"#/properties/reserve/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema69.properties.reserve.type,parentSchema:schema69.properties.reserve,data:data3};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data.overcommit !== undefined){
let data7 = data.overcommit;
if(data7 && typeof data7 == "object" && !Array.isArray(data7)){
for(const key2 in data7){
if(!(((key2 === "vcpu") || (key2 === "memory")) || (key2 === "disk"))){
const err17 = {instancePath:instancePath+"/overcommit",schemaPath:"#/properties/overcommit/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key2},message:"must NOT have additional properties",schema:false,parentSchema:schema69.properties.overcommit,data:data7};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data7.vcpu !== undefined){
let data8 = data7.vcpu;
if((typeof data8 == "number") && (isFinite(data8))){
if(data8 > 1000 || isNaN(data8)){
const err18 = {instancePath:instancePath+"/overcommit/vcpu",schemaPath:"#/properties/overcommit/properties/vcpu/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema69.properties.overcommit.properties.vcpu,data:data8};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
if(data8 < 0.1 || isNaN(data8)){
const err19 = {instancePath:instancePath+"/overcommit/vcpu",schemaPath:"#/properties/overcommit/properties/vcpu/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema69.properties.overcommit.properties.vcpu,data:data8};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
else {
const err20 = {instancePath:instancePath+"/overcommit/vcpu",schemaPath:"#/properties/overcommit/properties/vcpu/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema69.properties.overcommit.properties.vcpu.type,parentSchema:schema69.properties.overcommit.properties.vcpu,data:data8};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
if(data7.memory !== undefined){
let data9 = data7.memory;
if((typeof data9 == "number") && (isFinite(data9))){
if(data9 > 1000 || isNaN(data9)){
const err21 = {instancePath:instancePath+"/overcommit/memory",schemaPath:"#/properties/overcommit/properties/memory/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema69.properties.overcommit.properties.memory,data:data9};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
if(data9 < 0.1 || isNaN(data9)){
const err22 = {instancePath:instancePath+"/overcommit/memory",schemaPath:"#/properties/overcommit/properties/memory/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema69.properties.overcommit.properties.memory,data:data9};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
else {
const err23 = {instancePath:instancePath+"/overcommit/memory",schemaPath:"#/properties/overcommit/properties/memory/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema69.properties.overcommit.properties.memory.type,parentSchema:schema69.properties.overcommit.properties.memory,data:data9};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
if(data7.disk !== undefined){
let data10 = data7.disk;
if((typeof data10 == "number") && (isFinite(data10))){
if(data10 > 1000 || isNaN(data10)){
const err24 = {instancePath:instancePath+"/overcommit/disk",schemaPath:"#/properties/overcommit/properties/disk/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1000},message:"must be <= 1000",schema:1000,parentSchema:schema69.properties.overcommit.properties.disk,data:data10};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
if(data10 < 0.1 || isNaN(data10)){
const err25 = {instancePath:instancePath+"/overcommit/disk",schemaPath:"#/properties/overcommit/properties/disk/minimum",keyword:"minimum",params:{comparison: ">=", limit: 0.1},message:"must be >= 0.1",schema:0.1,parentSchema:schema69.properties.overcommit.properties.disk,data:data10};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
else {
const err26 = {instancePath:instancePath+"/overcommit/disk",schemaPath:"#/properties/overcommit/properties/disk/type",keyword:"type",params:{type: "number"},message:"must be number",schema:schema69.properties.overcommit.properties.disk.type,parentSchema:schema69.properties.overcommit.properties.disk,data:data10};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
}
else {
const err27 = {instancePath:instancePath+"/overcommit",schemaPath:"#/properties/overcommit/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema69.properties.overcommit.type,parentSchema:schema69.properties.overcommit,data:data7};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
}
else {
const err28 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema69.type,parentSchema:schema69,data};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
validate50.errors = vErrors;
return errors === 0;
}

const pattern49 = new RegExp("^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$", "u");
const pattern54 = new RegExp("^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$", "u");

function validate46(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.ssh === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "ssh"},message:"must have required property '"+"ssh"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.system === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "system"},message:"must have required property '"+"system"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.stateVersion === undefined){
const err2 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "stateVersion"},message:"must have required property '"+"stateVersion"+"'",schema:schema63.required,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key0 in data){
if(!(func2.call(schema63.properties, key0))){
const err3 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.ssh !== undefined){
if(!(validate47(data.ssh, {instancePath:instancePath+"/ssh",parentData:data,parentDataProperty:"ssh",rootData}))){
vErrors = vErrors === null ? validate47.errors : vErrors.concat(validate47.errors);
errors = vErrors.length;
}
}
if(data.system !== undefined){
let data1 = data.system;
if(!((data1 === "aarch64-linux") || (data1 === "x86_64-linux"))){
const err4 = {instancePath:instancePath+"/system",schemaPath:"#/definitions/system/enum",keyword:"enum",params:{allowedValues: schema66.enum},message:"must be equal to one of the allowed values",schema:schema66.enum,parentSchema:schema66,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.stateVersion !== undefined){
let data2 = data.stateVersion;
if(typeof data2 === "string"){
if(!pattern21.test(data2)){
const err5 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/properties/stateVersion/pattern",keyword:"pattern",params:{pattern: "^[0-9]{2}\\.[0-9]{2}$"},message:"must match pattern \""+"^[0-9]{2}\\.[0-9]{2}$"+"\"",schema:"^[0-9]{2}\\.[0-9]{2}$",parentSchema:schema63.properties.stateVersion,data:data2};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
else {
const err6 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/properties/stateVersion/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema63.properties.stateVersion.type,parentSchema:schema63.properties.stateVersion,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
if(data.checkout !== undefined){
let data3 = data.checkout;
if(typeof data3 === "string"){
if(!pattern31.test(data3)){
const err7 = {instancePath:instancePath+"/checkout",schemaPath:"#/definitions/path/pattern",keyword:"pattern",params:{pattern: "^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"},message:"must match pattern \""+"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$"+"\"",schema:"^(/(?!\\.\\.?(/|$))[A-Za-z0-9._@+:-]+)+$",parentSchema:schema48,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
else {
const err8 = {instancePath:instancePath+"/checkout",schemaPath:"#/definitions/path/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema48.type,parentSchema:schema48,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.uplink !== undefined){
let data4 = data.uplink;
if(typeof data4 === "string"){
if(!pattern49.test(data4)){
const err9 = {instancePath:instancePath+"/uplink",schemaPath:"#/definitions/interface/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$",parentSchema:schema68,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/uplink",schemaPath:"#/definitions/interface/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema68.type,parentSchema:schema68,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data.tags !== undefined){
if(!(validate22(data.tags, {instancePath:instancePath+"/tags",parentData:data,parentDataProperty:"tags",rootData}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
}
if(data.capacity !== undefined){
if(!(validate50(data.capacity, {instancePath:instancePath+"/capacity",parentData:data,parentDataProperty:"capacity",rootData}))){
vErrors = vErrors === null ? validate50.errors : vErrors.concat(validate50.errors);
errors = vErrors.length;
}
}
if(data.autostart !== undefined){
let data7 = data.autostart;
if(!(((data7 === "all") || (data7 === "healthy")) || (data7 === "none"))){
const err11 = {instancePath:instancePath+"/autostart",schemaPath:"#/properties/autostart/enum",keyword:"enum",params:{allowedValues: schema63.properties.autostart.enum},message:"must be equal to one of the allowed values",schema:schema63.properties.autostart.enum,parentSchema:schema63.properties.autostart,data:data7};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
if(data.tailscale !== undefined){
let data8 = data.tailscale;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key1 in data8){
if(!((key1 === "enable") || (key1 === "advertiseRoutes"))){
const err12 = {instancePath:instancePath+"/tailscale",schemaPath:"#/properties/tailscale/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema63.properties.tailscale,data:data8};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data8.enable !== undefined){
let data9 = data8.enable;
if(typeof data9 !== "boolean"){
const err13 = {instancePath:instancePath+"/tailscale/enable",schemaPath:"#/properties/tailscale/properties/enable/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema63.properties.tailscale.properties.enable.type,parentSchema:schema63.properties.tailscale.properties.enable,data:data9};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data8.advertiseRoutes !== undefined){
let data10 = data8.advertiseRoutes;
if(typeof data10 !== "boolean"){
const err14 = {instancePath:instancePath+"/tailscale/advertiseRoutes",schemaPath:"#/properties/tailscale/properties/advertiseRoutes/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema63.properties.tailscale.properties.advertiseRoutes.type,parentSchema:schema63.properties.tailscale.properties.advertiseRoutes,data:data10};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
}
else {
const err15 = {instancePath:instancePath+"/tailscale",schemaPath:"#/properties/tailscale/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema63.properties.tailscale.type,parentSchema:schema63.properties.tailscale,data:data8};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
if(data.dns !== undefined){
let data11 = data.dns;
if(data11 && typeof data11 == "object" && !Array.isArray(data11)){
for(const key2 in data11){
if(!(key2 === "forwardTo")){
const err16 = {instancePath:instancePath+"/dns",schemaPath:"#/properties/dns/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key2},message:"must NOT have additional properties",schema:false,parentSchema:schema63.properties.dns,data:data11};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data11.forwardTo !== undefined){
let data12 = data11.forwardTo;
if(Array.isArray(data12)){
const len0 = data12.length;
for(let i0=0; i0<len0; i0++){
let data13 = data12[i0];
if(typeof data13 === "string"){
if(!pattern54.test(data13)){
const err17 = {instancePath:instancePath+"/dns/forwardTo/" + i0,schemaPath:"#/properties/dns/properties/forwardTo/items/pattern",keyword:"pattern",params:{pattern: "^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$"},message:"must match pattern \""+"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$"+"\"",schema:"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|(?=.{2,45}$)[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$",parentSchema:schema63.properties.dns.properties.forwardTo.items,data:data13};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
else {
const err18 = {instancePath:instancePath+"/dns/forwardTo/" + i0,schemaPath:"#/properties/dns/properties/forwardTo/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema63.properties.dns.properties.forwardTo.items.type,parentSchema:schema63.properties.dns.properties.forwardTo.items,data:data13};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
}
else {
const err19 = {instancePath:instancePath+"/dns/forwardTo",schemaPath:"#/properties/dns/properties/forwardTo/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema63.properties.dns.properties.forwardTo.type,parentSchema:schema63.properties.dns.properties.forwardTo,data:data12};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
}
else {
const err20 = {instancePath:instancePath+"/dns",schemaPath:"#/properties/dns/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema63.properties.dns.type,parentSchema:schema63.properties.dns,data:data11};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
if(data.packages !== undefined){
let data14 = data.packages;
if(Array.isArray(data14)){
const len1 = data14.length;
for(let i1=0; i1<len1; i1++){
let data15 = data14[i1];
if(typeof data15 === "string"){
if(!pattern23.test(data15)){
const err21 = {instancePath:instancePath+"/packages/" + i1,schemaPath:"#/definitions/packages/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"},message:"must match pattern \""+"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"+"\"",schema:"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$",parentSchema:schema38.items,data:data15};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
else {
const err22 = {instancePath:instancePath+"/packages/" + i1,schemaPath:"#/definitions/packages/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema38.items.type,parentSchema:schema38.items,data:data15};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
}
else {
const err23 = {instancePath:instancePath+"/packages",schemaPath:"#/definitions/packages/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema38.type,parentSchema:schema38,data:data14};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
if(data.users !== undefined){
if(!(validate24(data.users, {instancePath:instancePath+"/users",parentData:data,parentDataProperty:"users",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.config !== undefined){
let data17 = data.config;
if(data17 && typeof data17 == "object" && !Array.isArray(data17)){
}
else {
const err24 = {instancePath:instancePath+"/config",schemaPath:"#/definitions/config/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema41.type,parentSchema:schema41,data:data17};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
if(data.modules !== undefined){
let data18 = data.modules;
if(Array.isArray(data18)){
const len2 = data18.length;
for(let i2=0; i2<len2; i2++){
let data19 = data18[i2];
if(typeof data19 === "string"){
if(!pattern26.test(data19)){
const err25 = {instancePath:instancePath+"/modules/" + i2,schemaPath:"#/definitions/modules/items/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema42.items,data:data19};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
else {
const err26 = {instancePath:instancePath+"/modules/" + i2,schemaPath:"#/definitions/modules/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema42.items.type,parentSchema:schema42.items,data:data19};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
}
else {
const err27 = {instancePath:instancePath+"/modules",schemaPath:"#/definitions/modules/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.type,parentSchema:schema42,data:data18};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
}
else {
const err28 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema63.type,parentSchema:schema63,data};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
validate46.errors = vErrors;
return errors === 0;
}

const schema78 = {"title":"a network","description":"A bridge on the hypervisor of its vms; the hypervisor holds the first address of the subnet.","type":"object","additionalProperties":false,"required":["subnet"],"properties":{"subnet":{"title":"an IPv4 subnet","description":"The addresses of this network, from /8 to /30. The first is the gateway and belongs to the hypervisor; the next is that of a vm that is alone here.","type":"string","pattern":"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$","examples":["10.1.0.0/24"]},"subnet6":{"title":"an IPv6 subnet","description":"IPv6 addresses of this network; a vm has the same number in it as in subnet. With nat, a unique local one (fd00::/8) goes out by the uplink's address, another one as it is. Default: none.","type":"string","pattern":"^[0-9A-Fa-f:]+/[0-9]{1,3}$","examples":["fd00:9::/64"]},"bridge":{"$ref":"#/definitions/interface","description":"The bridge on the hypervisor. Default: br- and the name of the network.","examples":["br-backend"]},"nat":{"type":"boolean","description":"Guests reach the outside through the uplink of the hypervisor.","default":true,"examples":[false]},"isolated":{"type":"boolean","description":"No traffic to or from other networks or from outside, and of the hypervisor itself guests reach ping and DNS alone. false: open to all networks that are not isolated.","default":true,"examples":[false]},"allow":{"title":"a list of networks","description":"Networks of the same hypervisor that may reach this one all the same; it does not reach them.","type":"array","items":{"$ref":"#/definitions/name"},"default":[],"examples":[["vm1"]]},"egress":{"title":"all, web, none, or a list such as [tcp/443, udp/123]","description":"What guests may reach outside of the hypervisor's networks: all, web (tcp 80 and 443), none, or a list. The tailnet is never among it. Names are asked of the gateway whatever is listed, but with none there are none.","type":["string","array"],"pattern":"^(all|web|none)$","items":{"title":"a protocol and port","type":"string","pattern":"^(tcp|udp)/[1-9][0-9]{0,4}$","examples":["tcp/443"]},"default":"all","examples":["all","web",["tcp/443","udp/123"]]},"metadata":{"type":"boolean","description":"Guests can reach the metadata service of a cloud, such as 169.254.169.254, whatever egress says.","default":false,"examples":[true]}},"examples":[{"subnet":"10.1.0.0/24"}]};
const pattern58 = new RegExp("^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$", "u");
const pattern59 = new RegExp("^[0-9A-Fa-f:]+/[0-9]{1,3}$", "u");
const pattern62 = new RegExp("^(all|web|none)$", "u");
const pattern63 = new RegExp("^(tcp|udp)/[1-9][0-9]{0,4}$", "u");

function validate54(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.subnet === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "subnet"},message:"must have required property '"+"subnet"+"'",schema:schema78.required,parentSchema:schema78,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((((((key0 === "subnet") || (key0 === "subnet6")) || (key0 === "bridge")) || (key0 === "nat")) || (key0 === "isolated")) || (key0 === "allow")) || (key0 === "egress")) || (key0 === "metadata"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema78,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.subnet !== undefined){
let data0 = data.subnet;
if(typeof data0 === "string"){
if(!pattern58.test(data0)){
const err2 = {instancePath:instancePath+"/subnet",schemaPath:"#/properties/subnet/pattern",keyword:"pattern",params:{pattern: "^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$"},message:"must match pattern \""+"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$"+"\"",schema:"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$",parentSchema:schema78.properties.subnet,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
else {
const err3 = {instancePath:instancePath+"/subnet",schemaPath:"#/properties/subnet/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema78.properties.subnet.type,parentSchema:schema78.properties.subnet,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.subnet6 !== undefined){
let data1 = data.subnet6;
if(typeof data1 === "string"){
if(!pattern59.test(data1)){
const err4 = {instancePath:instancePath+"/subnet6",schemaPath:"#/properties/subnet6/pattern",keyword:"pattern",params:{pattern: "^[0-9A-Fa-f:]+/[0-9]{1,3}$"},message:"must match pattern \""+"^[0-9A-Fa-f:]+/[0-9]{1,3}$"+"\"",schema:"^[0-9A-Fa-f:]+/[0-9]{1,3}$",parentSchema:schema78.properties.subnet6,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/subnet6",schemaPath:"#/properties/subnet6/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema78.properties.subnet6.type,parentSchema:schema78.properties.subnet6,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.bridge !== undefined){
let data2 = data.bridge;
if(typeof data2 === "string"){
if(!pattern49.test(data2)){
const err6 = {instancePath:instancePath+"/bridge",schemaPath:"#/definitions/interface/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$",parentSchema:schema68,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/bridge",schemaPath:"#/definitions/interface/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema68.type,parentSchema:schema68,data:data2};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.nat !== undefined){
let data3 = data.nat;
if(typeof data3 !== "boolean"){
const err8 = {instancePath:instancePath+"/nat",schemaPath:"#/properties/nat/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema78.properties.nat.type,parentSchema:schema78.properties.nat,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.isolated !== undefined){
let data4 = data.isolated;
if(typeof data4 !== "boolean"){
const err9 = {instancePath:instancePath+"/isolated",schemaPath:"#/properties/isolated/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema78.properties.isolated.type,parentSchema:schema78.properties.isolated,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.allow !== undefined){
let data5 = data.allow;
if(Array.isArray(data5)){
const len0 = data5.length;
for(let i0=0; i0<len0; i0++){
let data6 = data5[i0];
if(typeof data6 === "string"){
if(!pattern39.test(data6)){
const err10 = {instancePath:instancePath+"/allow/" + i0,schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:data6};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/allow/" + i0,schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:data6};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
else {
const err12 = {instancePath:instancePath+"/allow",schemaPath:"#/properties/allow/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema78.properties.allow.type,parentSchema:schema78.properties.allow,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
if(data.egress !== undefined){
let data7 = data.egress;
if((typeof data7 !== "string") && (!(Array.isArray(data7)))){
const err13 = {instancePath:instancePath+"/egress",schemaPath:"#/properties/egress/type",keyword:"type",params:{type: schema78.properties.egress.type},message:"must be string,array",schema:schema78.properties.egress.type,parentSchema:schema78.properties.egress,data:data7};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
if(typeof data7 === "string"){
if(!pattern62.test(data7)){
const err14 = {instancePath:instancePath+"/egress",schemaPath:"#/properties/egress/pattern",keyword:"pattern",params:{pattern: "^(all|web|none)$"},message:"must match pattern \""+"^(all|web|none)$"+"\"",schema:"^(all|web|none)$",parentSchema:schema78.properties.egress,data:data7};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(Array.isArray(data7)){
const len1 = data7.length;
for(let i1=0; i1<len1; i1++){
let data8 = data7[i1];
if(typeof data8 === "string"){
if(!pattern63.test(data8)){
const err15 = {instancePath:instancePath+"/egress/" + i1,schemaPath:"#/properties/egress/items/pattern",keyword:"pattern",params:{pattern: "^(tcp|udp)/[1-9][0-9]{0,4}$"},message:"must match pattern \""+"^(tcp|udp)/[1-9][0-9]{0,4}$"+"\"",schema:"^(tcp|udp)/[1-9][0-9]{0,4}$",parentSchema:schema78.properties.egress.items,data:data8};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/egress/" + i1,schemaPath:"#/properties/egress/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema78.properties.egress.items.type,parentSchema:schema78.properties.egress.items,data:data8};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
}
}
if(data.metadata !== undefined){
let data9 = data.metadata;
if(typeof data9 !== "boolean"){
const err17 = {instancePath:instancePath+"/metadata",schemaPath:"#/properties/metadata/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema78.properties.metadata.type,parentSchema:schema78.properties.metadata,data:data9};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
}
else {
const err18 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema78.type,parentSchema:schema78,data};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
validate54.errors = vErrors;
return errors === 0;
}

const schema82 = {"title":"a vm","description":"A guest of microvm.nix.","type":"object","additionalProperties":false,"required":["on"],"properties":{"on":{"$ref":"#/definitions/name","description":"The hypervisor it is on. A vm that moves starts with empty volumes there.","examples":["hv1"]},"network":{"$ref":"#/definitions/name","description":"The network it is on. Needed unless networks says so. Default: the one under networks.","examples":["vm1"]},"networks":{"title":"a list of networks with addresses","description":"Instead of network and address, an interface each. Default route and name server are those of the first one with nat. Default: the one under network.","type":"array","minItems":1,"items":{"title":"a network with an address","description":"An interface of the guest.","type":"object","additionalProperties":false,"required":["name"],"properties":{"name":{"$ref":"#/definitions/name","description":"The network.","examples":["vm1"]},"address":{"$ref":"#/definitions/ipv4","description":"Its address there. Default: the address after the gateway, when it is alone on the network.","examples":["10.1.0.2"]}},"examples":[{"name":"vm1","address":"10.1.0.2"}]},"examples":[[{"name":"vm1","address":"10.1.0.2"}]]},"address":{"$ref":"#/definitions/ipv4","description":"Its address on the network. Default: the address after the gateway, when it is alone on the network.","examples":["10.1.0.2"]},"vsock":{"type":"integer","minimum":3,"maximum":4294967294,"description":"The cid of its vsock, for microvm -s; each vm of a hypervisor has its own. Default: none.","examples":[3]},"profiles":{"title":"a list of profiles","description":"Profiles to apply between defaults and this vm, in this order.","type":"array","items":{"$ref":"#/definitions/tag"},"default":[],"examples":[["web"]]},"vcpu":{"$ref":"#/definitions/vcpu"},"memory":{"$ref":"#/definitions/memory"},"hypervisor":{"$ref":"#/definitions/hypervisor"},"store":{"$ref":"#/definitions/store"},"timezone":{"$ref":"#/definitions/timezone"},"stateVersion":{"$ref":"#/definitions/stateVersion"},"balloon":{"$ref":"#/definitions/balloon"},"state":{"$ref":"#/definitions/state"},"autostart":{"$ref":"#/definitions/autostart"},"tags":{"$ref":"#/definitions/tags"},"packages":{"$ref":"#/definitions/packages"},"users":{"$ref":"#/definitions/users"},"config":{"$ref":"#/definitions/config"},"modules":{"$ref":"#/definitions/modules"},"volumes":{"$ref":"#/definitions/volumes"},"shares":{"$ref":"#/definitions/shares"},"publish":{"$ref":"#/definitions/publish"},"credentials":{"$ref":"#/definitions/credentials"},"checks":{"$ref":"#/definitions/checks"},"dependsOn":{"$ref":"#/definitions/dependsOn"}},"examples":[{"on":"hv1","network":"vm1"}]};
const schema86 = {"title":"an IPv4 address","description":"Four numbers from 0 to 255 with dots between.","type":"string","pattern":"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$","examples":["10.1.0.2"]};
const pattern68 = new RegExp("^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$", "u");

function validate56(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.on === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "on"},message:"must have required property '"+"on"+"'",schema:schema82.required,parentSchema:schema82,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(func2.call(schema82.properties, key0))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema82,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.on !== undefined){
let data0 = data.on;
if(typeof data0 === "string"){
if(!pattern39.test(data0)){
const err2 = {instancePath:instancePath+"/on",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:data0};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
else {
const err3 = {instancePath:instancePath+"/on",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.network !== undefined){
let data1 = data.network;
if(typeof data1 === "string"){
if(!pattern39.test(data1)){
const err4 = {instancePath:instancePath+"/network",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/network",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.networks !== undefined){
let data2 = data.networks;
if(Array.isArray(data2)){
if(data2.length < 1){
const err6 = {instancePath:instancePath+"/networks",schemaPath:"#/properties/networks/minItems",keyword:"minItems",params:{limit: 1},message:"must NOT have fewer than 1 items",schema:1,parentSchema:schema82.properties.networks,data:data2};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
const len0 = data2.length;
for(let i0=0; i0<len0; i0++){
let data3 = data2[i0];
if(data3 && typeof data3 == "object" && !Array.isArray(data3)){
if(data3.name === undefined){
const err7 = {instancePath:instancePath+"/networks/" + i0,schemaPath:"#/properties/networks/items/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema82.properties.networks.items.required,parentSchema:schema82.properties.networks.items,data:data3};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
for(const key1 in data3){
if(!((key1 === "name") || (key1 === "address"))){
const err8 = {instancePath:instancePath+"/networks/" + i0,schemaPath:"#/properties/networks/items/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key1},message:"must NOT have additional properties",schema:false,parentSchema:schema82.properties.networks.items,data:data3};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data3.name !== undefined){
let data4 = data3.name;
if(typeof data4 === "string"){
if(!pattern39.test(data4)){
const err9 = {instancePath:instancePath+"/networks/" + i0+"/name",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:data4};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
else {
const err10 = {instancePath:instancePath+"/networks/" + i0+"/name",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:data4};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
if(data3.address !== undefined){
let data5 = data3.address;
if(typeof data5 === "string"){
if(!pattern68.test(data5)){
const err11 = {instancePath:instancePath+"/networks/" + i0+"/address",schemaPath:"#/definitions/ipv4/pattern",keyword:"pattern",params:{pattern: "^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$"},message:"must match pattern \""+"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$"+"\"",schema:"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$",parentSchema:schema86,data:data5};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
else {
const err12 = {instancePath:instancePath+"/networks/" + i0+"/address",schemaPath:"#/definitions/ipv4/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema86.type,parentSchema:schema86,data:data5};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
}
else {
const err13 = {instancePath:instancePath+"/networks/" + i0,schemaPath:"#/properties/networks/items/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema82.properties.networks.items.type,parentSchema:schema82.properties.networks.items,data:data3};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
}
else {
const err14 = {instancePath:instancePath+"/networks",schemaPath:"#/properties/networks/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema82.properties.networks.type,parentSchema:schema82.properties.networks,data:data2};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
if(data.address !== undefined){
let data6 = data.address;
if(typeof data6 === "string"){
if(!pattern68.test(data6)){
const err15 = {instancePath:instancePath+"/address",schemaPath:"#/definitions/ipv4/pattern",keyword:"pattern",params:{pattern: "^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$"},message:"must match pattern \""+"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$"+"\"",schema:"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$",parentSchema:schema86,data:data6};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/address",schemaPath:"#/definitions/ipv4/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema86.type,parentSchema:schema86,data:data6};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data.vsock !== undefined){
let data7 = data.vsock;
if(!(((typeof data7 == "number") && (!(data7 % 1) && !isNaN(data7))) && (isFinite(data7)))){
const err17 = {instancePath:instancePath+"/vsock",schemaPath:"#/properties/vsock/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema82.properties.vsock.type,parentSchema:schema82.properties.vsock,data:data7};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
if((typeof data7 == "number") && (isFinite(data7))){
if(data7 > 4294967294 || isNaN(data7)){
const err18 = {instancePath:instancePath+"/vsock",schemaPath:"#/properties/vsock/maximum",keyword:"maximum",params:{comparison: "<=", limit: 4294967294},message:"must be <= 4294967294",schema:4294967294,parentSchema:schema82.properties.vsock,data:data7};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
if(data7 < 3 || isNaN(data7)){
const err19 = {instancePath:instancePath+"/vsock",schemaPath:"#/properties/vsock/minimum",keyword:"minimum",params:{comparison: ">=", limit: 3},message:"must be >= 3",schema:3,parentSchema:schema82.properties.vsock,data:data7};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
}
if(data.profiles !== undefined){
let data8 = data.profiles;
if(Array.isArray(data8)){
const len1 = data8.length;
for(let i1=0; i1<len1; i1++){
let data9 = data8[i1];
if(typeof data9 === "string"){
if(!pattern0.test(data9)){
const err20 = {instancePath:instancePath+"/profiles/" + i1,schemaPath:"#/definitions/tag/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",parentSchema:schema37,data:data9};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
else {
const err21 = {instancePath:instancePath+"/profiles/" + i1,schemaPath:"#/definitions/tag/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema37.type,parentSchema:schema37,data:data9};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
}
else {
const err22 = {instancePath:instancePath+"/profiles",schemaPath:"#/properties/profiles/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema82.properties.profiles.type,parentSchema:schema82.properties.profiles,data:data8};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
if(data.vcpu !== undefined){
let data10 = data.vcpu;
if(!(((typeof data10 == "number") && (!(data10 % 1) && !isNaN(data10))) && (isFinite(data10)))){
const err23 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/type",keyword:"type",params:{type: "integer"},message:"must be integer",schema:schema27.type,parentSchema:schema27,data:data10};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
if((typeof data10 == "number") && (isFinite(data10))){
if(data10 > 1024 || isNaN(data10)){
const err24 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/maximum",keyword:"maximum",params:{comparison: "<=", limit: 1024},message:"must be <= 1024",schema:1024,parentSchema:schema27,data:data10};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
if(data10 < 1 || isNaN(data10)){
const err25 = {instancePath:instancePath+"/vcpu",schemaPath:"#/definitions/vcpu/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1},message:"must be >= 1",schema:1,parentSchema:schema27,data:data10};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
}
if(data.memory !== undefined){
let data11 = data.memory;
if(typeof data11 === "string"){
if(!pattern19.test(data11)){
const err26 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/memory/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"},message:"must match pattern \""+"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$"+"\"",schema:"^[1-9][0-9]{0,6}(MiB|GiB|TiB)$",parentSchema:schema28,data:data11};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
}
else {
const err27 = {instancePath:instancePath+"/memory",schemaPath:"#/definitions/memory/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema28.type,parentSchema:schema28,data:data11};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
if(data.hypervisor !== undefined){
let data12 = data.hypervisor;
if(!(((((((data12 === "qemu") || (data12 === "cloud-hypervisor")) || (data12 === "firecracker")) || (data12 === "crosvm")) || (data12 === "kvmtool")) || (data12 === "stratovirt")) || (data12 === "alioth"))){
const err28 = {instancePath:instancePath+"/hypervisor",schemaPath:"#/definitions/hypervisor/enum",keyword:"enum",params:{allowedValues: schema29.enum},message:"must be equal to one of the allowed values",schema:schema29.enum,parentSchema:schema29,data:data12};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
if(data.store !== undefined){
let data13 = data.store;
if(!((data13 === "shared") || (data13 === "disk"))){
const err29 = {instancePath:instancePath+"/store",schemaPath:"#/definitions/store/enum",keyword:"enum",params:{allowedValues: schema30.enum},message:"must be equal to one of the allowed values",schema:schema30.enum,parentSchema:schema30,data:data13};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
}
if(data.timezone !== undefined){
let data14 = data.timezone;
if(typeof data14 === "string"){
if(!pattern20.test(data14)){
const err30 = {instancePath:instancePath+"/timezone",schemaPath:"#/definitions/timezone/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"},message:"must match pattern \""+"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"+"\"",schema:"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",parentSchema:schema31,data:data14};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
}
else {
const err31 = {instancePath:instancePath+"/timezone",schemaPath:"#/definitions/timezone/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema31.type,parentSchema:schema31,data:data14};
if(vErrors === null){
vErrors = [err31];
}
else {
vErrors.push(err31);
}
errors++;
}
}
if(data.stateVersion !== undefined){
let data15 = data.stateVersion;
if(typeof data15 === "string"){
if(!pattern21.test(data15)){
const err32 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/definitions/stateVersion/pattern",keyword:"pattern",params:{pattern: "^[0-9]{2}\\.[0-9]{2}$"},message:"must match pattern \""+"^[0-9]{2}\\.[0-9]{2}$"+"\"",schema:"^[0-9]{2}\\.[0-9]{2}$",parentSchema:schema32,data:data15};
if(vErrors === null){
vErrors = [err32];
}
else {
vErrors.push(err32);
}
errors++;
}
}
else {
const err33 = {instancePath:instancePath+"/stateVersion",schemaPath:"#/definitions/stateVersion/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema32.type,parentSchema:schema32,data:data15};
if(vErrors === null){
vErrors = [err33];
}
else {
vErrors.push(err33);
}
errors++;
}
}
if(data.balloon !== undefined){
let data16 = data.balloon;
if(typeof data16 !== "boolean"){
const err34 = {instancePath:instancePath+"/balloon",schemaPath:"#/definitions/balloon/type",keyword:"type",params:{type: "boolean"},message:"must be boolean",schema:schema33.type,parentSchema:schema33,data:data16};
if(vErrors === null){
vErrors = [err34];
}
else {
vErrors.push(err34);
}
errors++;
}
}
if(data.state !== undefined){
let data17 = data.state;
if(!((data17 === "running") || (data17 === "stopped"))){
const err35 = {instancePath:instancePath+"/state",schemaPath:"#/definitions/state/enum",keyword:"enum",params:{allowedValues: schema34.enum},message:"must be equal to one of the allowed values",schema:schema34.enum,parentSchema:schema34,data:data17};
if(vErrors === null){
vErrors = [err35];
}
else {
vErrors.push(err35);
}
errors++;
}
}
if(data.autostart !== undefined){
let data18 = data.autostart;
if(!(((data18 === "always") || (data18 === "healthy")) || (data18 === "never"))){
const err36 = {instancePath:instancePath+"/autostart",schemaPath:"#/definitions/autostart/enum",keyword:"enum",params:{allowedValues: schema35.enum},message:"must be equal to one of the allowed values",schema:schema35.enum,parentSchema:schema35,data:data18};
if(vErrors === null){
vErrors = [err36];
}
else {
vErrors.push(err36);
}
errors++;
}
}
if(data.tags !== undefined){
if(!(validate22(data.tags, {instancePath:instancePath+"/tags",parentData:data,parentDataProperty:"tags",rootData}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
}
if(data.packages !== undefined){
let data20 = data.packages;
if(Array.isArray(data20)){
const len2 = data20.length;
for(let i2=0; i2<len2; i2++){
let data21 = data20[i2];
if(typeof data21 === "string"){
if(!pattern23.test(data21)){
const err37 = {instancePath:instancePath+"/packages/" + i2,schemaPath:"#/definitions/packages/items/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"},message:"must match pattern \""+"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$"+"\"",schema:"^[A-Za-z_][A-Za-z0-9_'-]*(\\.[A-Za-z_][A-Za-z0-9_'-]*)*$",parentSchema:schema38.items,data:data21};
if(vErrors === null){
vErrors = [err37];
}
else {
vErrors.push(err37);
}
errors++;
}
}
else {
const err38 = {instancePath:instancePath+"/packages/" + i2,schemaPath:"#/definitions/packages/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema38.items.type,parentSchema:schema38.items,data:data21};
if(vErrors === null){
vErrors = [err38];
}
else {
vErrors.push(err38);
}
errors++;
}
}
}
else {
const err39 = {instancePath:instancePath+"/packages",schemaPath:"#/definitions/packages/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema38.type,parentSchema:schema38,data:data20};
if(vErrors === null){
vErrors = [err39];
}
else {
vErrors.push(err39);
}
errors++;
}
}
if(data.users !== undefined){
if(!(validate24(data.users, {instancePath:instancePath+"/users",parentData:data,parentDataProperty:"users",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
}
if(data.config !== undefined){
let data23 = data.config;
if(data23 && typeof data23 == "object" && !Array.isArray(data23)){
}
else {
const err40 = {instancePath:instancePath+"/config",schemaPath:"#/definitions/config/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema41.type,parentSchema:schema41,data:data23};
if(vErrors === null){
vErrors = [err40];
}
else {
vErrors.push(err40);
}
errors++;
}
}
if(data.modules !== undefined){
let data24 = data.modules;
if(Array.isArray(data24)){
const len3 = data24.length;
for(let i3=0; i3<len3; i3++){
let data25 = data24[i3];
if(typeof data25 === "string"){
if(!pattern26.test(data25)){
const err41 = {instancePath:instancePath+"/modules/" + i3,schemaPath:"#/definitions/modules/items/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema42.items,data:data25};
if(vErrors === null){
vErrors = [err41];
}
else {
vErrors.push(err41);
}
errors++;
}
}
else {
const err42 = {instancePath:instancePath+"/modules/" + i3,schemaPath:"#/definitions/modules/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema42.items.type,parentSchema:schema42.items,data:data25};
if(vErrors === null){
vErrors = [err42];
}
else {
vErrors.push(err42);
}
errors++;
}
}
}
else {
const err43 = {instancePath:instancePath+"/modules",schemaPath:"#/definitions/modules/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema42.type,parentSchema:schema42,data:data24};
if(vErrors === null){
vErrors = [err43];
}
else {
vErrors.push(err43);
}
errors++;
}
}
if(data.volumes !== undefined){
if(!(validate26(data.volumes, {instancePath:instancePath+"/volumes",parentData:data,parentDataProperty:"volumes",rootData}))){
vErrors = vErrors === null ? validate26.errors : vErrors.concat(validate26.errors);
errors = vErrors.length;
}
}
if(data.shares !== undefined){
if(!(validate30(data.shares, {instancePath:instancePath+"/shares",parentData:data,parentDataProperty:"shares",rootData}))){
vErrors = vErrors === null ? validate30.errors : vErrors.concat(validate30.errors);
errors = vErrors.length;
}
}
if(data.publish !== undefined){
let data28 = data.publish;
if(Array.isArray(data28)){
const len4 = data28.length;
for(let i4=0; i4<len4; i4++){
let data29 = data28[i4];
if(typeof data29 === "string"){
if(!pattern33.test(data29)){
const err44 = {instancePath:instancePath+"/publish/" + i4,schemaPath:"#/definitions/publish/items/pattern",keyword:"pattern",params:{pattern: "^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$"},message:"must match pattern \""+"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$"+"\"",schema:"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}/(tcp|udp)$",parentSchema:schema49.items,data:data29};
if(vErrors === null){
vErrors = [err44];
}
else {
vErrors.push(err44);
}
errors++;
}
}
else {
const err45 = {instancePath:instancePath+"/publish/" + i4,schemaPath:"#/definitions/publish/items/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema49.items.type,parentSchema:schema49.items,data:data29};
if(vErrors === null){
vErrors = [err45];
}
else {
vErrors.push(err45);
}
errors++;
}
}
}
else {
const err46 = {instancePath:instancePath+"/publish",schemaPath:"#/definitions/publish/type",keyword:"type",params:{type: "array"},message:"must be array",schema:schema49.type,parentSchema:schema49,data:data28};
if(vErrors === null){
vErrors = [err46];
}
else {
vErrors.push(err46);
}
errors++;
}
}
if(data.credentials !== undefined){
if(!(validate34(data.credentials, {instancePath:instancePath+"/credentials",parentData:data,parentDataProperty:"credentials",rootData}))){
vErrors = vErrors === null ? validate34.errors : vErrors.concat(validate34.errors);
errors = vErrors.length;
}
}
if(data.checks !== undefined){
if(!(validate36(data.checks, {instancePath:instancePath+"/checks",parentData:data,parentDataProperty:"checks",rootData}))){
vErrors = vErrors === null ? validate36.errors : vErrors.concat(validate36.errors);
errors = vErrors.length;
}
}
if(data.dependsOn !== undefined){
if(!(validate42(data.dependsOn, {instancePath:instancePath+"/dependsOn",parentData:data,parentDataProperty:"dependsOn",rootData}))){
vErrors = vErrors === null ? validate42.errors : vErrors.concat(validate42.errors);
errors = vErrors.length;
}
}
}
else {
const err47 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema82.type,parentSchema:schema82,data};
if(vErrors === null){
vErrors = [err47];
}
else {
vErrors.push(err47);
}
errors++;
}
validate56.errors = vErrors;
return errors === 0;
}


function validate10(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
/*# sourceURL="urn:microvm-fleet:fleet.yaml:1" */;
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.version === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "version"},message:"must have required property '"+"version"+"'",schema:schema11.required,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.name === undefined){
const err1 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "name"},message:"must have required property '"+"name"+"'",schema:schema11.required,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
for(const key0 in data){
if(!(func2.call(schema11.properties, key0))){
const err2 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0},message:"must NOT have additional properties",schema:false,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.version !== undefined){
let data0 = data.version;
if(1 !== data0){
const err3 = {instancePath:instancePath+"/version",schemaPath:"#/properties/version/const",keyword:"const",params:{allowedValue: 1},message:"must be equal to constant",schema:1,parentSchema:schema11.properties.version,data:data0};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.name !== undefined){
let data1 = data.name;
if(typeof data1 === "string"){
if(!pattern0.test(data1)){
const err4 = {instancePath:instancePath+"/name",schemaPath:"#/properties/name/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",parentSchema:schema11.properties.name,data:data1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
else {
const err5 = {instancePath:instancePath+"/name",schemaPath:"#/properties/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.name.type,parentSchema:schema11.properties.name,data:data1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
if(data.inputs !== undefined){
if(!(validate11(data.inputs, {instancePath:instancePath+"/inputs",parentData:data,parentDataProperty:"inputs",rootData}))){
vErrors = vErrors === null ? validate11.errors : vErrors.concat(validate11.errors);
errors = vErrors.length;
}
}
if(data.git !== undefined){
if(!(validate15(data.git, {instancePath:instancePath+"/git",parentData:data,parentDataProperty:"git",rootData}))){
vErrors = vErrors === null ? validate15.errors : vErrors.concat(validate15.errors);
errors = vErrors.length;
}
}
if(data.rollout !== undefined){
if(!(validate17(data.rollout, {instancePath:instancePath+"/rollout",parentData:data,parentDataProperty:"rollout",rootData}))){
vErrors = vErrors === null ? validate17.errors : vErrors.concat(validate17.errors);
errors = vErrors.length;
}
}
if(data.defaults !== undefined){
if(!(validate21(data.defaults, {instancePath:instancePath+"/defaults",parentData:data,parentDataProperty:"defaults",rootData}))){
vErrors = vErrors === null ? validate21.errors : vErrors.concat(validate21.errors);
errors = vErrors.length;
}
}
if(data.profiles !== undefined){
let data6 = data.profiles;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key1 in data6){
const _errs11 = errors;
if(typeof key1 === "string"){
if(!pattern0.test(key1)){
const err6 = {instancePath:instancePath+"/profiles",schemaPath:"#/definitions/tag/pattern",keyword:"pattern",params:{pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"},message:"must match pattern \""+"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"+"\"",schema:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",parentSchema:schema37,data:key1,propertyName:key1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/profiles",schemaPath:"#/definitions/tag/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema37.type,parentSchema:schema37,data:key1,propertyName:key1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
var valid1 = _errs11 === errors;
if(!valid1){
const err8 = {instancePath:instancePath+"/profiles",schemaPath:"#/properties/profiles/propertyNames",keyword:"propertyNames",params:{propertyName: key1},message:"property name must be valid",schema:schema11.properties.profiles.propertyNames,parentSchema:schema11.properties.profiles,data:data6};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
for(const key2 in data6){
if(!(validate21(data6[key2], {instancePath:instancePath+"/profiles/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data6,parentDataProperty:key2,rootData}))){
vErrors = vErrors === null ? validate21.errors : vErrors.concat(validate21.errors);
errors = vErrors.length;
}
}
}
else {
const err9 = {instancePath:instancePath+"/profiles",schemaPath:"#/properties/profiles/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.profiles.type,parentSchema:schema11.properties.profiles,data:data6};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.hypervisors !== undefined){
let data8 = data.hypervisors;
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
for(const key3 in data8){
const _errs18 = errors;
if(typeof key3 === "string"){
if(!pattern39.test(key3)){
const err10 = {instancePath:instancePath+"/hypervisors",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:key3,propertyName:key3};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
else {
const err11 = {instancePath:instancePath+"/hypervisors",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:key3,propertyName:key3};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
var valid4 = _errs18 === errors;
if(!valid4){
const err12 = {instancePath:instancePath+"/hypervisors",schemaPath:"#/properties/hypervisors/propertyNames",keyword:"propertyNames",params:{propertyName: key3},message:"property name must be valid",schema:schema11.properties.hypervisors.propertyNames,parentSchema:schema11.properties.hypervisors,data:data8};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
for(const key4 in data8){
if(!(validate46(data8[key4], {instancePath:instancePath+"/hypervisors/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data8,parentDataProperty:key4,rootData}))){
vErrors = vErrors === null ? validate46.errors : vErrors.concat(validate46.errors);
errors = vErrors.length;
}
}
}
else {
const err13 = {instancePath:instancePath+"/hypervisors",schemaPath:"#/properties/hypervisors/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.hypervisors.type,parentSchema:schema11.properties.hypervisors,data:data8};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
if(data.networks !== undefined){
let data10 = data.networks;
if(data10 && typeof data10 == "object" && !Array.isArray(data10)){
for(const key5 in data10){
const _errs25 = errors;
if(typeof key5 === "string"){
if(!pattern39.test(key5)){
const err14 = {instancePath:instancePath+"/networks",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:key5,propertyName:key5};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
else {
const err15 = {instancePath:instancePath+"/networks",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:key5,propertyName:key5};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
var valid7 = _errs25 === errors;
if(!valid7){
const err16 = {instancePath:instancePath+"/networks",schemaPath:"#/properties/networks/propertyNames",keyword:"propertyNames",params:{propertyName: key5},message:"property name must be valid",schema:schema11.properties.networks.propertyNames,parentSchema:schema11.properties.networks,data:data10};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
for(const key6 in data10){
if(!(validate54(data10[key6], {instancePath:instancePath+"/networks/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data10,parentDataProperty:key6,rootData}))){
vErrors = vErrors === null ? validate54.errors : vErrors.concat(validate54.errors);
errors = vErrors.length;
}
}
}
else {
const err17 = {instancePath:instancePath+"/networks",schemaPath:"#/properties/networks/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.networks.type,parentSchema:schema11.properties.networks,data:data10};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data.vms !== undefined){
let data12 = data.vms;
if(data12 && typeof data12 == "object" && !Array.isArray(data12)){
for(const key7 in data12){
const _errs32 = errors;
if(typeof key7 === "string"){
if(!pattern39.test(key7)){
const err18 = {instancePath:instancePath+"/vms",schemaPath:"#/definitions/name/pattern",keyword:"pattern",params:{pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},message:"must match pattern \""+"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"+"\"",schema:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",parentSchema:schema60,data:key7,propertyName:key7};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
else {
const err19 = {instancePath:instancePath+"/vms",schemaPath:"#/definitions/name/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema60.type,parentSchema:schema60,data:key7,propertyName:key7};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
var valid10 = _errs32 === errors;
if(!valid10){
const err20 = {instancePath:instancePath+"/vms",schemaPath:"#/properties/vms/propertyNames",keyword:"propertyNames",params:{propertyName: key7},message:"property name must be valid",schema:schema11.properties.vms.propertyNames,parentSchema:schema11.properties.vms,data:data12};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
for(const key8 in data12){
if(!(validate56(data12[key8], {instancePath:instancePath+"/vms/" + key8.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data12,parentDataProperty:key8,rootData}))){
vErrors = vErrors === null ? validate56.errors : vErrors.concat(validate56.errors);
errors = vErrors.length;
}
}
}
else {
const err21 = {instancePath:instancePath+"/vms",schemaPath:"#/properties/vms/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.vms.type,parentSchema:schema11.properties.vms,data:data12};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data.flake !== undefined){
let data14 = data.flake;
if(data14 && typeof data14 == "object" && !Array.isArray(data14)){
for(const key9 in data14){
if(!(key9 === "outputs")){
const err22 = {instancePath:instancePath+"/flake",schemaPath:"#/properties/flake/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key9},message:"must NOT have additional properties",schema:false,parentSchema:schema11.properties.flake,data:data14};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
}
if(data14.outputs !== undefined){
let data15 = data14.outputs;
if(typeof data15 === "string"){
if(!pattern26.test(data15)){
const err23 = {instancePath:instancePath+"/flake/outputs",schemaPath:"#/properties/flake/properties/outputs/pattern",keyword:"pattern",params:{pattern: "^[^\\u0000-\\u001f\\u007f]+$"},message:"must match pattern \""+"^[^\\u0000-\\u001f\\u007f]+$"+"\"",schema:"^[^\\u0000-\\u001f\\u007f]+$",parentSchema:schema11.properties.flake.properties.outputs,data:data15};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
}
else {
const err24 = {instancePath:instancePath+"/flake/outputs",schemaPath:"#/properties/flake/properties/outputs/type",keyword:"type",params:{type: "string"},message:"must be string",schema:schema11.properties.flake.properties.outputs.type,parentSchema:schema11.properties.flake.properties.outputs,data:data15};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
}
}
else {
const err25 = {instancePath:instancePath+"/flake",schemaPath:"#/properties/flake/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.properties.flake.type,parentSchema:schema11.properties.flake,data:data14};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
}
else {
const err26 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"},message:"must be object",schema:schema11.type,parentSchema:schema11,data};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
validate10.errors = vErrors;
return errors === 0;
}

