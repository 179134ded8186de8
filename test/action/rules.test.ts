import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { action } from '../../src/action/action.ts';
import { Signals } from '../../src/action/child.ts';
import { isOtherThanBefore, rollback } from '../../src/action/deploy.ts';
import type { Event } from '../../src/action/event.ts';
import { Fleet } from '../../src/action/fleet.ts';
import { GitHub } from '../../src/action/github.ts';
import { type Inputs, readInputs } from '../../src/action/inputs.ts';
import { install } from '../../src/action/install.ts';
import type { Job } from '../../src/action/job.ts';
import { keepComment, keepIssue, markerOf, tryOn } from '../../src/action/kept.ts';
import { removeKeys } from '../../src/action/keys.ts';
import { plan as planned } from '../../src/action/plan.ts';
import { refuseUnsafe } from '../../src/action/refuse.ts';
import { openRevert } from '../../src/action/revert.ts';
import { Runner } from '../../src/action/runner.ts';
import { verify as verified } from '../../src/action/verify.ts';
import type { FleetError } from '../../src/model/errors.ts';
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
    [{}, 'input ssh-key is empty'],
    [{ command: 'verify', 'known-hosts': 'x' }, 'input ssh-key is empty'],
    [{ command: 'plan', issue: 'true', 'github-token': 'x' }, 'input ssh-key is empty'],
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

test("a runner of one's own may log in by its own set-up", () => {
  const env = { INPUT_COMMAND: 'apply', RUNNER_ENVIRONMENT: 'self-hosted' };
  expect(readInputs(new Runner(env, () => {})).sshKey).toBeUndefined();
});

describe('what runs with secrets at hand', () => {
  const repository = 'acme/infra';
  const event = (name: string, more: Partial<Event> = {}): Event => ({
    ...{ name, repository, defaultBranch: 'main' },
    ...more,
  });
  const workflowRun = (more: Partial<Event['after']> = {}) =>
    event('workflow_run', { after: { event: 'push', branch: 'main', repository, ...more } });
  const refused = (of: Event, given: Partial<Inputs>, head = 'a', ref = 'refs/heads/main') => {
    const usual = {
      command: 'plan',
      on: undefined,
      directory: '.',
      build: false,
      issue: false,
    } as const;
    const rest = { sshKey: undefined, knownHosts: undefined, version: undefined, token: undefined };
    try {
      refuseUnsafe(of, { ...usual, ...rest, ...given }, { head, ref, sha: 'a' });
      return false;
    } catch {
      return true;
    }
  };
  const withKey = { sshKey: key };

  test.each<[string, Event, Partial<Inputs>, string, boolean]>([
    ['a plan of a pull request', event('pull_request'), {}, 'b', false],
    ['the same with a key', event('pull_request'), withKey, 'b', true],
    ['the same of a merge queue', event('merge_group'), withKey, 'a', true],
    [
      "one that asks hypervisors by the runner's own set-up",
      event('pull_request'),
      { issue: true, token: 't' },
      'a',
      true,
    ],
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
    ['a build of it beside a token', event('pull_request'), { build: true, token: 't' }, 'b', true],
    ['command: build', event('pull_request'), { command: 'build' }, 'b', false],
    [
      'command: build beside a token',
      event('pull_request'),
      { command: 'build', token: 't' },
      'b',
      true,
    ],
    ['a build of a push beside one', event('push'), { command: 'build', token: 't' }, 'b', false],
    ['workflow_run of its branch', workflowRun(), {}, 'a', false],
    ['with another commit', workflowRun(), {}, 'b', true],
    ['after a push of another branch', workflowRun({ branch: 'evil' }), {}, 'a', true],
    ["of a fork's branch of that name", workflowRun({ repository: 'eve/infra' }), {}, 'a', true],
    ['of a pull request from it', workflowRun({ event: 'pull_request' }), {}, 'a', true],
    ['that names no other workflow', event('workflow_run'), {}, 'a', true],
    ['a release', event('release'), { command: 'apply', ...withKey }, 'b', false],
    ...['repository_dispatch', 'check_suite', 'deployment', 'pull_request_comment', 'new'].flatMap(
      (name): [string, Event, Partial<Inputs>, string, boolean][] => [
        [`${name} of the default branch`, event(name), { command: 'apply' }, 'a', false],
        [`${name} of another commit`, event(name), { command: 'apply' }, 'b', true],
      ],
    ),
  ])('%s', (_, of, given, head, isRefused) => {
    expect(refused(of, given, head)).toBe(isRefused);
  });

  test('an event that names another branch, or no default one, runs nothing of it', () => {
    expect(refused(event('deployment'), {}, 'a', 'refs/heads/evil')).toBe(true);
    expect(refused({ name: 'deployment' }, {}, 'a', 'refs/heads/undefined')).toBe(true);
  });
});

