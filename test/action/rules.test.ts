import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundled, installed, packageOf, read } from '../../scripts/run-time.ts';
import { Signals } from '../../src/action/child.ts';
import { rollback } from '../../src/action/deploy.ts';
import type { Event, PushedCommit } from '../../src/action/event.ts';
import { Fleet } from '../../src/action/fleet.ts';
import { GitHub } from '../../src/action/github.ts';
import { type Inputs, readInputs } from '../../src/action/inputs.ts';
import { install } from '../../src/action/install.ts';
import { keepComment, keepIssue, markerOf } from '../../src/action/kept.ts';
import { isOwnPush } from '../../src/action/own-push.ts';
import { refuseUnsafe } from '../../src/action/refuse.ts';
import { Runner } from '../../src/action/runner.ts';
import { FakeGitHub } from './github.ts';
import { metadata } from './runner.ts';

const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----';

describe('inputs', () => {
  const read = (given: Record<string, string>) => {
    const env = Object.entries({ command: 'apply', ...given });
    const inputs = env.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
    return readInputs(new Runner(Object.fromEntries(inputs), () => {}));
  };

  test('are what the workflow says', () => {
    const windows = { 'ssh-key': `${key.replaceAll('\n', '\r\n')}\r\n`, 'known-hosts': 'hv1 x' };
    expect(read({ ...windows, on: '@prod,web*' })).toMatchObject({
      command: 'apply',
      on: '@prod,web*',
      directory: '.',
      sshKey: `${key}\n`,
      build: false,
    });
  });

  test.each([
    [{ command: 'destroy' }, 'input command cannot be "destroy"'],
    [{ command: '' }, 'input command is missing'],
    [{ 'working-directory': '../x' }, 'input working-directory cannot be "../x"'],
    [{ 'working-directory': '/etc' }, 'input working-directory cannot be "/etc"'],
    [{ on: '--force' }, 'input on cannot be "--force"'],
    [{ on: 'web1,--force' }, 'input on cannot be "web1,--force"'],
    [{ command: 'rollback' }, 'input on is missing'],
    [{ version: '^1.0.0' }, 'input version cannot be "^1.0.0"'],
    [{ version: 'https://evil' }, 'input version cannot be "https://evil"'],
    [{ build: 'yes' }, 'input build cannot be "yes"'],
    [{ build: 'true' }, 'input build cannot be "true"'],
    [{ issue: 'true' }, 'input issue cannot be "true"'],
    [{ 'ssh-key': key }, 'input known-hosts is missing'],
    [{ 'ssh-key': 'c2VjcmV0', 'known-hosts': 'x' }, 'input ssh-key is not a private key'],
  ])('%j: %s', (given, message) => {
    expect(() => read(given as never)).toThrow(message);
    try {
      read(given as never);
    } catch (error) {
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('c2VjcmV0');
    }
  });
});

describe('what runs with secrets at hand', () => {
  const event = (name: string, more: Partial<Event> = {}): Event => ({
    ...{ name, isFork: false, isBot: false, commits: [] },
    ...more,
  });
  const refused = (of: Event, given: Partial<Inputs>, head = 'a') => {
    const usual = {
      command: 'plan',
      on: undefined,
      directory: '.',
      build: false,
      issue: false,
    } as const;
    const rest = { sshKey: undefined, knownHosts: undefined, version: undefined, token: undefined };
    try {
      refuseUnsafe(of, { ...usual, ...rest, ...given }, { head, sha: 'a' });
      return false;
    } catch {
      return true;
    }
  };
  const withKey = { sshKey: key };

  test.each<[string, Event, Partial<Inputs>, string, boolean]>([
    ['a plan of a pull request', event('pull_request'), {}, 'b', false],
    ['the same with a key', event('pull_request'), withKey, 'b', false],
    ['a build of it on the runner', event('pull_request'), { build: true }, 'b', false],
    ['a build of it with a key', event('pull_request'), { build: true, ...withKey }, 'b', true],
    [
      'command: build with a key',
      event('pull_request'),
      { command: 'build', ...withKey },
      'b',
      true,
    ],
    ['apply', event('pull_request'), { command: 'apply' }, 'a', true],
    ['rollback', event('pull_request'), { command: 'rollback' }, 'a', true],
    ['verify', event('pull_request'), { command: 'verify' }, 'a', true],
    ['apply of a merge queue', event('merge_group'), { command: 'apply' }, 'a', true],
    ['apply of a push', event('push'), { command: 'apply', ...withKey }, 'b', false],
    ['a schedule', event('schedule'), { command: 'verify', ...withKey }, 'b', false],
    ['pull_request_target of its branch', event('pull_request_target'), {}, 'a', false],
    ['of the pull request', event('pull_request_target'), {}, 'b', true],
    ['a comment', event('issue_comment'), { command: 'apply' }, 'b', true],
    ['workflow_run after a push', event('workflow_run', { started: 'push' }), {}, 'b', false],
    ['after a pull request', event('workflow_run', { started: 'pull_request' }), {}, 'b', true],
  ])('%s', (_, of, given, head, isRefused) => {
    expect(refused(of, given, head)).toBe(isRefused);
  });
});

