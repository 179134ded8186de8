import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { markerOf } from '../../src/action/kept.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { complete, Desk, valid } from '../cli/fleet.ts';
import { FakeGitHub } from './github.ts';
import { removeTemporary, runAction, type Step } from './runner.ts';

/** The payload of a pull request. */
const pull = (number: number, head = 'acme/infra') => ({
  action: 'synchronize',
  pull_request: {
    number,
    title: '@everyone <img src=x>',
    head: { repo: { full_name: head } },
    base: { repo: { full_name: 'acme/infra' } },
  },
  sender: { type: 'User' },
});

let github: FakeGitHub;
beforeAll(async () => {
  github = await FakeGitHub.start();
});
afterAll(() => github.stop());
afterEach(removeTemporary);
beforeEach(() => {
  github.comments.splice(0);
  github.requests = [];
  github.isReadOnly = false;
});

/** What actions/checkout leaves of a pull request. */
function checkout(yaml = complete): Desk {
  const desk = new Desk(yaml);
  desk.write('flake.lock', sandboxLock);
  desk.write('hv1/default.nix', '{ }\n');
  return desk.commit();
}

const headOf = (desk: Desk) => desk.git('rev-parse', 'HEAD').trim();

const run = (desk: Desk, more: Partial<Step> = {}) =>
  runAction({
    workspace: desk.folder,
    event: 'pull_request',
    payload: pull(7),
    sha: headOf(desk),
    api: github.url,
    with: { command: 'plan' },
    ...more,
  });