describe('GitHub', () => {
  let fake: FakeGitHub;
  const waits: number[] = [];
  beforeAll(async () => {
    fake = await FakeGitHub.start();
  });
  afterAll(() => fake.stop());
  const client = (token = 'workflow-token', more: Record<string, string> = {}) => {
    const env = { GITHUB_API_URL: fake.url, GITHUB_REPOSITORY: 'acme/infra', ...more };
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

  test.each<[string, string, Record<string, string>]>([
    ["another program's", 'echo-bot[bot]', {}],
    ['of a name that only other forges keep to themselves', 'gitea-actions', {}],
    ['of another', 'forgejo-actions', {}],
    ["on Gitea, of Forgejo's", 'forgejo-actions', { GITEA_ACTIONS: 'true' }],
  ])('leaves a comment alone: %s', async (_, login, env) => {
    const marker = markerOf('plan', '.');
    fake.say(8, login, `${marker}echo`);
    await keepComment(client(undefined, env), 8, marker, 'plan');
    expect(fake.commentsOf(8)).toEqual([`${marker}echo`, `${marker}plan`]);
    fake.comments.splice(0);
  });

  test.each([
    ['forgejo-actions', { FORGEJO_ACTIONS: 'true', GITEA_ACTIONS: 'true' }],
    ['gitea-actions', { GITEA_ACTIONS: 'true' }],
  ])("finds its own again by its forge's account: %s", async (login, env) => {
    const marker = markerOf('plan', '.');
    fake.say(8, login, `${marker}old`);
    await keepComment(client(undefined, env as Record<string, string>), 8, marker, 'new');
    expect(fake.commentsOf(8)).toEqual([`${marker}new`]);
    fake.comments.splice(0);
  });

  test("keeps one comment and one issue with an app's token, too", async () => {
    fake.login = 'acme-fleet[bot]';
    const app = () => client(undefined, { GITHUB_GRAPHQL_URL: `${fake.url}/graphql` });
    const [plan, drift] = [markerOf('plan', '.'), markerOf('drift', 'plan', '.', '')];
    for (const text of ['old', 'new']) await keepComment(app(), 8, plan, text);
    expect(fake.commentsOf(8)).toEqual([`${plan}new`]);
    const issue = { title: 'wrong', body: 'x' };
    expect(await keepIssue(app(), drift, issue)).toBe('opened');
    expect(await keepIssue(app(), drift, issue)).toBe('updated');
    expect(await keepIssue(app(), drift, { closing: 'well' })).toBe('closed');
    fake.login = 'github-actions[bot]';
    fake.comments.splice(0);
    fake.issues.splice(0);
  });

  test('closes every issue that two looks at once have opened', async () => {
    const marker = markerOf('drift', 'plan', '.', '');
    const user = { login: 'github-actions[bot]', type: 'Bot' };
    for (const number of [901, 902])
      fake.issues.push({ id: number, number, body: `${marker}x`, state: 'open', user });
    expect(await keepIssue(client(), marker, { closing: 'well' })).toBe('closed');
    expect(fake.issues.map(({ state }) => state)).toEqual(['closed', 'closed']);
    fake.issues.splice(0);
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

describe('writing to GitHub', () => {
  let answer: RequestListener = () => {};
  const server = createServer((request, response) => void answer(request, response));
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => void server.close());
  const told = () => {
    const lines: string[] = [];
    const env = {
      GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      GITHUB_REPOSITORY: 'acme/infra',
    };
    const runner = new Runner(env, (text) => void lines.push(text));
    return { lines, runner, github: new GitHub(runner, 'workflow-token', async () => {}) };
  };

  test.each<[string, string, RequestListener]>([
    ['a page of a proxy', 'it is no JSON', (_, r) => void r.end('<html>')],
    [
      'an answer that is cut off',
      'GitHub does not answer',
      (_, r) => {
        r.writeHead(200, { 'content-length': '1000' });
        r.write('[{', () => r.destroy());
      },
    ],
  ])('never fails the step: %s', async (_, why, how) => {
    answer = how;
    const { github, lines, runner } = told();
    const isDone = await tryOn(runner, 'No comment', () => keepComment(github, 7, 'x', 'y'));
    expect(isDone).toBe(false);
    expect(lines.join('')).toMatch(`::notice title=fleet::No comment: it failed (`);
    expect(lines.join('')).toContain(why);
  });

  test('never fails the step, whatever goes wrong', async () => {
    const { lines, runner } = told();
    const fail = () => Promise.reject(new RangeError('of our own making'));
    expect(await tryOn(runner, 'No comment', fail)).toBe(false);
    expect(lines.join('')).toContain('of our own making');
  });

  test('takes a list of any length, and asks once for what is to be made', async () => {
    const asked: string[] = [];
    answer = ({ method = '', url = '' }, r) => {
      asked.push(`${method} ${url}`);
      if (method === 'POST') r.destroy();
      else r.end(url.includes('comments') ? `[${'{},'.repeat(300_000)}null]` : '{}');
    };
    const { github } = told();
    expect(await github.list('issues/7/comments')).toHaveLength(300_001);
    await expect(keepComment(github, 7, 'x', 'y')).rejects.toThrow('GitHub does not answer');
    expect(asked.filter((one) => one.startsWith('POST'))).toHaveLength(1);
  });
});

describe('the pull request of a revert', () => {
  let fake: FakeGitHub;
  beforeAll(async () => {
    fake = await FakeGitHub.start();
  });
  afterAll(() => fake.stop());

  test('goes to the branch that fleet names, once; and what GitHub refuses is said', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-action-revert-'));
    try {
      const lines: string[] = [];
      const env = {
        GITHUB_API_URL: fake.url,
        GITHUB_REPOSITORY: 'acme/infra',
        GITHUB_REF_NAME: 'v1.2.3',
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
      };
      const runner = new Runner(env, (text) => void lines.push(text));
      const github = new GitHub(runner, 'workflow-token', async () => {});
      const job = { runner, github, head: 'a' } as unknown as Job;
      const document = { kind: 'apply', commit: '01234567', revertBranch: 'fleet/revert-01234567' };
      await openRevert(job, { ...document, revertBase: 'main' }, '');
      await openRevert(job, { ...document, revertBase: 'main' }, '');
      expect(fake.pulls).toMatchObject([{ base: 'main', head: 'fleet/revert-01234567' }]);
      expect(lines).toEqual([]);
      const waits = 'The revert waits to be merged: https://github.example/acme/infra/pull/9\n\n';
      expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toBe(waits + waits);
      const other = { ...document, revertBranch: 'fleet/revert-89abcdef', revertBase: 'gone' };
      await openRevert(job, other, '');
      expect(lines.join('')).toContain('422 Validation Failed');
    } finally {
      rmSync(folder, { recursive: true });
    }
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
      const event: Event = { name: 'push' };
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

describe('a look beside a deployment fails, and opens no issue:', () => {
  const drift = { target: 'web1', code: 'stopped', message: 'it is stopped' };
  const documents = {
    validate: { kind: 'validate', version: 1, ok: true, diagnostics: [] },
    plan: {
      ...{ kind: 'plan', version: 1, fleet: 'acme', files: [], warnings: [], problems: [] },
      unsure: [{ code: 'locked', message: 'hv1: locked by ada' }],
      hypervisors: [{ name: 'hv1', actions: [], drift: [drift], problems: [] }],
    },
    verify: {
      ...{ kind: 'verify', version: 1, ok: false },
      checks: [
        { target: 'web1', check: 'unit', ok: false, expected: 'active', seen: 'locked by ada' },
      ],
      notes: [{ target: 'hv1', text: 'apply of ada is under way', code: 'locked' }],
    },
  };

  test.each([
    ['plan', planned],
    ['verify', verified],
  ] as const)('%s', async (command, look) => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-action-locked-'));
    try {
      for (const [name, document] of Object.entries(documents))
        writeFileSync(join(folder, name), JSON.stringify(document));
      const log: string[] = [];
      const output = join(folder, 'output');
      const env = { PATH: process.env.PATH, RUNNER_TEMP: folder, GITHUB_OUTPUT: output };
      const runner = new Runner(env, (text) => void log.push(text));
      const script = 'cat "$1"; [ "$1" = validate ]';
      const fleet = new Fleet(runner, ['sh', '-c', script, 'sh'], folder, new Signals());
      const inputs = { command, directory: '.', issue: true, sshKey: key } as Inputs;
      const github = new Proxy({} as GitHub, {
        get: () => () => Promise.reject(new Error('it was asked')),
      });
      const job: Job = { runner, inputs, event: { name: 'schedule' }, fleet, github, head: 'a' };
      expect(await look(job)).toBe(5);
      expect(readFileSync(output, 'utf8')).toMatch(/^outcome<<.*\nlocked$/m);
      expect(log.join('')).toMatch(/^::error title=fleet (plan|verify)::.*locked by ada/m);
      expect(log.join('')).not.toContain('it was asked');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('a look that is cancelled says nothing of hypervisors that roll back', async () => {
  const signals = new Signals();
  const runner = new Runner({ PATH: process.env.PATH }, () => signals.send('SIGTERM'));
  const script = 'trap "exit 143" TERM; echo begun >&2; while :; do sleep 0.02; done';
  const error = await new Fleet(runner, ['sh', '-c', script], tmpdir(), signals)
    .json('plan')
    .catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'action.cancelled' });
  expect((error as FleetError).hint).not.toContain('roll back');
});

test.each(['.git', '.git/hooks', 'link'])(
  "%s is git's own, and no working directory",
  async (given) => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-action-git-'));
    try {
      mkdirSync(join(folder, '.git/hooks'), { recursive: true });
      symlinkSync('.git', join(folder, 'link'));
      const lines: string[] = [];
      const env = {
        ...{ INPUT_COMMAND: 'plan', 'INPUT_WORKING-DIRECTORY': given, GITHUB_WORKSPACE: folder },
        ...{ GITHUB_EVENT_NAME: 'push', GITHUB_OUTPUT: join(folder, 'output') },
      };
      const runner = new Runner(env, (text) => void lines.push(text));
      const brought = { node: 'false', fleet: 'false', sleep: async () => {} };
      expect(await action(runner, brought, new Signals())).toBe(64);
      expect(lines.join('')).toContain(`there is no folder "${given}" in the workspace`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('the post step removes the folder that the Action made, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-action-post-'));
  try {
    const temp = join(folder, 'temp');
    for (const name of [
      'fleet-ssh-elsewhere',
      'temp/fleet-ssh-1',
      'temp/kept',
      'temp/deep/fleet-ssh-2',
    ])
      mkdirSync(join(folder, name), { recursive: true });
    const remove = (named: string) =>
      removeKeys(new Runner({ RUNNER_TEMP: temp, STATE_folder: named }, () => {}));
    for (const named of ['../fleet-ssh-elsewhere', 'kept', '.', 'deep/fleet-ssh-2'])
      remove(join(temp, named));
    expect(readdirSync(folder)).toEqual(['fleet-ssh-elsewhere', 'temp']);
    expect(readdirSync(temp).sort()).toEqual(['deep', 'fleet-ssh-1', 'kept']);
    expect(readdirSync(join(temp, 'deep'))).toEqual(['fleet-ssh-2']);
    remove(join(temp, 'fleet-ssh-1'));
    expect(readdirSync(temp).sort()).toEqual(['deep', 'kept']);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
    Object.assign(secret, { GH_TOKEN: 'secret', GH_ENTERPRISE_TOKEN: 'secret' });
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

test('a hypervisor that could not be rolled back, or of which nobody knows, has changed', () => {
  const outcomes = ['done', 'untouched', 'rolled-back', 'rollback-failed', 'in-doubt'] as const;
  expect(outcomes.filter((outcome) => isOtherThanBefore({ outcome }))).toEqual([
    'done',
    'rollback-failed',
    'in-doubt',
  ]);
});
