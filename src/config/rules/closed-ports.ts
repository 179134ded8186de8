import { expandConfig } from '../../model/config.ts';
import type { Data, Port } from '../../model/fleet.ts';
import type { Code } from '../codes.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftVm } from '../normalise.ts';
import { published } from '../ports.ts';
import { type Fields, isFields } from '../tree.ts';
import { isSshdElsewhere, servicesOf } from './services.ts';

/**
 * Published and checked ports have to be open in the guest's own firewall, which NixOS turns on. A closed port that is
 * checked is an error, because the whole deployment would roll back for it. Not reported if something that cannot be seen
 * here may open ports.
 */
export function* closedPorts({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    const { modules, config, publish, checks, exports } = vm.merged;
    if (modules.length > 0 || publish.length + checks.length + exports.length === 0) continue;
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

/** The port of the guest's sshd, which run checks and exports use. */
const sshPort = 22;

const allowed = (protocol: Port['protocol']): string => `allowed${protocol.toUpperCase()}Ports`;

const isSshdOff = ({ merged }: DraftVm): boolean => servicesOf(merged).openssh?.enable === false;

/** A port that has to be reachable from outside the guest, and where that is written. */
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
      // Another rule reports an sshd that is off or listens on another port.
      if (check.run !== undefined && !isSshdOff(vm) && !isSshdElsewhere(vm)) {
        yield { ...tcp, port: sshPort, path: [...at, 'run'] };
      }
    }
    if (settings.exports?.length && !isSshdOff(vm) && !isSshdElsewhere(vm))
      yield { ...tcp, port: sshPort, path: [...path, 'exports'] };
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

/** The ports of sshd, which runs in every guest and opens them unless it is told not to. */
function sshdPorts(openssh: Data | undefined): readonly Data[] {
  if (get(openssh, 'enable') === false || get(openssh, 'openFirewall') === false) return [];
  const ports = get(openssh, 'ports');
  return ports === undefined ? [sshPort] : list(ports);
}

/** Whether the firewall is off, or something other than lists of ports may open ports. */
function mayOpenOthers(tree: Fields): boolean {
  const firewall = get(tree, 'networking', 'firewall') ?? {};
  return (
    get(firewall, 'enable') === false ||
    // By interface, or as firewall commands.
    Object.keys(firewall).some((key) => /^(interfaces|trusted|extra)/.test(key)) ||
    // Containers publish ports, and forwarded ports bypass this firewall.
    get(tree, 'virtualisation') !== undefined ||
    get(tree, 'networking', 'nat') !== undefined ||
    opens(tree)
  );
}

/** `openFirewall: true`, an option of many services, and similar ones. */
const opens = (data: Data): boolean =>
  isFields(data) &&
  Object.entries(data).some(([key, value]) =>
    value === true ? /^open[A-Z]/.test(key) : opens(value),
  );