describe("a push of fleet's own", () => {
  const message = 'fleet: change web1\n\nchanged hosts/web1/default.nix\nnew flake.lock\n';
  const rendered: PushedCommit = {
    ...{ message, added: ['flake.lock'], modified: ['hosts/web1/default.nix'], removed: [] },
  };
  const revert: PushedCommit = {
    message:
      'Revert to 01234567: 89abcdef was rolled back\n\nhv1: x\n\nTakes back:\n  89abcdef x\n',
    ...{ added: [], modified: ['fleet.yaml'], removed: [] },
  };
  const push = (commits: readonly PushedCommit[], isBot = true) =>
    isOwnPush({ name: 'push', isFork: false, isBot, commits });

  test.each<[string, boolean, boolean]>([
    ['of what it rendered', push([rendered]), true],
    ['of a revert', push([rendered, revert]), true],
    ['by a person', push([rendered], false), false],
    ['with a commit of somebody else', push([rendered, { ...rendered, message: 'x' }]), false],
    [
      'that changes more than it says',
      push([{ ...rendered, removed: ['hosts/db1/default.nix'] }]),
      false,
    ],
    [
      'that changes fleet.yaml',
      push([
        {
          ...rendered,
          message: 'fleet: x\n\nchanged fleet.yaml',
          added: [],
          modified: ['fleet.yaml'],
        },
      ]),
      false,
    ],
    ['of a title alone', push([{ ...rendered, message: 'fleet: change web1' }]), false],
    ['of nothing', push([]), false],
  ])('%s', (_, is, expected) => {
    expect(is).toBe(expected);
  });
});

describe('GitHub', () => {
  let fake: FakeGitHub;
  const waits: number[] = [];
  beforeAll(async () => {
    fake = await FakeGitHub.start();
  });
  afterAll(() => fake.stop());
  const client = (token = 'workflow-token') => {
    const env = { GITHUB_API_URL: fake.url, GITHUB_REPOSITORY: 'acme/infra' };
    return new GitHub(new Runner(env, () => {}), token, async (ms) => void waits.push(ms));
  };

  test('is asked again after as long as it says, and not for ever', async () => {
    fake.limited = 2;
    await keepComment(client(), 3, markerOf('plan', '.'), 'plan');
    expect(waits).toEqual([1000, 1000]);
    fake.limited = 100;
    await expect(keepComment(client(), 3, markerOf('plan', '.'), 'plan')).rejects.toThrow(
      'GitHub takes no more requests just now',
    );
    fake.limited = 0;
    expect(fake.commentsOf(3)).toHaveLength(1);
  });

  test('says whose token may not', async () => {
    await expect(client('wrong').list('issues')).rejects.toMatchObject({
      code: 'action.forbidden',
    });
  });

  test('keeps one issue, and leaves that of others and of other fleets alone', async () => {
    const marker = markerOf('drift', 'verify', '.', '');
    const user = { login: 'eve', type: 'User' };
    fake.issues.push({ id: 900, number: 900, body: `${marker}forged`, state: 'open', user });
    const issue = { title: 'wrong', body: 'x' };
    const other = markerOf('drift', 'verify', 'other', '');
    expect(await keepIssue(client(), other, issue)).toBe('opened');
    expect(await keepIssue(client(), marker, { closing: 'well' })).toBe('none');
    expect(await keepIssue(client(), marker, issue)).toBe('opened');
    expect(await keepIssue(client(), marker, issue)).toBe('updated');
    expect(await keepIssue(client(), marker, { closing: 'well' })).toBe('closed');
    expect(fake.issues.map(({ body, state }) => [body.split('\n')[1], state])).toEqual([
      ['forged', 'open'],
      ['x', 'open'],
      ['well', 'closed'],
    ]);
  });
});

