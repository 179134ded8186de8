import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { coverage } from '../coverage.ts';
import { payloadOf, refOf } from './payloads.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

interface Metadata {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, object>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post: string };
}

/** What the runner reads of an action. */
export const metadata = parse(readFileSync(join(top, 'action.yml'), 'utf8')) as Metadata;

/** One step of a job, as a workflow has it, and what started the workflow. */
export interface Step {
  /** GITHUB_WORKSPACE: where an earlier step has checked out. */
  readonly workspace: string;
  readonly event: string;
  /** What differs from what GitHub sends with every event of this kind. */
  readonly payload?: object;
  readonly sha: string;
  readonly with: Readonly<Record<string, string>>;
  /** Of the fake GitHub. */
  readonly api: string;
  /** github.token. */
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told each line of the log, and how to signal the step as the runner does. */
  readonly onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export interface Annotation {
  readonly kind: string;
  readonly text: string;
  readonly file?: string;
  readonly line?: string;
  readonly col?: string;
  readonly title?: string;
}

export interface Ran {
  readonly code: number;
  /** The log as people see it, with what is masked. */
  readonly log: string;
  /** All that was said, before anything is masked: what orders masks apart. */
  readonly raw: string;
  /** Titles of folded groups. */
  readonly groups: readonly string[];
  readonly annotations: readonly Annotation[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What RUNNER_TEMP has before the post step. */
  readonly left: readonly string[];
  /** RUNNER_TEMP after the post step. */
  readonly temp: string;
}

const folders: string[] = [];

/** Removes what runs have left. */
export function removeTemporary(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Runs the Action's bundle as GitHub's runner does: main, then post, with files for what it is told. */
export async function runAction(step: Step): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), 'fleet-runner-'));
  folders.push(home);
  const [temp, files] = [join(home, '_temp'), join(home, 'files')];
  mkdirSync(temp);
  mkdirSync(files);
  const file = (name: string, text = ''): string => {
    writeFileSync(join(files, name), text);
    return join(files, name);
  };
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    ...coverage(),
    CI: 'true',
    ACTIONS_RUNTIME_TOKEN: 'runtime-token',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'ada',
    GITHUB_API_URL: step.api,
    GITHUB_GRAPHQL_URL: `${step.api}/graphql`,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/infra',
    GITHUB_RUN_ID: '4711',
    GITHUB_EVENT_NAME: step.event,
    GITHUB_EVENT_PATH: file('event.json', JSON.stringify(payloadOf(step.event, step.payload))),
    GITHUB_SHA: step.sha,
    GITHUB_REF: refOf(step.event),
    GITHUB_REF_NAME: refOf(step.event).replace(/^refs\/(heads|pull)\//, ''),
    GITHUB_WORKSPACE: step.workspace,
    GITHUB_OUTPUT: file('output'),
    GITHUB_STATE: file('state'),
    GITHUB_STEP_SUMMARY: file('summary'),
    RUNNER_TEMP: temp,
    ...inputs(step),
    ...step.env,
  };
  const main = await run(metadata.runs.main, env, step);
  const outputs = keptIn(readFileSync(env.GITHUB_OUTPUT, 'utf8'));
  for (const name of Object.keys(outputs))
    if (!(name in metadata.outputs)) throw new Error(`action.yml declares no output ${name}`);
  const left = readdirSync(temp);
  const state = Object.entries(keptIn(readFileSync(env.GITHUB_STATE, 'utf8')));
  const post = await run(
    metadata.runs.post,
    { ...env, ...Object.fromEntries(state.map(([name, value]) => [`STATE_${name}`, value])) },
    { ...step, onLine: () => {} },
  );
  if (post.code !== 0) throw new Error(`post: ${post.code}\n${post.lines.join('\n')}`);
  const summary = readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8');
  return { code: main.code, ...read(main.lines), outputs, summary, left, temp };
}

/** INPUT_*: what the workflow says, else the default; no other is known. */
function inputs({ token = 'workflow-token', with: given }: Step): Record<string, string> {
  for (const name of Object.keys(given))
    if (!(name in metadata.inputs)) throw new Error(`action.yml declares no input ${name}`);
  return Object.fromEntries(
    Object.entries(metadata.inputs).map(([name, { default: usual = '' }]) => {
      const value = given[name] ?? String(usual).replace('${{ github.token }}', token);
      return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value];
    }),
  );
}

function run(
  path: string,
  env: Record<string, string>,
  { onLine, workspace }: Step,
): Promise<{ code: number; lines: string[] }> {
  const child = spawn(process.execPath, [join(top, path)], {
    cwd: workspace,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine?.(line, (signal) => void child.kill(signal));
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 255, lines }));
  });
}

/** Commands that a step may give; of any other the runner would do something that nobody expects. */
const known = new Set(['add-mask', 'debug', 'endgroup', 'error', 'group', 'notice', 'warning']);

/** Reads a log as the runner does: blanks before a command count for nothing. */
function read(lines: readonly string[]): Pick<Ran, 'log' | 'raw' | 'groups' | 'annotations'> {
  const masks: string[] = [];
  const groups: string[] = [];
  const annotations: Annotation[] = [];
  const shown: string[] = [];
  for (const line of lines) {
    if (/##\[[a-z]/i.test(line)) throw new Error(`an old command of the runner's: ${line}`);
    const found = /^\s*::([\w-]+)(?: ([^:]*))?::(.*)$/i.exec(line);
    if (!found) {
      shown.push(line);
      continue;
    }
    const [, kind = '', list = '', text = ''] = found;
    if (!known.has(kind)) throw new Error(`a command of the runner's: ${line}`);
    if (kind === 'add-mask') masks.push(decode(text));
    else if (kind === 'group') groups.push(decode(text));
    else if (kind !== 'endgroup') {
      const pairs = list
        .split(',')
        .filter(Boolean)
        .map((pair) => pair.split('='));
      const of = Object.fromEntries(pairs.map(([key, value = '']) => [key, decode(value)]));
      annotations.push({ kind, text: decode(text), ...of });
    }
  }
  const log = masks.reduce((text, mask) => text.replaceAll(mask, '***'), shown.join('\n'));
  const raw = [...shown, ...groups, ...annotations.map(({ text }) => text)].join('\n');
  return { log, raw, groups, annotations };
}

const decode = (text: string): string =>
  text
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%');

/** `name<<MARK`, lines, `MARK`. */
function keptIn(text: string): Record<string, string> {
  const found = text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]));
}
