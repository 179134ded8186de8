import type { Incident, IncidentOn } from '../model/incident.ts';
import { standings } from '../model/status.ts';
import { timestamp } from '../model/time.ts';
import { byHand } from './by-hand.ts';
import { findingLines, headLine, hypervisorState, vmState } from './status-text.ts';
import { noStyle } from './style.ts';
import { wrap } from './wrap.ts';

/** What is wrong first, then what is missing, then what to type where fleet is not. */
export function incidentPage(incident: Incident): string {
  const { at, status, hypervisors } = incident;
  const names = hypervisors.flatMap(({ machines }) => machines.map(({ name }) => name));
  const head = `${status.fleet}: ${names.join(', ')}, ${timestamp(at / 1000, 19)}`;
  return [
    `${wrap(head, 0)}\n\n`,
    title('What is wrong'),
    wrongText(incident),
    missingText(hypervisors),
    `\n${title('What is in here')}`,
    contents,
    `\n${title('Secrets')}`,
    secrets,
    `\n${title('By hand')}`,
    intro,
    ...hypervisors.map((on) => byHand(incident.index, on)),
  ].join('');
}

const title = (text: string): string => `${text}\n${'-'.repeat(text.length)}\n`;

function wrongText({ status }: Incident): string {
  const rows = [
    ...status.hypervisors.map((row) => [row, row.name, hypervisorState(row, true)] as const),
    ...status.vms.map((row) => [row, `${row.name} on ${row.hypervisor}`, vmState(row)] as const),
  ]
    .filter(([row]) => row.standing !== 'well')
    .sort(([a], [b]) => standings.indexOf(a.standing) - standings.indexOf(b.standing));
  if (rows.length === 0) return 'Nothing is wrong just now.\n';
  return rows
    .map(
      ([row, name, about]) =>
        `${headLine(name, about, row.standing, noStyle)}\n${findingLines(row.findings, noStyle)}`,
    )
    .join('');
}

function missingText(hypervisors: readonly IncidentOn[]): string {
  const lines = hypervisors.flatMap(({ hypervisor: { name }, missing }) =>
    // One reason, as a rule: the connection.
    [...Map.groupBy(missing, ({ why }) => why)].map(([why, parts]) => {
      const what = parts.map(({ part }) => part).join(', ');
      return `${wrap(`${name}: ${what}: ${why}`, 2)}\n`;
    }),
  );
  return lines.length === 0 ? '' : `\n${title('What is missing here, and why')}${lines.join('')}`;
}

const contents = `status.*                  the hypervisors concerned, and all their vms
vms/NAME/story.*          all that is known of one: checks, events, last lines
vms/NAME/log.txt          what its console and units said last
vms/NAME/log-before.txt   the same, before its current generation was deployed
vms/NAME/deployment-1.txt the last deployment that was about it, and why it failed;
                          2 and 3: those before
vms/NAME/diff.*           its generation before against the current one
hypervisors/NAME/...      the same of a hypervisor; facts and drift as fleet read
                          them; journal; links, addresses, routes, neighbours, nft,
                          units, disks and folders as its own tools show them
A file that would be empty is left out. Times are UTC.
`;

const secrets = `fleet reads no key, no environment of a unit and no command line of a process for
this, and of fleet.yaml and git no text but names, fields that changed and subjects
of commits. From all files it takes out what looks like a password, token, login in
a URL or private key, and values of fleet.yaml that may be secret; … stands there.
But guests and programs write what they like to consoles and journals, and a secret
that looks like any other word is not known to be one. Read the logs before you
give this to somebody.
`;

const intro = `For somebody who has ssh and nothing else. Type it on the hypervisor, as root (sudo
-i). fleet sees afterwards what was done: fleet status, then fleet plan.
`;
