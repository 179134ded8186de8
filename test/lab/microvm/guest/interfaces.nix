# tap-up makes the TAP anew at every start, owned by user microvm; who bridges it is not its business.
{
  config,
  lib,
  pkgs,
}:
let
  ip = lib.getExe' pkgs.iproute2 "ip";
  taps = builtins.filter (nic: nic.type == "tap") config.microvm.interfaces;
  flags = "vnet_hdr" + lib.optionalString (config.microvm.vcpu > 1) " multi_queue";
  # A runner that got its TAP's name wrong: `lab.wrong-tap` among the guest's kernel parameters.
  made =
    nic:
    if builtins.elem "lab.wrong-tap" config.boot.kernelParams then
      "x${builtins.substring 0 14 nic.id}"
    else
      nic.id;
in
lib.optionalAttrs (taps != [ ]) {
  tap-up = ''
    set -eou pipefail
  ''
  + lib.concatMapStrings (nic: ''
    if [ -e /sys/class/net/${made nic} ]; then
      ${ip} link delete '${made nic}'
    fi
    ${ip} tuntap add name '${made nic}' mode tap user microvm ${flags}
    ${ip} link set '${made nic}' up
  '') taps;
  tap-down = ''
    set -ou pipefail
  ''
  + lib.concatMapStrings (nic: ''
    ${ip} link delete '${made nic}'
  '') taps;
}
