import { askAll, connectAll, saidBy } from '../deploy/connect-all.ts';
import { readHistory } from '../host/hypervisor/look.ts';

import { exitCodes, FleetError } from '../model/errors.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { type HistoryEntry, historyText } from '../report/history-text.ts';
import { styleFor } from '../report/style.ts';
import { knownConfig } from './known-config.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';

export interface HistoryOptions {
  readonly last?: string;
  readonly json?: boolean;
}

/** Fewer characters of an id or a commit say nothing. */
const shortest = 4;

/** `fleet history [NAME]`: what hypervisors remember, the youngest first: of all, or of what is named. */
export async function historyCommand(
  invocation: Invocation,
  options: HistoryOptions,
  [name]: readonly string[],
): Promise<number> {
  const last = lastOf(options);
  const { index } = await knownConfig(invocation.common);
  const contacts = await connectAll(hypervisorsOf(index, name), realPorts(invocation.common));
  try {
    sayUnknownState(contacts);
    const answers = await askAll(contacts, (host) => readHistory(host));
    const read = answers.map(({ hypervisor: { name: hypervisor }, answer }, i): HistoryEntry[] => {
      const facts = contacts[i]?.facts;
      const all = facts instanceof Error ? [] : (facts?.open ?? []);
      const openOf = (id: string) => all.find((one) => one.id === id);
      if (!(answer instanceof Error))
        return answer.map((deployment) => {
          const open = openOf(deployment.id);
          return { hypervisor, deployment, ...(open && { open }) };
        });
      process.stderr.write(
        `${saidBy(hypervisor, answer)}\n${hypervisor} could not be asked: what it remembers is not among these.\n`,
      );
      return [];
    });
    const silent = answers.flatMap(({ hypervisor, answer }) =>
      answer instanceof Error ? [hypervisor.name] : [],
    );
    const all = read
      .flat()
      .filter((entry) => isAbout(index, entry, name))
      .sort((a, b) => b.deployment.started - a.deployment.started);
    if (name !== undefined && all.length === 0 && silent.length === 0 && !isOfFleet(index, name))
      throw unknown(name);
    const entries = all.slice(0, last);
    if (options.json)
      process.stdout.write(`${JSON.stringify(document(entries, silent), null, 2)}\n`);
    else if (silent.length < answers.length && entries.length === 0)
      process.stderr.write(
        `${silent.length === 0 ? 'No deployments are recorded' : 'No deployments are recorded on the others'}.\n`,
      );
    else process.stdout.write(historyText(entries, styleFor(process.stdout)));
    return silent.length > 0 ? exitCodes.failed : exitCodes.ok;
  } finally {
    for (const contact of contacts) contact.host?.close();
  }
}

/** How many are shown. @throws FleetError for what is no number. */
function lastOf({ last, json }: HistoryOptions): number {
  if (last === undefined) return json ? Number.POSITIVE_INFINITY : 20;
  if (/^\d+$/.test(last)) return Number(last);
  throw new FleetError('options.number', `--last ${last} is not a number`, {
    exitCode: exitCodes.usage,
  });
}

const isOfFleet = (index: FleetIndex, name: string): boolean =>
  index.hypervisors.has(name) || index.vms.has(name);

/** Those that may remember something of it. */
function hypervisorsOf(index: FleetIndex, name = ''): readonly Hypervisor[] {
  const on = index.hypervisors.get(name) ?? index.hypervisors.get(index.vms.get(name)?.on ?? '');
  return on ? [on] : index.fleet.hypervisors;
}

function unknown(name: string): FleetError {
  return new FleetError(
    'history.unknown',
    `there is no record of ${name}: it is not a vm or hypervisor, nor a deployment, commit or branch that was deployed`,
    {
      exitCode: exitCodes.usage,
      hint: 'fleet history lists what there is; --last 100 shows more.',
    },
  );
}

/** Named are a hypervisor, a vm (also one that left), a branch, or the beginning of an id or a commit. */
function isAbout(
  index: FleetIndex,
  { deployment }: HistoryEntry,
  name: string | undefined,
): boolean {
  if (name === undefined || index.hypervisors.has(name)) return true;
  const { id, commit, branch, targets, after } = deployment;
  if (targets.includes(name) || after.has(name)) return true;
  if (index.vms.has(name)) return false;
  return (
    branch === name ||
    (name.length >= shortest && (id.startsWith(name) || commit?.startsWith(name) === true))
  );
}

function document(entries: readonly HistoryEntry[], unreachable: readonly string[]): object {
  return {
    kind: 'history',
    version: 1,
    unreachable,
    deployments: entries.map(({ hypervisor, deployment: { before, after, ...rest } }) => ({
      hypervisor,
      ...rest,
      before: Object.fromEntries(before),
      after: Object.fromEntries(after),
    })),
  };
}
