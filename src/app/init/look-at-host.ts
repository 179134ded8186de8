import { isIP } from 'node:net';
import { stringify } from 'yaml';
import { readFleet } from '../../config/read-fleet.ts';
import type { FoundLoader } from '../../host/answers/boot-loader.ts';
import type { Runners } from '../../host/answers/runners.ts';
import { inspect, readFacts, readRunners } from '../../host/hypervisor/look.ts';
import { ConfigError, FleetError } from '../../model/errors.ts';
import type { Emit } from '../../model/events.ts';
import type { Facts } from '../../model/facts.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import { looking } from '../looking.ts';
import type { Ports } from '../ports.ts';

export interface LookAtHostInput {
  /** user@host[:port], or a Host of ssh_config. */
  readonly ssh: string;
  /** Reads its networks and vms, too; then it has to answer, otherwise it may be out of reach. */
  readonly reads: boolean;
  /** Everything that it would be asked is known already. */
  readonly isKnown: boolean;
}

/** What a host says about itself. */
export interface SeenHost {
  /** The first label of its host name, as a name for the hypervisor. */
  readonly name?: string | undefined;
  readonly system?: string | undefined;
  readonly stateVersion?: string | undefined;
  readonly uplink?: string | undefined;
  readonly hardware?: string | undefined;
  /** The file on the host that this is a copy of; undefined: nixos-generate-config has just generated it. */
  readonly hardwareFile?: string | undefined;
  /** The fleet that deployed there last. */
  readonly fleet?: string | undefined;
  readonly user?: string;
  /** The ports that sshd listens on. */
  readonly port?: number | undefined;
  readonly loader?: FoundLoader;
  /** Only if networks and vms were read. */
  readonly found?: { readonly facts: Facts; readonly runners: Runners };
}

/**
 * Looks at a host that fleet does not know yet: nothing is changed there.
 * @throws FleetError `init.deployed` when it belongs to a fleet already; `ssh.*`; Interrupted
 */
export async function lookAtHost(
  ports: Ports,
  input: LookAtHostInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<SeenHost> {
  const hypervisor = firstHypervisor(input.ssh);
  const seen = await look(ports, hypervisor, input, emit, signal);
  if (seen.fleet === undefined) return seen;
  throw new FleetError('init.deployed', `${input.ssh} belongs to fleet "${seen.fleet}"`, {
    hint: `Nothing was written. Use that fleet's repository; a copy is on the hypervisor:\n  git clone ${shellQuote(`ssh://${input.ssh}${hypervisor.checkout}`)}\nTo take it over, delete /var/lib/fleet/fleet there.`,
  });
}

async function look(
  ports: Ports,
  hypervisor: Hypervisor,
  { ssh, reads, isKnown }: LookAtHostInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<SeenHost> {
  // With an unusual port, only the host knows which ones its sshd listens on.
  const { port = 22 } = hypervisor.ssh;
  if (port === 22 && isKnown && !reads) return {};
  try {
    return await looking(ports, signal, async ({ connector }) => {
      const host = await connector.connect(hypervisor);
      const seen = { ...(await inspect(host)), user: host.user };
      if (!reads) return seen;
      const facts = await readFacts(host, hypervisor, 'full');
      return { ...seen, found: { facts, runners: await readRunners(host) } };
    });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'interrupted' || reads) throw error;
    const hint = error.hint ? `\n${error.hint}` : '';
    emit({ type: 'note', text: `could not inspect ${ssh}: ${error.message}${hint}` });
    return {};
  }
}

/** A host of which only `ssh:` is known, read by the same code as fleet.yaml's. @throws ConfigError */
export function firstHypervisor(ssh: string): Hypervisor {
  const text = stringify({
    version: 1,
    name: 'init',
    hypervisors: { host: { ssh, system: 'x86_64-linux', stateVersion: '25.11' } },
  });
  const read = readFleet(text, '--ssh');
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);
  return read.fleet.hypervisors[0]!;
}

/** A name for the hypervisor: the first label of its host name; an address gives none. */
export function nameOfHost(ssh: string): string | undefined {
  const host = (ssh.split('@').at(-1) ?? '').replace(/^\[|\]?(:\d+)?$/g, '');
  return isIP(host) ? undefined : host.split('.')[0]?.toLowerCase();
}
