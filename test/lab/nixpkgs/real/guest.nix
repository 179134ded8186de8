# Has the lab's guest boot from the runner of microvm.nix itself: emulated, from the lab's kernel and
# initramfs, and misbehaving as `lab.*` among the kernel parameters say.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  isGuest = options ? microvm.interfaces;
  parameter =
    key:
    lib.findFirst (word: word == key || lib.hasPrefix "${key}=" word) null config.boot.kernelParams;
  crash = parameter "lab.crash";
  ip = "${pkgs.iproute2}/bin/ip";
  renamed =
    command:
    lib.mkAfter (
      lib.concatMapStrings (
        { id, ... }: command id "x${builtins.substring 0 14 id}" + "\n"
      ) config.microvm.interfaces
    );
  hasSshd = config.services.openssh.enable && config.services.openssh.hostKeys != [ ];
in
{
  config = lib.optionalAttrs isGuest {
    boot.kernelParams = [
      "quiet"
      # Without a timer to measure by, the emulated machine would not boot.
      "tsc_early_khz=2000000 lpj=4000000"
    ]
    ++ import ../guest/words.nix {
      inherit lib;
      # Its own parameters are read from what the guest sets, not from what is added here.
      config = config // {
        boot = config.boot // {
          kernelParams = [ ];
        };
      };
    };
    system.build.initialRamdisk =
      pkgs.build "initrd"
        ''
          mkdir "$out"
          ln -s "/opt/lab/guest/$file" "$out/initrd"
        ''
        { file = if hasSshd then "initrd-sshd" else "initrd"; };

    microvm = {
      # Not the host's: that would be KVM.
      cpu = lib.mkDefault "qemu64";
      # A runner that got the names of its TAPs wrong.
      binScripts = lib.mkIf (parameter "lab.wrong-tap" != null) {
        tap-up = renamed (id: other: "${ip} link set '${id}' down name '${other}' && ${ip} link set '${other}' up");
        tap-down = renamed (_: other: "${ip} link delete '${other}'");
      };
      preStart = lib.mkIf (crash != null) ''
        (${pkgs.coreutils}/bin/sleep ${lib.removePrefix "lab.crash=" crash}; kill -KILL $$) &
      '';
      qemu = {
        machineOpts = {
          accel = "tcg";
          acpi = "on";
          mem-merge = "on";
          pcie = "on";
          # Nothing else gives an emulated machine its interrupts.
          pic = "on";
          pit = "on";
          rtc = "on";
          usb = "off";
        };
        package = lib.mkIf (parameter "lab.hang-stop" != null) pkgs.qemu_deaf;
        extraArgs = lib.optionals hasSshd [
          "-fw_cfg"
          "name=opt/lab/root,file=${import ../guest/root.nix { inherit config lib pkgs; }}"
        ];
      };
    };
  };
}
