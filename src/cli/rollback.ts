import { chooseGenerations, type Numbers, type Returns } from '../deploy/choose-generations.ts';
import { type Answer, askAll, type Contact, connectAll, saidBy } from '../deploy/connect-all.ts';
import type { Ports } from '../deploy/ports.ts';
import { declaredBy, returning } from '../deploy/rollback.ts';
import { exitCodeOf, type RolloutInput, rollOut } from '../deploy/rollout.ts';
import type { Generations } from '../host/generations.ts';
import type { Host } from '../host/host.ts';
import { readGenerations } from '../host/hypervisor/look.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import { timestamp } from '../model/time.ts';
import { resultsDocument } from '../report/result-json.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { knownConfig } from './known-config.ts';
import { liveReporter } from './live.ts';
import { type Invocation, lockTimeout, refusePointless } from './options.ts';
import { newDeployment, realPorts } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';
import { unlocked } from './unlocked.ts';

export interface RollbackOptions {
  readonly to?: readonly string[];
  readonly list?: boolean;
  readonly yes?: boolean;
  readonly lockTimeout?: string;
  readonly json?: boolean;
}

/** `fleet rollback`: needs fleet.yaml and ssh, and neither git, nor Nix, nor a working build. */
export async function rollbackCommand(
  invocation: Invocation,
  options: RollbackOptions,
  names: readonly string[],
): Promise<number> {
  if (options.list)
    refusePointless(options, ['--to', '--yes', '--lock-timeout'], '--list rolls nothing back');
  const patience = lockTimeout(options.lockTimeout);
  const numbers = readNumbers(names, options.to ?? []);
  const { index } = await knownConfig(invocation.common);
  const ports = realPorts(invocation.common);
  const hypervisors = locate(index, names);
  const until = ports.clock.now() + patience;
  let contacts: readonly Contact[] = await connectAll(
    index.fleet.hypervisors.filter((h) => hypervisors.has(h.name)),
    ports,
  );
  try {
    sayUnknownState(contacts);
    const isList = options.list || names.length === 0;
    if (!isList) contacts = await unlocked(contacts, ports.clock, until, invocation.signal);
    const known = await askAll(contacts, (host) => readGenerations(host));
    if (isList) {
      listGenerations(index, known, names, options.json ?? false);
      if (names.length === 0 && !options.list)
        process.stderr.write('\nName what to roll back: fleet rollback NAME…\n');
      if (names.length === 0 && !options.list) return exitCodes.usage;
      return known.some(({ answer }) => answer instanceof Error) ? exitCodes.failed : exitCodes.ok;
    }
    const lost = known.find(({ answer }) => answer instanceof Error);
    if (lost) throw lost.answer;
    const work = choose(hypervisors, contacts, known, numbers);
    // With --json standard output has the one document.
    (options.json ? process.stderr : process.stdout).write(announcement(work));
    if (!options.yes && !(await confirm('Roll back?', invocation.signal))) {
      process.stderr.write('Nothing was changed.\n');
      if (options.json) process.stdout.write(resultsDocument('rollback', [], { declined: true }));
      return exitCodes.failed;
    }
    return await carryOut(index, work, ports, invocation, patience, options.json ?? false);
  } finally {
    for (const contact of contacts) contact.host?.close();
  }
}

interface Work {
  readonly contact: Contact;
  readonly host: Host;
  readonly generations: Generations;
  readonly returns: Returns;
}

/** Hypervisor → its targets among the names; all hypervisors when no name is given. */
function locate(index: FleetIndex, names: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  if (names.length === 0)
    for (const { name } of index.fleet.hypervisors) found.set(name, new Set());
  for (const name of names) {
    const hypervisor = index.hypervisors.has(name) ? name : index.vms.get(name)?.on;
    if (!hypervisor) {
      throw new FleetError(
        'rollback.unknown',
        `fleet.yaml has no vm or hypervisor called ${name}`,
        { exitCode: exitCodes.usage },
      );
    }
    const targets = found.get(hypervisor) ?? new Set();
    found.set(hypervisor, targets.add(name === hypervisor ? systemName : name));
  }
  return found;
}

function choose(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  contacts: readonly Contact[],
  known: readonly Answer<Generations>[],
  numbers: Numbers,
): Work[] {
  return contacts.map((contact, i): Work => {
    const hypervisor = contact.hypervisor.name;
    const generations = known[i]?.answer as Generations;
    const own = new Map(
      [...numbers].map(([name, n]) => [name === hypervisor ? systemName : name, n] as const),
    );
    const returns = chooseGenerations(
      { hypervisor, generations, facts: contact.facts as Facts, numbers: own },
      [...(wanted.get(hypervisor) ?? [])],
    );
    return { contact, host: contact.host as Host, generations, returns };
  });
}

