# The options a guest sets, with microvm.nix' types and defaults.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (config.networking) hostName;
  listOf = options: mkOption {
    type = types.listOf (types.submodule options);
    default = [ ];
  };
  option = type: default: mkOption { inherit type default; };
  required = type: mkOption { inherit type; };
in
{
  options.microvm = {
    guest.enable = option types.bool true;
    hypervisor = option (types.enum [
      "qemu"
      "cloud-hypervisor"
      "firecracker"
      "crosvm"
      "kvmtool"
      "stratovirt"
      "alioth"
      "vfkit"
    ]) "qemu";
    vcpu = option types.ints.positive 1;
    mem = option types.ints.positive 512;
    balloon = option types.bool false;
    cpu = option (types.nullOr types.str) null;
    socket = option (types.nullOr types.str) "${hostName}.sock";
    user = option (types.nullOr types.str) null;
    preStart = option types.lines "";
    vsock.cid = option (types.nullOr types.int) null;
    vsock.ssh.enable = option types.bool false;
    storeOnDisk = option types.bool (
      !builtins.any (share: share.source == "/nix/store") config.microvm.shares
    );
    writableStoreOverlay = option (types.nullOr types.str) null;
    credentialFiles = option (types.attrsOf types.str) { };
    registerWithMachined = option types.bool false;
    qemu.extraArgs = option (types.listOf types.str) [ ];

    interfaces = listOf {
      options = {
        type = required (types.enum [ "user" "tap" "macvtap" "bridge" ]);
        id = required types.str;
        mac = required types.str;
        bridge = option (types.nullOr types.str) null;
        tap.vhost = option types.bool false;
        macvtap = option types.attrs { };
      };
    };

    volumes = listOf {
      options = {
        image = required types.str;
        mountPoint = required (types.nullOr types.path);
        size = required types.int;
        label = option (types.nullOr types.str) null;
        serial = option (types.nullOr types.str) null;
        fsType = option types.str "ext4";
        autoCreate = option types.bool true;
        readOnly = option types.bool false;
        direct = option types.bool false;
        mkfsExtraArgs = option (types.listOf types.str) [ ];
      };
    };

    shares = listOf (
      { config, ... }:
      {
        options = {
          tag = required types.str;
          source = required types.nonEmptyStr;
          mountPoint = required types.path;
          proto = option (types.enum [ "9p" "virtiofs" ]) "9p";
          readOnly = option types.bool false;
          securityModel = option types.str "none";
          cache = option types.str "auto";
          socket = option (types.nullOr types.str) (
            if config.proto == "virtiofs" then "${hostName}-virtiofs-${config.tag}.sock" else null
          );
        };
      }
    );
  };
}
