import {
  bridgeName,
  macAddress,
  maxInterfaceName,
  tailscaleInterface,
  tapName,
} from '../../model/names.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** Vms and hypervisors share the names of nixosConfigurations. */
export function* uniqueNames({ known }: Draft): Iterable<Finding> {
  for (const name of known.vms ?? []) {
    if (!known.hypervisors?.has(name)) continue;
    const message = `"${name}" is already the name of a hypervisor`;
    yield { code: 'E302', path: ['vms', name], on: 'key', message, hint: 'rename one of the two' };
  }
}

/** Each profile is rendered to a file of its name, and some file systems ignore case. */
export function* profileFiles({ yaml }: Draft): Iterable<Finding> {
  const seen = new Map<string, string>();
  for (const name of Object.keys(yaml.profiles ?? {})) {
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other === undefined) continue;
    yield {
      code: 'E307',
      path: ['profiles', name],
      on: 'key',
      message: `"${name}" and "${other}" differ in case alone`,
      hint: 'rename one of the two: each gets a file of its name',
    };
  }
}

/** net.ipv4.conf has other meanings for these names; networkd takes a number for an index. */
const isNoInterface = (name: string): boolean => /^(all|default|[0-9]+)$/.test(name);

/** A bridge needs a name that Linux allows and that no TAP can have. */
export function* bridgeNames({ networks }: Draft): Iterable<Finding> {
  for (const { name, path, yaml } of networks.values()) {
    const bridge = yaml.bridge ?? bridgeName(name);
    if (bridge.length > maxInterfaceName) {
      const message = `its bridge "${bridge}" would have more than ${maxInterfaceName} characters`;
      const hint = `add bridge: ${bridge.slice(0, maxInterfaceName).replace(/-+$/, '')}`;
      yield { code: 'E303', path, on: 'key', message, hint };
    } else if (bridge.startsWith('vm-') || isNoInterface(bridge)) {
      yield {
        code: 'E303',
        path: [...path, 'bridge'],
        message: isNoInterface(bridge)
          ? `no interface can be called "${bridge}"`
          : `"${bridge}" begins like the TAP interface of a vm`,
        hint: `write ${bridgeName(name)}`,
      };
    }
  }
}

/** Uplink, bridges and TAPs of a hypervisor need different names. */
export function* interfaces({ hypervisors }: Draft): Iterable<Finding> {
  for (const { yaml, vms, networks } of hypervisors.values()) {
    const taken = new Map<string, string>([['lo', 'the loopback interface']]);
    if (yaml.uplink !== undefined) taken.set(yaml.uplink, 'the uplink');
    if (yaml.tailscale?.enable) taken.set(tailscaleInterface, 'tailscale');
    const claim = function* (name: string, owner: string, path: Path, hint: string) {
      const other = taken.get(name);
      if (other === undefined) {
        taken.set(name, owner);
        return;
      }
      const message = `the interface "${name}" of ${owner} is already that of ${other}`;
      yield { code: 'E304', path, on: 'key', message, hint } as const;
    };
    for (const { name, path, yaml: network } of networks) {
      const bridge = network.bridge ?? bridgeName(name);
      const at = network.bridge === undefined ? path : [...path, 'bridge'];
      yield* claim(bridge, `network ${name}`, at, 'give the network another bridge');
    }
    for (const { name, path, links } of vms) {
      for (const further of new Set(links.map((link) => link.further))) {
        yield* claim(tapName(name, further), `vm ${name}`, path, 'rename the vm');
      }
    }
  }
}

/** Names differ, but their hashes may not. */
export function* macAddresses({ vms }: Draft): Iterable<Finding> {
  const taken = new Map<string, string>();
  for (const { name, path, links } of vms.values()) {
    for (const { further } of links) {
      const mac = macAddress(name, further);
      const other = taken.get(mac);
      if (other !== undefined && other !== name) {
        const message = `"${name}" gets the MAC address ${mac} that "${other}" has`;
        yield { code: 'E305', path, on: 'key', message, hint: 'rename one of the two' };
      }
      taken.set(mac, other ?? name);
    }
  }
}
