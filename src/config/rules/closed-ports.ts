import { expandConfig } from '../../model/config.ts';
import type { Data, Port } from '../../model/fleet.ts';
import type { Code } from '../codes.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftVm } from '../normalise.ts';
import { published } from '../ports.ts';
import { type Fields, isFields } from '../tree.ts';
import { isSshdElsewhere, servicesOf } from './services.ts';

/**
 * What is published or checked gets through the guest's own firewall, which NixOS has on. A check that
 * cannot is an error: with it the whole deployment would be rolled back. Nothing is said where something
 * may open ports that cannot be seen here.
 */
export function* closedPorts({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    const { modules, config, publish, checks } = vm.merged;
    if (modules.length > 0 || publish.length + checks.length === 0) continue;
    const tree = expandConfig(config);
    if (mayOpenOthers(tree)) continue;
    const said = new Set<string>();
    for (const { code, port, protocol, path } of [...checked(vm), ...publishedOf(vm)]) {
      const name = `${port}/${protocol}`;
      if (said.has(name) || isOpen(tree, protocol, port)) continue;
      said.add(name);
      yield {
        code,
        path,
        on: 'key',
        message: `port ${name} is closed by the firewall inside vm ${vm.name}`,
        hint: `add config: { networking.firewall.${allowed(protocol)}: [${port}] }`,
      };
    }
  }
}

/** Of the guest's sshd, by which run checks come. */
const sshPort = 22;

const allowed = (protocol: Port['protocol']): string => `allowed${protocol.toUpperCase()}Ports`;

const isSshdOff = ({ merged }: DraftVm): boolean => servicesOf(merged).openssh?.enable === false;

/** A port that somebody outside of the guest is to reach, and where that is written. */
interface Wanted extends Port {
  readonly code: Code;
  readonly path: Path;
}

function* checked(vm: DraftVm): Iterable<Wanted> {
  const tcp = { code: 'E542', protocol: 'tcp' } as const;
  for (const { path, settings } of vm.layers) {
    for (const [i, check] of (settings.checks ?? []).entries()) {
      const at = [...path, 'checks', i];
      if (check.tcp !== undefined) yield { ...tcp, port: check.tcp, path: [...at, 'tcp'] };
      if (check.http) yield { ...tcp, port: check.http.port, path: [...at, 'http', 'port'] };
      // Where sshd is off or listens elsewhere, another rule says so.
      if (check.run !== undefined && !isSshdOff(vm) && !isSshdElsewhere(vm)) {
        yield { ...tcp, port: sshPort, path: [...at, 'run'] };
      }
    }
  }
}

function* publishedOf(vm: DraftVm): Iterable<Wanted> {
  for (const { path, settings } of vm.layers) {
    for (const [i, text] of (settings.publish ?? []).entries()) {
      const { to, protocol } = published(text);
      yield { code: 'W502', port: to, protocol, path: [...path, 'publish', i] };
    }
  }
}

const get = (data: Data | undefined, ...names: readonly string[]): Data | undefined =>
  names.reduce((value, name) => (isFields(value) ? value[name] : undefined), data);

const list = (data: Data | undefined): readonly Data[] => (Array.isArray(data) ? data : []);

function isOpen(tree: Fields, protocol: Port['protocol'], port: number): boolean {
  const firewall = get(tree, 'networking', 'firewall');
  const ranges = list(get(firewall, allowed(protocol).replace(/s$/, 'Ranges')));
  return (
    list(get(firewall, allowed(protocol))).includes(port) ||
    ranges.some(
      (range) => Number(get(range, 'from')) <= port && port <= Number(get(range, 'to')),
    ) ||
    (protocol === 'tcp' && sshdPorts(get(tree, 'services', 'openssh')).includes(port))
  );
}

/** sshd runs in every guest, and its module opens its ports unless told otherwise. */
function sshdPorts(openssh: Data | undefined): readonly Data[] {
  if (get(openssh, 'enable') === false || get(openssh, 'openFirewall') === false) return [];
  const ports = get(openssh, 'ports');
  return ports === undefined ? [sshPort] : list(ports);
}

/** Whether there is no firewall, or ports may be open that no list of ports names. */
function mayOpenOthers(tree: Fields): boolean {
  const firewall = get(tree, 'networking', 'firewall') ?? {};
  return (
    get(firewall, 'enable') === false ||
    // By interface, or in the firewall's own words.
    Object.keys(firewall).some((key) => /^(interfaces|trusted|extra)/.test(key)) ||
    // Containers publish theirs, and what is forwarded is not for the firewall.
    get(tree, 'virtualisation') !== undefined ||
    get(tree, 'networking', 'nat') !== undefined ||
    opens(tree)
  );
}

/** `openFirewall: true`, as many services have it, and the like. */
const opens = (data: Data): boolean =>
  isFields(data) &&
  Object.entries(data).some(([key, value]) =>
    value === true ? /^open[A-Z]/.test(key) : opens(value),
  );
