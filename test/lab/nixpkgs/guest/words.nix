# What the kernel command line tells the lab's guest, besides its own system's parameters.
{ config, lib }:
let
  cfg = config.microvm;
  folders = builtins.filter (
    share: share.proto == "virtiofs" && share.source != "/nix/store"
  ) cfg.shares;
  mounted = builtins.filter (volume: volume.mountPoint != null) cfg.volumes;
  mountOf =
    volume:
    let
      fs = config.fileSystems.${volume.mountPoint};
      device = builtins.replaceStrings [ "/dev/disk/by-label/" ] [ "LABEL=" ] fs.device;
    in
    "lab.mount=${device},${volume.mountPoint},${fs.fsType}";
in
[
  # For speed: nothing here is attacked, and patches of code, key rings and random tests take an emulator seconds.
  "nokaslr mitigations=off noreplace-smp no_timer_check cryptomgr.notests"
  "initcall_blacklist=load_system_certificate_list,jent_mod_init,init_encrypted,trace_eval_init"
]
++ import ./network.nix { inherit config lib; }
++ import ./services.nix { inherit config lib; }
++ lib.optional (import ./multi-user.nix { inherit config lib; } != { }) "lab.root"
++ map (share: "lab.share=${share.tag},${share.mountPoint}") folders
++ map mountOf mounted
