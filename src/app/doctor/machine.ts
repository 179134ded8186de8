import { isIP } from 'node:net';
import type { DeskTools, Way } from '../../host/desk.ts';
import { contains, parseAddress, parseSubnet } from '../../model/addresses.ts';
import { FleetError } from '../../model/errors.ts';
import { Examination } from '../../model/examined.ts';
import type { Facts } from '../../model/facts.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { DoctorPorts } from '../ports.ts';
import { attempt } from './git.ts';

/** Node and ssh. */
export async function examineMachine({ desk, node }: DoctorPorts): Promise<Examination> {
  const found = new Examination('this machine');
  found.ok(`node ${node}`);
  const ssh = await attempt(desk.sshVersion());
  if (ssh instanceof FleetError) found.failed('ssh', ssh);
  else found.ok(ssh || 'ssh');
  return found;
}

/** Who let none of our keys in. */
export interface Refused {
  /** Names of hypervisors. */
  readonly hypervisors: ReadonlySet<string>;
  /** Whether the git remote refused us, too. */
  readonly git: boolean;
}

/**
 * The agents that ssh asks for keys. One that does not answer is a finding only where nothing else lets us in: a socket
 * often outlives its agent, and key files often suffice.
 */
export async function examineAgents(
  found: Examination,
  { desk, surroundings }: Pick<DoctorPorts, 'desk' | 'surroundings'>,
  ways: ReadonlyMap<string, Way>,
  refused: Refused,
): Promise<void> {
  const askers = [...ways].map(([name, { agentSocket }]) => ({
    name,
    agentSocket,
    isRefused: refused.hypervisors.has(name),
  }));
  // git asks the agent of the environment, and nobody else is known to where there is no hypervisor.
  if (refused.git || askers.length === 0)
    askers.push({
      name: 'the git remote',
      agentSocket: surroundings.env.SSH_AUTH_SOCK,
      isRefused: refused.git,
    });
  for (const [socket, own] of Map.groupBy(askers, ({ agentSocket }) => agentSocket)) {
    if (socket === undefined || socket === '') continue;
    const keys = await desk.agentKeys(socket);
    if (keys !== undefined && keys > 0) {
      found.ok(`agent with ${keys} key${keys === 1 ? '' : 's'}`);
      continue;
    }
    const without = own.filter(({ isRefused }) => isRefused).map(({ name }) => name);
    const [seen, fix] =
      keys === undefined
        ? [
            `no ssh-agent answers at ${socket}`,
            'Start one and give it a key: eval "$(ssh-agent)" && ssh-add',
          ]
        : [`the ssh-agent at ${socket} holds no key`, 'ssh-add'];
    if (without.length === 0) found.note('agent', `${seen}: only key files are tried`, fix);
    else
      found.wrong(
        'agent',
        `${seen}, and no key file lets us in: ${without.join(', ')} refuse${without.length === 1 ? 's' : ''} us`,
        fix,
      );
  }
}

/** Where ssh goes for each hypervisor, as far as ssh_config makes sense; who connects says what does not. */
export async function waysTo(
  desk: DeskTools,
  hypervisors: readonly Hypervisor[],
): Promise<Map<string, Way>> {
  const ways = await Promise.all(
    hypervisors.map(async ({ name, ssh }) => {
      const way = await attempt(desk.wayTo(ssh));
      return way instanceof FleetError ? [] : [[name, way] as const];
    }),
  );
  return new Map(ways.flat());
}

/** A hypervisor, and what it said where it was reached. */
export interface Reached {
  readonly name: string;
  readonly facts: Facts | undefined;
}

/** Whether a tailnet is in use from here, and is there. Of names that resolve to nothing it cannot be told. */
export async function examineTailnet(
  found: Examination,
  desk: DeskTools,
  ways: ReadonlyMap<string, Way>,
  all: readonly Reached[],
): Promise<void> {
  const kinds = await Promise.all(
    all.map(async ({ name, facts }) => ({
      name,
      facts,
      kind: await kindOf(desk, ways.get(name), facts),
    })),
  );
  const names = (kind: Kind) => kinds.filter((one) => one.kind === kind).map(({ name }) => name);
  const inside = names('inside');
  const silent = kinds
    .filter(({ kind, facts }) => kind === 'inside' && !facts)
    .map(({ name }) => name);
  if (silent.length > 0) {
    const state = await desk.tailscale();
    const who = `${silent.join(', ')} ${silent.length === 1 ? 'is' : 'are'} in a tailnet and not reached`;
    if (state === undefined)
      found.note(
        'tailnet',
        `${who}; whether this machine is in it cannot be told: no tailscale command here says so`,
      );
    else if (state === 'Running') found.ok('tailnet');
    else found.wrong('tailnet', `${who}: tailscale here is ${state}`, 'tailscale up');
  } else if (inside.length > 0) found.ok('tailnet');
  const untold = names('untold');
  if (untold.length > 0)
    found.note(
      'tailnet',
      `whether ${untold.join(', ')} ${untold.length === 1 ? 'is' : 'are'} in a tailnet cannot be told: not reached, and the name says nothing here`,
      'If so, see: tailscale status',
    );
}

type Kind = 'inside' | 'outside' | 'untold';

async function kindOf(
  desk: DeskTools,
  way: Way | undefined,
  facts: Facts | undefined,
): Promise<Kind> {
  if (facts) return isInside(facts.ownAddress ?? '') ? 'inside' : 'outside';
  if (!way) return 'untold';
  const { hostname, isProxied } = way;
  if (/\.ts\.net\.?$/i.test(hostname) || isInside(hostname)) return 'inside';
  if (isIP(hostname) !== 0) return 'outside';
  // Somebody else resolves it.
  const addresses = isProxied ? [] : await desk.addressesOf(hostname);
  if (addresses.length === 0) return 'untold';
  return addresses.some(isInside) ? 'inside' : 'outside';
}

/** Where tailscale has the addresses of every tailnet. */
const tailnet = parseSubnet('100.64.0.0/10');

function isInside(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed !== undefined && tailnet) return contains(tailnet, parsed);
  return /^fd7a:115c:a1e0:/i.test(address);
}
