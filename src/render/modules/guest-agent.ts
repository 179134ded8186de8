import { rendered } from '../marker.ts';
import { agentScript } from './shell.generated.ts';

export const guestAgentModulePath = 'modules/guest-agent.nix';

/** A port to the hypervisor, and the unit that says there how the guest is. Only QEMU has such ports. */
export const guestAgentModule = rendered(`{
  config,
  lib,
  ...
}:
let
  inherit (config.microvm) qemu shares;
  # As microvm.nix decides it: without PCI a device of that kind keeps QEMU from starting.
  bus =
    if
      shares != [ ]
      || !lib.hasPrefix "microvm" (qemu.machine or "microvm")
      || (config.microvm.graphics.enable or false)
      || lib.any (device: device.bus == "pci") (config.microvm.devices or [ ])
    then
      "pci"
    else
      "device";
in
{
  microvm.qemu.extraArgs = [
    "-chardev"
    "socket,id=fleet-agent,path=fleet-agent.sock,server=on,wait=off"
    "-device"
    "virtio-serial-\${bus}"
    "-device"
    "virtserialport,chardev=fleet-agent,name=fleet.agent.0"
  ];

  boot.kernelModules = [ "virtio_console" ];

  systemd.services.fleet-agent = {
    description = "Tell the hypervisor how this guest is";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      CPUWeight = 20;
      MemoryMax = "32M";
      NoNewPrivileges = true;
      PrivateNetwork = true;
      PrivateTmp = true;
      ProtectHome = "read-only";
      ProtectSystem = "strict";
      Restart = "always";
      RestartSec = 30;
    };
    script = builtins.readFile ./agent.sh;
  };
}
`);

export const guestAgentFiles: readonly (readonly [path: string, text: string])[] = [
  [guestAgentModulePath, guestAgentModule],
  ['modules/agent.sh', rendered(agentScript)],
];
