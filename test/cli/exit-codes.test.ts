import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { declaredProgram } from '../../src/cli/help/declared.ts';
import { exitsOf, helpTexts } from '../../src/cli/help/texts.ts';
import { run } from '../../src/cli/program.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { requireDocuments } from '../report/json-schema.ts';
import { emptyDesk, flags } from './empty-desk.ts';
import { Desk, valid } from './fleet.ts';

// Every exit code that the help of a command names is given here, or by a test that is named here: one that needs
// hypervisors, and that has to expect the code. Commands run in this process; main.ts makes 130 of what they give once somebody asked to stop. With
// --json they give the same codes, and a document each time.

function withNix(does: string): Desk {
  const desk = new Desk(valid).commit();
  const bin = join(desk.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'nix'), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  desk.env.PATH = `${bin}:${desk.env.PATH}`;
  return desk;
}

/** A place to type in. */
const desks = {
  /** A fleet whose hypervisor nobody reaches. */
  silent: () => new Desk(valid).commit(),
  wrong: () => new Desk(valid.replace('network: front }', 'network: nope }')).commit(),
  empty: () => emptyDesk(),
  /** Its Nix locks what it is told to. */
  nix: () => withNix(`cat >flake.lock <<'end'\n${sandboxLock}\nend`),
  brokenNix: () => withNix('exit 1'),
  /** Without git, or any other tool. */
  bare: () => {
    const desk = new Desk();
    desk.env.PATH = desk.home;
    return desk;
  },
};
type Place = keyof typeof desks;

/** Beside fleet.yaml, wherever it is typed. */
const isFile = /^\w+\.(tar\.gz|nix|pub)$/;

/** What is typed where, or `FILE: TITLE` of a test that has it from a hypervisor. */
type Case = readonly [Place, ...string[]] | string;

const operations = 'sandbox/operations.test.ts: ';
const isLocked = `${operations}where a deployment is under way nothing is done, in exit code 5, and a console does not wait for a boot`;

/** Words of a command that reads fleet.yaml, and asks hypervisors: its codes 1, 64, 65 and 130. */
const asking = (...words: [string, ...string[]]) => ({
  1: ['silent', ...words] as const,
  64: ['silent', ...words, '--nonsense'] as const,
  65: ['wrong', ...words] as const,
  130: ['silent', ...words] as const,
});
const local = (...words: [string, ...string[]]) => ({
  0: ['silent', ...words] as const,
  64: ['silent', ...words, '--nonsense'] as const,
  65: ['wrong', ...words] as const,
});

/** A test from its title on, with the rows of a table before it; empty: there is none. */
function bodyOf(text: string, title: string): string {
  const start = /^ *(?:it|test)(?:\.\w+)*\(/m;
  const at = text.indexOf(`'${title}'`);
  if (at < 0) return '';
  const before = text.slice(0, at);
  const end = text.slice(at).search(start);
  const starts = [...before.matchAll(new RegExp(start, 'gm'))];
  return text.slice(starts.at(-1)?.index ?? at, end < 0 ? undefined : at + end);
}

/** As tests say which code they expect: `apply(5)`, `toBe(5)`, `code: 5`, `toEqual([5, …])`. */
const asserting = (code: string): RegExp =>
  new RegExp(`\\(\\s*${code}[,)]|\\bcode: ${code}\\b|\\[\\s*${code},`);

/**
 * Whether a test expects this code of this command, and not of another one that it types, too: in the statement that
 * types it, or in a later one about what that gave. @param text its file, for helpers that type it
 */
function expects(text: string, body: string, command: string, code: string): boolean {
  const types = typing(text, command);
  const right = asserting(code);
  const statements = body.split(/;\n/);
  return statements.some((statement, at) => {
    if (!types.test(statement)) return false;
    const [, several, one] =
      /\b(?:const|let) (?:\{([^}]*)\}|(\w+)) =\s*(?:await\s)?/.exec(statement) ?? [];
    const gave = one ?? several?.match(/\bcode\b|\brun\b/)?.[0];
    if (right.test(statement)) return true;
    if (gave === undefined) return false;
    const again = new RegExp(`\\b(?:const|let) (?:\\{[^}]*)?\\b${gave}\\b`);
    const later = statements.slice(at + 1);
    const end = later.findIndex((other) => again.test(other));
    const about = new RegExp(
      `expect\\(\\[?\\s*(?:await )?${gave}\\b(?:\\.(?:code|ended))?[\\s,)\\]]`,
    );
    return later
      .slice(0, end < 0 ? undefined : end)
      .some((other) => about.test(other) && right.test(other.slice(other.search(about))));
  });
}

/** What types a command: its name in quotes, a function of its name, or a helper of the file that does. */
function typing(text: string, command: string): RegExp {
  const named = `['"\`]${command}\\b|\\b(?:\\w+${command[0]?.toUpperCase()}|${command[0]})${command.slice(1)}\\(`;
  const helpers = [...text.matchAll(/^ *(?:const|async function|function) (\w+)\b[^;]*/gm)].flatMap(
    ([whole, name]) => (/=>|\) ?\{/.test(whole) && new RegExp(named).test(whole) ? [name] : []),
  );
  return new RegExp([named, ...helpers.map((name) => `\\b${name}\\(`)].join('|'));
}