describe('a job that is cancelled', () => {
  /** A fleet that tells of its deployment, and leaves at the signal as the real one at a second. */
  const stubborn = `echo '{"type":"deployment","phase":"lock","id":"20261129-1","confirm":90000}'
trap 'echo "left at once" >&2; exit 143' TERM
while :; do sleep 0.02; done`;

  test('before all was rolled back says what hypervisors do, and how to look', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-action-cancel-'));
    try {
      const output = join(folder, 'output');
      const signals = new Signals();
      const log: string[] = [];
      const runner = new Runner({ PATH: process.env.PATH, GITHUB_OUTPUT: output }, (text) => {
        log.push(text);
        if (text.includes('::group::Lock')) signals.send('SIGTERM');
      });
      const fleet = new Fleet(runner, ['sh', '-c', stubborn], folder, signals);
      const inputs = { command: 'rollback', on: 'web1', directory: '.' } as Inputs;
      const event: Event = { name: 'push', isFork: false, isBot: false, commits: [] };
      const job = { runner, inputs, event, fleet, github: undefined, head: 'a' };
      await expect(rollback(job)).rejects.toMatchObject({
        message: 'the job was cancelled while fleet deployed, and ended before all was rolled back',
        hint: expect.stringContaining('roll back by themselves within 90 s.'),
      });
      expect(log).toContain('left at once\n');
      await expect(rollback(job)).rejects.toMatchObject({ code: 'action.cancelled' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('docs/action.md has every input and output, and no other', () => {
  const page = readFileSync(new URL('../../docs/action.md', import.meta.url), 'utf8');
  const [, inputs = '', outputs = ''] = page.split(/^## (?:Inputs|Outputs|At which event)$/m);
  const rows = (text: string) =>
    new Set([...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name));
  expect(rows(inputs)).toEqual(new Set(Object.keys(metadata.inputs)));
  expect(rows(outputs)).toEqual(new Set(Object.keys(metadata.outputs)));
});

test('another version is installed from npm without its scripts, and without secrets beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-action-npm-'));
  try {
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\n{ echo "$@"; pwd; env; } >'${folder}/told'\n`);
    chmodSync(join(folder, 'npm'), 0o755);
    const secret = { 'INPUT_SSH-KEY': 'secret', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret' };
    const env = { ...secret, PATH: `${folder}:${process.env.PATH}`, RUNNER_TEMP: folder };
    const main = await install(new Runner(env, () => {}), '1.2.3', new Signals());
    const [args, cwd, ...rest] = readFileSync(join(folder, 'told'), 'utf8').split('\n');
    expect(args).toContain('install --ignore-scripts ');
    expect(args).toMatch(/ microvm-fleet@1\.2\.3$/);
    expect(main).toBe(`${cwd}/node_modules/microvm-fleet/dist/main.js`);
    expect(rest.join('\n')).not.toContain('secret');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the bundle has the licence of every package that fleet has at run time, and of no other', () => {
  const licences = readdirSync(new URL('../../action/licenses', import.meta.url), {
    recursive: true,
    encoding: 'utf8',
  });
  const has = licences.flatMap((path) => /^(.+)\.txt$/.exec(path)?.[1] ?? []);
  const needed = installed(read('package-lock.json').packages)
    .filter(([, { optional }]) => !optional)
    .map(([path]) => packageOf(path));
  expect(has.sort()).toEqual([...needed, ...bundled].sort());
});