/** `--to N` with one name, `--to NAME=N` with any. @throws FleetError of usage */
export function readNumbers(names: readonly string[], to: readonly string[]): Numbers {
  return new Map(
    to.map((text) => {
      const at = text.lastIndexOf('=');
      const name = at < 0 ? names[0] : text.slice(0, at);
      const number = text.slice(at + 1);
      const refuse = (why: string, hint?: string) =>
        new FleetError('rollback.bad-generation', `--to ${text}: ${why}`, {
          exitCode: exitCodes.usage,
          ...(hint && { hint }),
        });
      if (at < 0 && names.length > 1)
        throw refuse('which of them is meant?', `Write --to NAME=${number}, once for each name.`);
      if (name === undefined) throw refuse('there is no name: what is to be rolled back?');
      if (!names.includes(name)) throw refuse(`${name} is not among the names to roll back`);
      if (number !== 'kept' && !/^[0-9]{1,9}$/.test(number))
        throw refuse(`${number} is not a generation number`);
      return [name, number === 'kept' ? 'kept' : Number(number)] as const;
    }),
  );
}

/** Guests that restart though nobody named them. */
function restarts(
  { facts }: Contact,
  returns: Returns,
  generations: Generations,
  name: string,
): string {
  const system = returns.get(name);
  if (name !== systemName || !system || facts instanceof Error) return '';
  const all = declaredBy(system, generations).filter(
    (vm) => !returns.has(vm) && facts.vms.get(vm)?.unit.active === 'active',
  );
  return all.length > 0
    ? `\n  restarts ${all.join(', ')}: this system has them in microvm.vms, and its switch restarts what it declares`
    : '';
}

function announcement(work: readonly Work[]): string {
  const lines = work.flatMap(({ contact, generations, returns }) =>
    [...returns].map(([name, g]) => {
      const since = g.since > 0 ? ` of ${timestamp(g.since)}` : '';
      return `${name === systemName ? contact.hypervisor.name : name}  → generation ${g.number ?? '(kept by fleet)'}${since}\n  ${g.path}${restarts(contact, returns, generations, name)}`;
    }),
  );
  return `${lines.join('\n')}\nVolumes stay as they are: data is not rolled back.\n`;
}

async function carryOut(
  index: FleetIndex,
  work: readonly Work[],
  ports: Ports,
  invocation: Invocation,
  lockTimeout: number,
  json: boolean,
): Promise<number> {
  const deployment = newDeployment('rollback');
  const live = await liveReporter(
    work.map((w) => w.contact.hypervisor.name),
    { deployment, confirm: index.fleet.rollout.confirm },
  );
  const rollout: RolloutInput = {
    deployment,
    index,
    members: work.map(({ contact, host, returns }) => ({
      hypervisor: contact.hypervisor.name,
      host,
      facts: contact.facts as Facts,
      vms: [...returns.keys()].filter((name) => name !== systemName),
    })),
    canary: new Set(),
    // Each was asked for by name: one that fails is no reason to leave the others on what is bad.
    onFailure: 'revert-hypervisor',
    ports,
    emit: live.emit,
    signal: invocation.signal,
    lockTimeout,
    plan: async () =>
      new Map(
        work.map(({ contact, returns, generations }) => [
          contact.hypervisor.name,
          returning(returns, generations, deployment.operator),
        ]),
      ),
  };
  const results = await invocation
    .changing(live.becomes, () => rollOut(rollout))
    .finally(() => live.finish());
  if (json) process.stdout.write(resultsDocument('rollback', results, {}));
  else process.stdout.write(resultText(results, styleFor(process.stdout)));
  return exitCodeOf(results);
}

function listGenerations(
  index: FleetIndex,
  known: readonly Answer<Generations>[],
  names: readonly string[],
  json: boolean,
): void {
  const rows = known.flatMap(({ hypervisor, answer }) =>
    answer instanceof Error
      ? []
      : answer.all
          .map((g) => ({
            ...g,
            name: g.name === systemName ? hypervisor.name : g.name,
            hypervisor: hypervisor.name,
          }))
          .filter((g) => names.length === 0 || names.includes(g.name)),
  );
  for (const { hypervisor, answer } of known) {
    if (answer instanceof Error) process.stderr.write(`${saidBy(hypervisor.name, answer)}\n`);
  }
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ kind: 'generations', version: 1, generations: rows }, null, 2)}\n`,
    );
    return;
  }
  const width = Math.max(4, ...rows.map((r) => r.name.length));
  for (const row of rows) {
    const number = String(row.number ?? 'kept').padStart(4);
    const since = row.since > 0 ? timestamp(row.since) : ' '.repeat(20);
    const kind = index.hypervisors.has(row.name) ? 'hypervisor' : 'vm';
    process.stdout.write(
      `${row.current ? '*' : ' '} ${row.name.padEnd(width)} ${number}  ${since}  ${kind}\n    ${row.path}\n`,
    );
  }
}
