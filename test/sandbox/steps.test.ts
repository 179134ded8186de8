import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStep, script } from '../../src/host/scripts.ts';
import { Stage } from './stage.ts';

describe('steps of a deployment', () => {
  let stage: Stage;
  const run = async (number: string, text: string, seconds = '60') =>
    (await stage.connect()).run(script('step'), [stage.id, number, 'try', seconds, 'light'], {
      stdin: asStep(text),
    });
  const journal = () =>
    readFileSync(join(stage.host.root, 'var/lib/fleet/deployments', stage.id, 'journal'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').slice(1).join(' '));
  beforeAll(async () => {
    stage = await Stage.start();
  }, 60_000);
  afterAll(() => stage.stop());

  it('are locked: exactly one of two at once begins', async () => {
    const both = await Promise.all([stage.begin(), stage.begin()]);
    expect(both.map((result) => result.code).sort()).toEqual([0, 70]);
    expect(both.find((result) => result.code === 70)?.stderr).toContain('fleet-error\tlock.held');
    expect((await stage.facts()).lock).toMatchObject({ id: stage.id, owner: 'me@desk' });
  });

  it('tell their output and exit status, and are in the journal', async () => {
    const result = await run('101', 'echo one; sleep 0.1; echo two >&2; exit 3');
    expect(result).toMatchObject({ code: 3, stdout: 'one\ntwo\n' });
    expect(journal()).toEqual(['101 try begin', '101 try end 3']);
  });

  it('have an environment of their own', async () => {
    const { stdout } = await run('102', 'echo "${SSH_CONNECTION:-none} ${USER:-none} $FLEET_ROOT"');
    expect(stdout).toBe(`none none ${stage.host.root}\n`);
  });

  it('go on without a connection', async () => {
    const step = run('103', ': >"$FLEET_ROOT/tmp/begun"; sleep 0.5').catch(() => 'lost');
    await stage.succeeds('test -e "$FLEET_ROOT/tmp/begun"');
    await stage.host.cutLink();
    expect(await step).toBe('lost');
    await stage.host.restoreLink();
    stage.disconnect();
    expect((await stage.call('await-steps', stage.id, '5')).code).toBe(0);
    expect(journal()).toContain('103 try end 0');
  });

  it('can be ended from outside, with all that they started', async () => {
    const step = run('104', 'sleep 30 & : >"$FLEET_ROOT/tmp/both"; sleep 31; echo not reached');
    await stage.succeeds('test -e "$FLEET_ROOT/tmp/both"');
    await stage.host.exec(`systemctl stop 'fleet-${stage.id}-*.service'`);
    expect((await step).stderr).toContain('fleet-error\tstep.ended');
    expect(journal()).not.toContain('104 try end 0');
  });

  it('are ended when they take too long', async () => {
    const result = await run('105', 'sleep 30', '1');
    expect(result.stderr).toContain('fleet-error\tstep.ended');
    expect((await stage.host.exec('systemctl list-units')).stdout).not.toContain('fleet-');
  });

  it('end with the lock free', async () => {
    await stage.call('end', stage.id, 'done');
    const facts = await stage.facts();
    expect(facts.lock).toBeUndefined();
    expect(facts.openDeployments).toEqual([]);
  });
});
