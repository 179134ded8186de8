# The command that runs the guest: a real QEMU, small and emulated whatever the guest asks for.
{
  cfg,
  config,
  lib,
  pkgs,
}:
let
  inherit (config.networking) hostName;
  taps = builtins.filter (nic: nic.type == "tap") cfg.interfaces;
  multiQueue = cfg.vcpu > 1;
  virtiofs = builtins.filter (share: share.proto == "virtiofs") cfg.shares;
  folders = builtins.filter (share: share.source != "/nix/store") virtiofs;
  hasSshd = config.services.openssh.enable && config.services.openssh.hostKeys != [ ];
  hasRoot = hasSshd || import (pkgs.path + "/guest/multi-user.nix") { inherit config lib; } != { };

  own = builtins.filter (word: !lib.hasPrefix "lab.tcp=" word && !lib.hasPrefix "lab.http=" word) cfg.kernelParams;
  words = [
    "console=ttyS0 quiet reboot=t panic=-1"
  ]
  ++ own
  ++ import (pkgs.path + "/guest/words.nix") { inherit config lib; };

  blankStore = lib.optionals cfg.storeOnDisk [
    "-drive" "id=store,format=raw,read-only=on,file=/opt/lab/guest/store,if=none"
    "-device" "virtio-blk-pci,drive=store"
  ];
in
"${pkgs.qemu_kvm}/bin/qemu-system-x86_64 "
+ lib.escapeShellArgs (
  [
    "-name" hostName
    "-m" "256"
    "-smp" "1"
    "-nodefaults"
    "-no-user-config"
    "-no-reboot"
    "-nographic"
    "-kernel" "/opt/lab/guest/kernel"
    "-initrd" "/opt/lab/guest/initrd${lib.optionalString hasSshd "-sshd"}"
    "-chardev" "stdio,id=stdio,signal=off"
    "-serial" "chardev:stdio"
    "-device" "virtio-rng-pci"
    "-append" (toString words)
  ]
  # QEMU reads them itself, as user microvm, and does not start without.
  ++ lib.concatLists (
    lib.mapAttrsToList (name: path: [
      "-fw_cfg" "name=opt/io.systemd.credentials/${name},file=${path}"
    ]) cfg.credentialFiles
  )
  ++ lib.optionals hasRoot [
    "-fw_cfg" "name=opt/lab/root,file=${import (pkgs.path + "/guest/root.nix") { inherit config lib pkgs; }}"
  ]
  ++ lib.optionals (cfg.socket != null) [ "-qmp" "unix:${cfg.socket},server,nowait" ]
  ++ blankStore
  ++ lib.concatMap (volume: [
    "-drive"
    "id=${baseNameOf volume.image},format=raw,file=${volume.image},if=none,read-only=${
      if volume.readOnly then "on" else "off"
    }"
    "-device" "virtio-blk-pci,drive=${baseNameOf volume.image}"
  ]) cfg.volumes
  # Without its daemon's socket QEMU does not start.
  ++ lib.concatMap (share: [ "-chardev" "socket,id=fs-${share.tag},path=${share.socket}" ]) virtiofs
  ++ lib.optionals (folders != [ ]) [
    "-object" "memory-backend-memfd,id=mem,size=256M,share=on"
    "-numa" "node,memdev=mem"
  ]
  ++ lib.concatMap (share: [ "-device" "vhost-user-fs-pci,chardev=fs-${share.tag},tag=${share.tag}" ]) folders
  ++ lib.concatMap (nic: [
    "-netdev"
    "tap,id=${nic.id},ifname=${nic.id},script=no,downscript=no${
      lib.optionalString multiQueue ",queues=${toString cfg.vcpu}"
    }"
    "-device"
    "virtio-net-pci,netdev=${nic.id},mac=${nic.mac},romfile=${
      lib.optionalString multiQueue ",mq=on,vectors=${toString (2 * cfg.vcpu + 2)}"
    }"
  ]) taps
  ++ cfg.qemu.extraArgs
)