const cases: Readonly<Record<string, Readonly<Record<number, Case>>>> = {
  validate: local('validate'),
  show: {
    ...local('show', 'web1'),
    1: ['silent', 'show', 'web1', '--host-key'],
    130: ['silent', 'show', 'web1', '--host-key'],
  },
  render: { ...local('render'), 1: ['silent', 'render', '--check'] },
  plan: {
    ...asking('plan'),
    0: ['silent', 'plan', '--offline'],
    2: ['silent', 'plan', '--offline', '--detailed-exitcode'],
  },
  build: {
    ...asking('build', '--at', 'hypervisor'),
    0: 'sandbox/build.test.ts: builds what is selected, and with a plan what that would build',
  },
  apply: {
    ...asking('apply', '--yes'),
    3: 'sandbox/records.test.ts: and put back is known to be bad: it is taken back on the branch, here too',
    4: 'sandbox/records.test.ts: ends an apply with 4, too, where the way back does not make it well',
    6: 'sandbox/interrupted.test.ts: ends with 6 when asked to stop and a part of the fleet keeps the new commit',
    0: 'sandbox/events.test.ts: is not more than its beginning and its result where nothing is to be done',
    5: 'sandbox/unlock.test.ts: of a deployment that is at work, though its fleet is gone, is not taken: 5',
  },
  status: {
    ...asking('status'),
    0: 'sandbox/status.test.ts: of a fleet that is well says so on a screen of 80 columns, and ends with 0',
  },
  top: {
    ...asking('top'),
    0: 'sandbox/top.test.ts: says what is reserved and used, who uses most memory first',
  },
  verify: {
    ...asking('verify'),
    0: `${operations}a stop that is held outlasts apply, until the guest is started`,
  },
  doctor: {
    1: ['silent', 'doctor'],
    64: ['silent', 'doctor', '--nonsense'],
    130: ['silent', 'doctor'],
    0: 'sandbox/doctor.test.ts: of a fleet that is well says so in a few short lines, and ends with 0',
  },
  export: {
    ...asking('export', 'web1'),
    0: 'sandbox/exports.test.ts: does so again, and says where there was nothing to do',
    1: 'sandbox/exports.test.ts: says what is wrong with each, and does the others',
    130: ['silent', 'export'],
  },
  rollback: {
    ...asking('rollback', 'web1', '--yes'),
    3: 'sandbox/records.test.ts: ends a roll-back with 3 where what it went back to is not well, and is put back',
    4: 'sandbox/records.test.ts: ends it with 4 where the way back does not make it well either',
    6: 'sandbox/interrupted.test.ts: a roll-back, too, ends with 6 when a part of the fleet keeps what it went back to',
    0: 'sandbox/events.test.ts: tells a roll-back, too',
    5: 'sandbox/resume.test.ts: keeps others away, who are told how to end it',
  },
  exec: {
    0: 'sandbox/reach.test.ts: runs on hypervisors and in guests side by side, each line with its name',
    255: ['silent', 'exec', 'hv1', '--', 'true'],
  },
  console: {
    ...asking('console', 'web1'),
    0: 'sandbox/logs.test.ts: ends when its reader has seen enough: %s',
    5: isLocked,
  },
  ssh: {
    0: 'sandbox/reach.test.ts: and in one that is given a key without checks, which show prints for known_hosts',
    255: ['silent', 'ssh', 'hv1', '--', 'true'],
  },
  forward: asking('forward', 'web1', '0:80'),
  diff: {
    ...asking('diff', 'web1'),
    0: 'sandbox/reach.test.ts: says how two generations differ: fields, commits, packages',
  },
  start: {
    ...asking('start', 'web1'),
    0: `${operations}a healthy guest is left alone by start, also with a fleet.yaml that cannot be read, and restarted by restart`,
    5: isLocked,
  },
  stop: {
    ...asking('stop', 'web1'),
    0: `${operations}a stop lasts until the next apply, which says that it starts the guest, and history has all of it`,
    5: isLocked,
  },
  restart: {
    ...asking('restart', 'web1'),
    0: `${operations}a healthy guest is left alone by start, also with a fleet.yaml that cannot be read, and restarted by restart`,
    5: isLocked,
  },
  logs: {
    ...asking('logs', 'web1'),
    0: 'sandbox/logs.test.ts: shows a guest’s console without its colours, and what systemd said of it',
  },
  events: {
    ...asking('events'),
    0: 'sandbox/spool.test.ts: tells a deployment from its beginning to its end, and who stopped what',
  },
  alerts: {
    ...asking('alerts'),
    0: 'sandbox/local.test.ts: alerts are what that hypervisor knows of them; exit 1 when one fires',
  },
  history: {
    ...asking('history'),
    0: `${operations}a stop lasts until the next apply, which says that it starts the guest, and history has all of it`,
  },
  incident: {
    ...asking('incident', 'web1', '-o', 'x.tar.gz'),
    0: 'sandbox/incident.test.ts: has all of it in one archive, for the user alone, what is wrong first',
  },
  unlock: {
    ...asking('unlock', 'hv1', '--yes'),
    0: 'sandbox/unlock.test.ts: that nobody has is none; of a hypervisor that is not there is a usage error',
    4: 'sandbox/unlock.test.ts: of one whose way back fails is free all the same, and that is said: 4',
    5: 'sandbox/unlock.test.ts: of a deployment that is at work, though its fleet is gone, is not taken: 5',
  },
  gc: {
    ...asking('gc', '--yes'),
    0: 'sandbox/gc.test.ts: deletes what nobody needs, and keeps what is deployed, held or a way back',
  },
  cleanup: {
    ...asking('cleanup', '--yes'),
    0: 'sandbox/cleanup.test.ts: deletes by exact name what nobody owns, and leaves alone what is not fleet’s',
  },
  update: {
    ...asking('update'),
    0: ['nix', 'update'],
    1: ['brokenNix', 'update'],
  },
  init: {
    0: ['empty', 'init', ...flags],
    1: ['silent', 'init', ...flags],
    64: ['empty', 'init', '--from', 'a', '--ssh', 'b'],
    65: ['empty', 'init', ...flags, '--name', '!'],
    130: ['empty', 'init', '--ssh', 'root@127.0.0.1:9', '--uplink', 'eth0'],
  },
  schema: { 0: ['empty', 'schema', 'event'], 64: ['empty', 'schema', 'x'] },
  demo: {
    0: 'package/package.test.ts: plays its demo to the end; what it keeps can be broken and mended, and Ctrl-C ends it',
    1: ['bare', 'demo'],
    64: ['empty', 'demo', 'x'],
    130: 'cli/demo.test.ts: while a command runs: it waits for that',
  },
  completion: { 0: ['empty', 'completion', 'bash'], 64: ['empty', 'completion', 'tcsh'] },
};

