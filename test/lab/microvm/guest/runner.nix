# The store path that `microvm` builds: programs in bin/, what they are for in share/microvm/.
{
  cfg,
  config,
  lib,
  pkgs,
}:
let
  inherit (config.networking) hostName;
  taps = builtins.filter (nic: nic.type == "tap") cfg.interfaces;
  virtiofs = builtins.filter (share: share.proto == "virtiofs") cfg.shares;
  parameter =
    key:
    lib.findFirst (word: word == key || lib.hasPrefix "${key}=" word) null config.boot.kernelParams;
  crash = parameter "lab.crash";
  qemu = import ./qemu.nix { inherit cfg config lib pkgs; };

  scripts = cfg.binScripts // {
    microvm-run = ''
      set -eou pipefail
      ${cfg.preStart}
      ${lib.concatMapStrings (import ./volumes.nix { inherit lib pkgs; }) cfg.volumes}
      accel=tcg
      [ ! -w /dev/kvm ] || accel=kvm
      ${lib.optionalString (crash != null) ''
        (${pkgs.coreutils}/bin/sleep ${lib.removePrefix "lab.crash=" crash}; kill -KILL $$) &
      ''}
      # Linux leaves an HPET ticking, 250 times a second: a fiftieth of a processor for a guest that does nothing.
      exec ${
        # Stopping it takes until systemd loses patience.
        lib.optionalString (parameter "lab.hang-stop" != null) "${pkgs.coreutils}/bin/env --block-signal=TERM "
      }${qemu} -M q35,hpet=off,accel=$accel
    '';
  }
  // lib.optionalAttrs (cfg.socket != null) {
    # Ctrl-alt-del, and back at once: standard input is at its end under systemd.
    microvm-shutdown = ''
      [ -S ${cfg.socket} ] || exit 0
      (
        echo '{"execute":"qmp_capabilities"}'
        echo '{"execute":"input-send-event","arguments":{"events":[${
          lib.concatMapStringsSep "," (
            key: ''{"type":"key","data":{"down":true,"key":{"type":"qcode","data":"${key}"}}}''
          ) [ "ctrl" "alt" "delete" ]
        }]}}'
        ${pkgs.coreutils}/bin/cat
      ) | ${pkgs.socat}/bin/socat STDIO UNIX:${cfg.socket},shut-none
    '';
  };

  share = {
    hypervisor.text = "${cfg.hypervisor}\n";
    system.source = config.system.build.toplevel;
    tap-flags.text = "vnet_hdr\n" + lib.optionalString (cfg.vcpu > 1) "multi_queue\n";
  }
  // lib.optionalAttrs (taps != [ ]) {
    tap-interfaces.text = lib.concatMapStrings (nic: "${nic.id}\n") taps;
  }
  // lib.concatMapAttrs (_: entry: entry) (
    lib.genAttrs (map (share: share.tag) virtiofs) (
      tag:
      let
        one = lib.findFirst (share: share.tag == tag) null virtiofs;
      in
      {
        "virtiofs/${tag}/socket".text = "${one.socket}\n";
        "virtiofs/${tag}/source".text = "${one.source}\n";
      }
    )
  )
  // lib.optionalAttrs (cfg.vsock.cid != null) { vsock-cid.text = "${toString cfg.vsock.cid}\n"; };
in
pkgs.writeTree "microvm-${cfg.hypervisor}-${hostName}" (
  lib.mapAttrs' (
    name: text:
    lib.nameValuePair "bin/${name}" {
      source = pkgs.writeShellScript "microvm-${hostName}-${name}" text;
    }
  ) scripts
  // lib.mapAttrs' (name: file: lib.nameValuePair "share/microvm/${name}" file) share
)
