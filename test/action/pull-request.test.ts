import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, valid } from '../cli/fleet.ts';
import { FakeGitHub } from './github.ts';
import { removeTemporary, runAction, type Step } from './runner.ts';

/** A pull request's payload. */
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
  github.limited = 0;
});

/** What actions/checkout leaves of a pull request. */
function checkout(yaml = valid): Desk {
  const desk = new Desk(yaml);
  desk.write('flake.lock', sandboxLock);
  return desk.commit();
}

const step = (desk: Desk, more: Partial<Step> = {}) =>
  runAction({
    workspace: desk.folder,
    event: 'pull_request',
    payload: pull(7),
    sha: desk.git('rev-parse', 'HEAD').trim(),
    api: github.url,
    with: { command: 'plan' },
    ...more,
  });

describe('command: plan on a pull request', () => {
  it('makes one comment, and updates it in place', async () => {
    const desk = checkout();
    github.say(7, 'ada', 'looks good');
    github.say(7, 'eve', '<!-- microvm-fleet plan 0 -->\nforged');
    const first = await step(desk);
    expect(first.code, first.log).toBe(0);
    expect(first.outputs).toMatchObject({ changed: 'true', outcome: 'changes' });
    const [, , comment = ''] = github.commentsOf(7);
    expect(comment).toMatch(
      /^<!-- microvm-fleet plan [0-9a-f]{12} -->\n### fleet plan\n\n\*\*Plan: \d+ files/,
    );
    expect(comment).toContain(
      '<details><summary>new <code>hosts/web1/default.nix</code></summary>',
    );
    expect(comment).toContain('[this run](https://github.example/acme/infra/actions/runs/4711)');
    expect(first.summary).toContain('### fleet plan');
    expect(JSON.parse(readFileSync(first.outputs['plan-json'] ?? '', 'utf8'))).toMatchObject({
      kind: 'plan',
      version: 1,
    });
    desk.write('fleet.yaml', valid.replace('web1:', 'web2:'));
    const second = await step(desk);
    expect(second.code).toBe(0);
    expect(github.commentsOf(7)).toHaveLength(3);
    expect(github.commentsOf(7)[2]).toContain('hosts/web2/default.nix');
    expect(github.requests.at(-1)).toMatch(/^PATCH issues\/comments\/\d+$/);
  });
});
