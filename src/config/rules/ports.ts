import type { Data } from '../../model/fleet.ts';
import { parseSshTarget } from '../../model/ssh-target.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftHypervisor, DraftVm } from '../normalise.ts';
import { egressPorts, published } from '../ports.ts';
import { runsTailscale, servicesOf } from './services.ts';

const lastPort = 65_535;

/** Port numbers that the schema's pattern allows but that do not exist. */
export function* portNumbers({ networks, layers }: Draft): Iterable<Finding> {
  for (const { path, yaml } of networks.values()) {
    if (yaml.egress === undefined || typeof yaml.egress === 'string') continue;
    for (const [i, text] of yaml.egress.entries()) {
      const [only] = egressPorts([text]) as readonly { port: number }[];
      if (only!.port > lastPort) yield tooLarge(only!.port, [...path, 'egress', i]);
    }
  }
  for (const { path, settings } of layers) {
    for (const [i, text] of (settings.publish ?? []).entries()) {
      const { port, to } = published(text);
      const largest = Math.max(port, to);
      if (largest > lastPort) yield tooLarge(largest, [...path, 'publish', i]);
    }
  }
}

const tooLarge = (port: number, path: Path): Finding => ({
  code: 'E206',
  path,
  message: `${port} is not a port`,
  hint: `ports go up to ${lastPort}`,
});

/** A port of an uplink can be published to one guest only, and not if the hypervisor's sshd or tailscale uses it. */
export function* publishedPorts({ hypervisors }: Draft): Iterable<Finding> {
  for (const hypervisor of hypervisors.values()) {
    const { name, yaml, vms } = hypervisor;
    const taken = new Map<string, string>([
      ...sshdPorts(hypervisor).map((port) => [`${port}/tcp`, `sshd of ${name}`] as const),
      ...tailscalePorts(hypervisor).map((port) => [`${port}/udp`, `tailscale of ${name}`] as const),
    ]);
    for (const vm of vms) {
      for (const text of vm.merged.publish) {
        const path = writtenAt(vm, text);
        const { port, protocol } = published(text);
        const key = `${port}/${protocol}`;
        const owner = taken.get(key);
        if (yaml.uplink === undefined) {
          const message = `vm ${vm.name} publishes a port, but ${name} has no uplink`;
          yield { code: 'E415', path, message, hint: `set hypervisors.${name}.uplink` };
        } else if (owner !== undefined) {
          const message = `port ${key} of ${name} is already taken by ${owner}`;
          yield { code: 'E414', path, message, hint: 'publish it as another one' };
        }
        if (owner === undefined) taken.set(key, `vm ${vm.name}`);
      }
    }
  }
}

/** The port that fleet connects to, and those that sshd listens on. */
function sshdPorts({ yaml }: DraftHypervisor): number[] {
  const target = typeof yaml.ssh === 'string' ? parseSshTarget(yaml.ssh) : yaml.ssh;
  const told = 'problem' in target ? undefined : target.port;
  const { ports } = servicesOf(yaml).openssh ?? {};
  const listens = Array.isArray(ports) ? (ports as readonly Data[]) : [22];
  return [told, ...listens].filter((one) => typeof one === 'number');
}

/** The port on which peers reach tailscale directly. */
function tailscalePorts({ yaml }: DraftHypervisor): number[] {
  const { port = 41_641 } = servicesOf(yaml).tailscale ?? {};
  return runsTailscale(yaml) && typeof port === 'number' ? [port] : [];
}

function writtenAt(vm: DraftVm, text: string): Path {
  for (const { path, settings } of vm.layers.toReversed()) {
    const i = settings.publish?.indexOf(text) ?? -1;
    if (i >= 0) return [...path, 'publish', i];
  }
  return vm.path;
}