describe('the exit codes of', () => {
  const environment = { ...process.env };
  let said = '';
  beforeAll(() => {
    for (const name of ['stdout', 'stderr'] as const)
      vi.spyOn(process[name], 'write').mockImplementation((...args: unknown[]) => {
        if (name === 'stdout') said += args[0];
        const done = args.findLast((one) => typeof one === 'function') as undefined | (() => void);
        done?.();
        return true;
      });
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.env = environment;
  });

  /** @param option asks for JSON @returns the exit code */
  const type = async (
    place: Place,
    [command = '', ...words]: readonly string[],
    option: string | undefined,
    signal = new AbortController().signal,
  ): Promise<number> => {
    const where = desks[place]();
    process.env = { ...where.env, FLEET_SSH_CONFIG: '/dev/null' };
    const files = words.map((word) => (isFile.test(word) ? join(where.folder, word) : word));
    const args = ['-C', where.folder, command, ...(option ? [option] : []), ...files];
    said = '';
    const code = await run(args, signal);
    requireDocuments(args, { code, stdout: said, stderr: '' });
    return code;
  };
  const program = declaredProgram();
  /** Options of a command that ask for JSON. */
  const asksJson = (command: string): string[] =>
    (program.commands.find((one) => one.name() === command)?.options ?? []).flatMap(({ long }) =>
      long?.startsWith('--json') ? [long] : [],
    );

  test.each(Object.keys(helpTexts))('%s are what its help says', async (command) => {
    const given = cases[command] ?? {};
    expect(Object.keys(given)).toEqual(Object.keys(exitsOf(helpTexts[command]!)));
    for (const [code, one] of Object.entries(given)) {
      if (typeof one === 'string') {
        const [file = '', title = ''] = one.split(/: (.*)/);
        const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
        const body = bodyOf(text, title);
        expect(body, `no test has the title of ${one}`).not.toBe('');
        expect(expects(text, body, command, code), `${one}: ${command} gives ${code}`).toBe(true);
      } else {
        const [place, ...words] = one;
        const [json] = asksJson(command);
        if (code === '130') {
          // The code itself is main.ts' affair. What follows something just ends, with nothing said.
          const asked = ['console', 'forward'].includes(command) ? undefined : json;
          const gave = await type(place, words, asked, AbortSignal.abort());
          expect([0, 4, 6], `${command} ${code}`).not.toContain(gave);
          if (asked) expect(said, command).toContain('"interrupted"');
        } else expect(`${await type(place, words, json)}`, `${words}`).toBe(code);
      }
    }
  });

  test.each(Object.keys(helpTexts))('%s: wrong usage is a document, whichever', async (command) => {
    const code = 255 in helpTexts[command]!.exits ? 255 : 64;
    for (const option of new Set(['--json', ...asksJson(command)]))
      expect(await type('empty', [command, '--nonsense'], option), option).toBe(code);
    expect(JSON.parse(said).kind ?? JSON.parse(said).result.kind).toBe('error');
  });

  test('what is a command’s own behind -- is not fleet’s', async () => {
    expect(await type('empty', ['ssh', '--nonsense', 'hv1', '--', '--json'], undefined)).toBe(255);
    expect(said).toBe('');
  });
});
