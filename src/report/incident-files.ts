import type { Incident, IncidentMachine, IncidentOn } from '../model/incident.ts';
import type { LogLine } from '../model/log-line.ts';
import { plainJson, plainText } from '../model/plain-text.ts';
import { clean, secretsIn, withoutSecrets } from '../model/secrets.ts';
import { diffText } from './diff-text.ts';
import { diffDocument, documentText, statusDocument, storyDocument } from './documents.ts';
import { historyText } from './history-text.ts';
import { incidentPage } from './incident-page.ts';
import { logText } from './logs-text.ts';
import { statusText } from './status-text.ts';
import { storyText } from './story-text.ts';
import { noStyle } from './style.ts';
import { wrap } from './wrap.ts';

/** Columns of a table in a file. */
const width = 140;

/** The files of an incident, the page first: path → text. What looks like a secret is in none of them. */
export function incidentFiles(incident: Incident): { path: string; text: string }[] {
  const known = secretsIn(incident.index);
  const { index, ...told } = incident;
  // Before it is laid out: a line that is wrapped hides what it holds.
  const found = { index, ...clean(told, known) };
  const files = [
    ['README.txt', incidentPage(found)],
    ['status.txt', statusText(found.status, noStyle, width)],
    ['status.json', documentText(statusDocument(found.status))],
    ...found.hypervisors.flatMap(ofHypervisor),
  ] as const;
  return files
    .filter(([, text]) => text !== '')
    .map(([path, text]) => {
      if (path.endsWith('.json')) return { path, text: plainJson(text) };
      return { path, text: plainText(withoutSecrets(text, known), Number.POSITIVE_INFINITY) };
    });
}

function ofHypervisor({
  hypervisor: { name },
  facts,
  drift,
  parts,
  journal,
  machines,
}: IncidentOn): (readonly [string, string])[] {
  const folder = `hypervisors/${name}`;
  return [
    [`${folder}/facts.json`, facts ? `${JSON.stringify(plain(facts), null, 2)}\n` : ''],
    [`${folder}/drift.txt`, drift.map((d) => `${d.target}: ${wrap(d.message, 4)}\n`).join('')],
    [`${folder}/journal.txt`, linesText(journal)],
    ...[...parts].map(([part, text]) => [`${folder}/${part}.txt`, text] as const),
    ...machines.flatMap(ofMachine),
  ];
}

function ofMachine(machine: IncidentMachine): (readonly [string, string])[] {
  const { name, vm, story, log, logBefore, deployments, diff } = machine;
  const folder = `${vm ? 'vms' : 'hypervisors'}/${name}`;
  return [
    [`${folder}/story.txt`, storyText(story, noStyle)],
    [`${folder}/story.json`, documentText(storyDocument(story))],
    // Of a hypervisor that is its journal.
    [`${folder}/log.txt`, vm ? linesText(log) : ''],
    [`${folder}/log-before.txt`, linesText(logBefore)],
    ...deployments.map(({ log: during, ...entry }, i) => {
      const said = during.length > 0 ? `\nWhat ${name} said during it (UTC)\n` : '';
      const text = `${historyText([entry], noStyle)}${said}${linesText(during)}`;
      return [`${folder}/deployment-${i + 1}.txt`, text] as const;
    }),
    [`${folder}/diff.txt`, diff ? diffText(diff, noStyle) : ''],
    [`${folder}/diff.json`, diff ? documentText(diffDocument(diff)) : ''],
  ];
}

const linesText = (lines: readonly LogLine[]): string => logText(false, noStyle)(lines);

/** Maps and sets as JSON has them. */
function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, own]) => [key, plain(own)]));
  if (value instanceof Set) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plain(own)]));
}
