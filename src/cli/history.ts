import { connectAll } from '../deploy/connect-all.ts';
import { parseHistory } from '../host/history.ts';
import { runScript } from '../host/hypervisor.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { FleetIndex } from '../model/index.ts';
import { type HistoryEntry, historyText } from '../report/history-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { readConfig } from './read-config.ts';

export interface HistoryOptions {
  readonly last?: string;
  readonly json?: boolean;
}

/** As many as a hypervisor keeps. */
const remembered = '100';

/** `fleet history [NAME]`: what hypervisors remember, for all, one hypervisor, one vm or one deployment. */
export async function historyCommand(
  invocation: Invocation,
  options: HistoryOptions,
  [name]: readonly string[],
): Promise<number> {
  const last = lastOf(options);
  const { index } = readConfig(invocation.common);
  const contacts = await connectAll(hypervisorsOf(index, name), realPorts(invocation.common));
  try {
    const read = await Promise.all(
      contacts.map(async ({ hypervisor, host, facts }): Promise<HistoryEntry[]> => {
        if (!host || facts instanceof Error) {
          process.stderr.write(`${hypervisor.name}: ${(facts as Error).message}\n`);
          return [];
        }
        const text = await runScript(host, 'history', [remembered]);
        return parseHistory(text).map((deployment) => ({
          hypervisor: hypervisor.name,
          deployment,
        }));
      }),
    );
    const all = read
      .flat()
      .filter((entry) => isAbout(index, entry, name))
      .sort((a, b) => a.deployment.started - b.deployment.started);
    const entries = all.slice(Math.max(0, all.length - last));
    if (options.json) process.stdout.write(`${JSON.stringify(document(entries), null, 2)}\n`);
    else if (entries.length === 0) process.stderr.write('No deployments are remembered.\n');
    else process.stdout.write(historyText(entries, styleFor(process.stdout)));
    return contacts.some((c) => c.facts instanceof Error) ? exitCodes.failed : exitCodes.ok;
  } finally {
    for (const contact of contacts) contact.host?.close();
  }
}

/** How many are shown. @throws FleetError for what is no number. */
function lastOf({ last, json }: HistoryOptions): number {
  if (last === undefined) return json ? Number.POSITIVE_INFINITY : 20;
  if (/^\d+$/.test(last)) return Number(last);
  throw new FleetError('options.number', `--last ${last} is no number`, {
    exitCode: exitCodes.usage,
  });
}

function hypervisorsOf(index: FleetIndex, name: string | undefined) {
  const { hypervisors } = index.fleet;
  // An id is a day, a time and some chance.
  if (name === undefined || /^\d{8}-/.test(name)) return hypervisors;
  const on = index.hypervisors.get(name) ?? index.hypervisors.get(index.vms.get(name)?.on ?? '');
  if (on) return [on];
  throw new FleetError(
    'history.unknown',
    `fleet.yaml has no vm or hypervisor called ${name}, and it is no id of a deployment`,
    { exitCode: exitCodes.usage },
  );
}

function isAbout(
  index: FleetIndex,
  { deployment }: HistoryEntry,
  name: string | undefined,
): boolean {
  if (name === undefined || index.hypervisors.has(name) || deployment.id === name) return true;
  return deployment.targets.includes(name) || deployment.after.has(name);
}

function document(entries: readonly HistoryEntry[]): object {
  return {
    version: 1,
    deployments: entries.map(({ hypervisor, deployment: { before, after, ...rest } }) => ({
      hypervisor,
      ...rest,
      before: Object.fromEntries(before),
      after: Object.fromEntries(after),
    })),
  };
}
