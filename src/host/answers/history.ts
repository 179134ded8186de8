import { systemName } from '../../model/names.ts';
import type { PastDeployment, PastFailure, PastStep } from '../../model/past-deployment.ts';
import type { PastOperation } from '../../model/past-operation.ts';
import { clip } from './clip.ts';
import * as shape from './shape.ts';

/**
 * Reads the deployments that history.sh printed, the oldest first. Leaves out what is incomplete.
 * @throws FleetError `history.unreadable` if it is invalid
 */
export function parseHistory(text: string): PastDeployment[] {
  return shape.understand('history.unreadable', text, () =>
    groupsIn(text, 'deployment').map(({ id, rows }) => read(id, rows)),
  );
}

/** The same of operations. */
export function parseOperations(text: string): PastOperation[] {
  return shape.understand('history.unreadable', text, () =>
    groupsIn(text, 'operation').flatMap(({ id, rows }) => readOperation(id, rows)),
  );
}

interface Group {
  readonly kind: string;
  readonly id: string;
  readonly rows: string[][];
}

function groupsIn(text: string, kind: 'deployment' | 'operation'): Group[] {
  const found: Group[] = [];
  for (const line of text.split('\n')) {
    const [word = '', ...fields] = line.split('\t');
    if (word === 'deployment' || word === 'operation')
      found.push({ kind: word, id: fields[0] ?? '', rows: [] });
    else found.at(-1)?.rows.push([word, ...fields]);
  }
  return found.filter((group) => group.kind === kind);
}

/** Of one that was cut off before it said of which vm it is, there is nothing to tell. */
function readOperation(id: string, rows: readonly (readonly string[])[]): PastOperation[] {
  const meta = (key: string) => rows.find((r) => r[0] === 'meta' && r[1] === key)?.[2];
  const answers = rows.filter(([word]) => word === 'answer').map((r) => r.slice(1));
  const vm = meta('vm');
  if (!shape.isName(vm)) return [];
  const result = rows.find(([word]) => word === 'result')?.[1];
  const [, code = '', ...message] = answers.findLast(([word]) => word === 'fleet-error') ?? [];
  return [
    {
      id: shape.name(id, 'id of an operation'),
      operator: shape.words(meta('operator')) || 'somebody',
      kind: shape.words(meta('kind')),
      vm,
      started: shape.time(meta('started'), 'time at which an operation began'),
      ended:
        meta('ended') === undefined
          ? undefined
          : shape.time(meta('ended'), 'time at which an operation ended'),
      result:
        result === undefined
          ? undefined
          : result === '0'
            ? 'done'
            : result === 'ended'
              ? 'ended'
              : 'failed',
      isKilled: answers.some(([word]) => word === 'killed'),
      failure:
        code === '' ? undefined : { code: shape.words(code), message: said(message.join(' ')) },
    },
  ];
}

function read(id: string, rows: readonly (readonly string[])[]): PastDeployment {
  const of = (...words: string[]) =>
    rows.filter((r) => words.every((word, i) => r[i] === word)).map((r) => r.slice(words.length));
  const meta = (key: string) => of('meta', key).at(-1)?.[0];
  const decided = of('decided')[0]?.[0];
  // A power cut can leave incomplete lines.
  const journal = of('journal').filter(([time]) => shape.isTime(time));
  const end = journal.findLast(([, , name, state]) => name === 'end' && state === 'end');
  return {
    id: shape.nameOrNone(id, 'id of a deployment'),
    fleet: shape.words(meta('fleet')),
    operator: shape.words(meta('operator')) || 'somebody',
    operation: shape.words(meta('operation')),
    started: shape.time(meta('started'), 'time at which a deployment began'),
    commit:
      shape.nameOrNone(
        // Where the checkout stayed where it was, it is called otherwise: status compares the checkout with the first.
        meta('commit') ?? meta('deploys') ?? recordedCommit(of('after', 'record')),
        'commit',
      ) || undefined,
    branch: meta('branch') === undefined ? undefined : shape.words(meta('branch')),
    decided: decided === 'back' || decided === 'confirmed' ? decided : undefined,
    result: shape.nameOrNone(of('result')[0]?.[0], 'result') || undefined,
    ended: end && shape.time(end[0], 'time at which a deployment ended'),
    steps: steps(journal),
    before: new Map([
      ...of('before', 'system').map(([path]) => [systemName, former(path)] as const),
      ...of('before', 'vm').map(([name, path]) => [vmName(name), former(path)] as const),
    ]),
    after: new Map(of('after', 'record').map(([name, , path]) => [vmName(name), former(path)])),
    targets: of('before', 'target').map(([name]) => vmName(name)),
    failure: failure(of('failure')),
  };
}

/** Of a deployment without a checkout earlier versions of fleet recorded the commit only with what it built; none: `-`. */
const recordedCommit = (rows: readonly (readonly string[])[]) =>
  rows.map((row) => row[4]).find((commit) => commit !== undefined && commit !== '-');

function failure(rows: readonly (readonly string[])[]): PastFailure | undefined {
  const of = (word: string) => rows.filter((r) => r[0] === word).map((r) => r.slice(1));
  const first = (word: string) => of(word)[0]?.[0];
  const code = first('code');
  if (code === undefined) return undefined;
  return {
    code: shape.nameOrNone(code, 'code of a failure'),
    message: said(first('message')),
    blames: shape.words(first('blames')) || 'world',
    hypervisor: saidOrNone(first('hypervisor')),
    target: saidOrNone(first('target')),
    checks: of('check').map(([target, check, expected, seen]) => ({
      target: said(target),
      check: said(check),
      expected: said(expected),
      seen: said(seen),
    })),
    lines: of('line').map(([line]) => said(line)),
  };
}

/** A sentence; whoever prints it makes it printable. */
const said = (text: string | undefined) => clip(text ?? '', 2000);
const saidOrNone = (text: string | undefined) => (text === undefined ? undefined : said(text));

const vmName = (text: string | undefined) => shape.nameOrNone(text, 'name of what was deployed');

/** A store path; undefined for `-`. */
function former(text: string | undefined): string {
  return text === undefined || text === '' || text === '-'
    ? (text ?? '')
    : shape.path(text, 'path');
}

function steps(journal: readonly (readonly string[])[]): PastStep[] {
  const next = followers(journal);
  return journal.flatMap(([time, number = '-', name = '', state, about = ''], i) => {
    if (state !== 'begin') return [];
    // A power cut may interrupt a way back, which then begins again at boot.
    const end = next[i]?.[3] === 'end' ? next[i] : undefined;
    return {
      number: number === '-' ? undefined : shape.words(number),
      name: shape.words(name),
      ...(about && { about: shape.words(about) }),
      began: shape.time(time, 'time of a step'),
      ended: end && shape.time(end[0], 'time of a step'),
      // At the end of a deployment its result is here instead.
      code: /^\d{1,3}$/.test(end?.[4] ?? '') ? Number(end?.[4]) : undefined,
    };
  });
}

/** For each line of a journal, the next line of the same step. */
function followers(journal: readonly (readonly string[])[]): (readonly string[] | undefined)[] {
  const seen = new Map<string, readonly string[]>();
  return journal
    .toReversed()
    .map((line) => {
      const key = `${line[1]}\t${line[2]}`;
      const next = seen.get(key);
      seen.set(key, line);
      return next;
    })
    .reverse();
}