describe('command: plan on a pull request', { timeout: 180_000 }, () => {
  it('makes one comment, and updates it in place, whatever others write', async () => {
    const desk = checkout();
    const marker = markerOf('plan', '.');
    github.say(7, 'ada', 'looks good');
    github.say(7, 'eve', `${marker}forged, and edited as eve likes`);
    const first = await run(desk);
    expect(first.code, first.log).toBe(0);
    expect(first.outputs).toMatchObject({ changed: 'true', outcome: 'changes' });
    const [, , comment = ''] = github.commentsOf(7);
    expect(comment.startsWith(`${marker}### fleet plan\n\n**Plan: `)).toBe(true);
    expect(comment).toContain('Hypervisors were not asked.');
    expect(comment).toContain(
      '<details><summary>new <code>hosts/web1/default.nix</code></summary>',
    );
    expect(comment).toContain('[this run](https://github.example/acme/infra/actions/runs/4711)');
    expect(first.summary).toContain('### fleet plan');
    const file = first.outputs['plan-json'] ?? '';
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ kind: 'plan', version: 1 });
    desk.write('fleet.yaml', complete.replace('web1:', 'web2:'));
    expect((await run(desk)).code).toBe(0);
    const comments = github.commentsOf(7);
    expect(comments).toHaveLength(3);
    expect(comments[1]).toContain('forged');
    expect(comments[2]).toContain('hosts/web2/default.nix');
    expect(github.requests.at(-1)).toMatch(/^PATCH issues\/comments\/\d+$/);
  });

  it('says in the comment of the push before that this one has no plan', async () => {
    const desk = checkout();
    expect((await run(desk)).code).toBe(0);
    desk.write('flake.lock', sandboxLock.replaceAll('microvm-nix', 'evil'));
    desk.commit();
    const { code, log } = await run(desk);
    expect(code, log).toBe(1);
    const [comment = '', ...more] = github.commentsOf(7);
    expect(more).toEqual([]);
    expect(comment).toContain('### fleet plan: failed\n');
    expect(comment).toContain(`Of commit ${headOf(desk).slice(0, 8)}`);
    expect(comment).not.toContain('**Plan: ');
  });

  it('says what changes and restarts, against what it is merged into, wherever the branch was at the event', async () => {
    const desk = checkout();
    const old = headOf(desk);
    const main = desk.git('branch', '--show-current').trim();
    desk.git('switch', '-qc', 'bigger');
    desk.write('fleet.yaml', complete.replace('front }', 'front, memory: 3GiB }'));
    desk.git('commit', '-qam', 'bigger');
    desk.git('switch', '-q', main);
    desk.write('README.md', 'of somebody else');
    desk.commit();
    const base = headOf(desk);
    desk.git('merge', '-q', '--no-ff', '-m', 'merge', 'bigger');
    const at = (sha: string) => {
      const payload = pull(7);
      const { base, ...rest } = payload.pull_request;
      return { ...payload, pull_request: { ...rest, base: { ...base, sha } } };
    };
    expect((await run(desk, { payload: at(old) })).code).toBe(0);
    const [comment = ''] = github.commentsOf(7);
    const short = base.slice(0, 8);
    expect(comment).toContain(
      `As far as files tell, since ${short}: 1 changed.\n\nRestarts: web1.`,
    );
    expect(comment).toContain('- **web1** changed\n  - `memory` `1GiB` → `3GiB`: **restarts**\n');
    desk.git('reset', '-q', '--hard', old);
    const { annotations } = await run(desk, { payload: at('f'.repeat(40)) });
    expect(annotations).toMatchObject([
      { kind: 'notice', text: expect.stringContaining('actions/checkout needs fetch-depth: 0') },
    ]);
    expect(github.commentsOf(7)[0]).not.toContain('As far as files tell');
  });

  it('from a fork, whose token may only read, has all of it in the summary', async () => {
    github.isReadOnly = true;
    const desk = checkout();
    const { annotations, code, summary } = await run(desk, { payload: pull(7, 'eve/infra') });
    expect(code).toBe(0);
    expect(github.comments).toEqual([]);
    expect(annotations).toMatchObject([
      {
        kind: 'notice',
        text: expect.stringContaining(
          'this token may not (POST /repos/acme/infra/issues/7/comments: 403',
        ),
      },
    ]);
    expect(summary).toContain('hosts/web1/default.nix');
  });

  it('cuts the comment at what GitHub takes, and says where the whole of it is', async () => {
    const many = Array.from(
      { length: 120 },
      (_, n) => `  vm${n}: { on: hv1, network: front, address: 10.1.0.${n + 10} }\n`,
    );
    const yaml = complete.replace('front }\n', 'front, address: 10.1.0.2 }\n');
    const { code, outputs } = await run(checkout(yaml + many.join('')));
    expect(code).toBe(0);
    const [comment = ''] = github.commentsOf(7);
    expect(comment.length).toBeGreaterThan(60_000);
    expect(comment.length).toBeLessThanOrEqual(65_536);
    expect(comment).toMatch(
      /… \d+ more parts would not fit here\. The whole of it: \[this run\]\(https:/,
    );
    expect(readFileSync(outputs['plan-markdown'] ?? '', 'utf8')).toContain(
      'hosts/vm119/default.nix',
    );
  });

  it('gives text of the pull request no say in the comment, nor in the log', async () => {
    const evil =
      '@everyone ![x](https://evil.example/x.png) <img src=x>\\n```\\n::error::evil\\n</details>';
    const yaml = complete.replace(
      'network: front }\n',
      `network: front, config: { x: "${evil}" } }\n`,
    );
    const { annotations, code, log } = await run(checkout(yaml));
    expect(code, log).toBe(0);
    expect(annotations).toEqual([]);
    const [comment = ''] = github.commentsOf(7);
    const outside = comment.replace(/^(`{3,})diff\n[\s\S]*?\n\1$/gm, '');
    expect(comment).toContain('evil.example');
    for (const word of ['everyone', 'evil', '<img']) expect(outside).not.toContain(word);
  });

  it('annotates the lines of fleet.yaml that are wrong, and says so in the comment', async () => {
    const desk = new Desk();
    desk.write('infra/fleet.yaml', valid.replace('on: hv1', '"::set-env name=x::": 1, on: hv9'));
    desk.commit();
    const { annotations, code, outputs, summary } = await run(desk, {
      with: { command: 'plan', 'working-directory': 'infra' },
    });
    expect([code, outputs]).toEqual([65, { outcome: 'invalid' }]);
    const line = String(valid.split('\n').findIndex((text) => text.includes('web1:')) + 1);
    expect(annotations.length).toBeGreaterThan(0);
    for (const one of annotations)
      expect(one).toMatchObject({
        kind: 'error',
        file: 'infra/fleet.yaml',
        line,
        title: expect.stringMatching(/^fleet E/),
      });
    expect(summary).toContain('### infra/fleet.yaml cannot be used');
    expect(github.commentsOf(7)[0]).toContain('### infra/fleet.yaml cannot be used');
  });
});

describe('is refused, with the reason,', () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----';
  const keys = { 'ssh-key': key, 'known-hosts': 'x' };

  it('what deploys, on a pull request', async () => {
    const { annotations, code, log, temp } = await run(checkout(), {
      with: { command: 'apply', ...keys },
    });
    expect(code).toBe(64);
    expect(annotations).toMatchObject([
      { kind: 'error', text: expect.stringContaining('files that nobody has merged') },
    ]);
    expect(log + JSON.stringify(annotations)).not.toContain('c2VjcmV0');
    expect(readdirSync(temp)).toEqual([]);
  });

  it('a selector where nobody is asked', async () => {
    const given = { command: 'plan', on: 'web1' };
    const { annotations, code, outputs } = await run(checkout(), { with: given });
    expect([code, outputs]).toEqual([64, { outcome: 'invalid' }]);
    expect(annotations).toMatchObject([
      { kind: 'error', text: expect.stringContaining('input on is pointless') },
    ]);
  });

  it.each(['pull_request_target', 'workflow_run'])(
    'a checkout of the pull request on %s, and none of its own branch',
    async (event) => {
      const desk = checkout();
      const sha = headOf(desk);
      const own = await run(desk, { event, sha, payload: {} });
      expect(own.code, own.log).toBe(0);
      desk.write('fleet.yaml', complete.replace('web1', 'evil'));
      desk.git('commit', '-qam', 'evil');
      const { annotations, code } = await run(desk, { event, sha, payload: {} });
      expect(code).toBe(64);
      expect(annotations[0]?.text).toContain(
        `runs with the secrets of this repository, and this is not of its default branch: ${headOf(desk)} instead of ${sha}`,
      );
      expect(github.requests).toEqual([]);
    },
  );

  it('workflow_run after a pull request of a fork whose branch has the same name', async () => {
    const desk = checkout();
    const of = {
      event: 'pull_request',
      head_branch: 'main',
      head_repository: { full_name: 'eve/infra' },
    };
    const payload = { workflow_run: of };
    const { annotations, code } = await run(desk, { event: 'workflow_run', payload });
    expect(code).toBe(64);
    expect(annotations[0]?.text).toContain('after pull_request of eve/infra, main');
  });
});
