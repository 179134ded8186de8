import { describe, expect, test } from 'vitest';
import { parseHistory } from '../../src/host/answers/history.ts';
import type { FakeHypervisor } from './fake-hypervisor.ts';
import { Refusal } from './fake-hypervisor.ts';
import { World } from './run.ts';

const said = [
  'Nov 28 18:00:01 microvm-virtiofsd@web1[7]: Operation not permitted',
  'Nov 28 18:00:02 microvm@web1[8]: bad disk',
];
/** What a hypervisor keeps of the only deployment there was. */
const kept = (hypervisor: FakeHypervisor) => {
  const rows = [...hypervisor.deployments.values()].at(-1)?.failure?.trimEnd().split('\n') ?? [];
  return parseHistory(['deployment\td1', ...rows.map((r) => `failure\t${r}`)].join('\n'))[0]
    ?.failure;
};
const both = ['hv1', 'hv2'];

describe('why a deployment failed', () => {
  test('is shown with the last lines of the guest and of its helpers', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('reason', ([, name]) => (name === 'web1' ? said.join('\n') : ''));
    const [result] = await world.apply(['web1']);
    expect(result?.failure?.detail?.split('\n')).toEqual([
      'web1 answers: expected ping, seen no answer',
      ...said,
    ]);
    expect(result?.failure?.hint).toMatch(/^More of its log: fleet logs web1 --deployment \S+$/);
  });

  test('is shown with them also when a step fails, and when only the way back does not start', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => 1);
    world.hv1.instead.set('reason', () => said.join('\n'));
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({ code: 'remote.failed' });
    expect(result?.failure?.detail).toContain(said.join('\n'));
  });

  test('is kept by every hypervisor that was rolled back, with where it failed', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('reason', () => said.join('\n'));
    await world.apply(['web1', 'hv2'], both);
    const failure = {
      code: 'verify.not-healthy',
      message: 'web1 is not healthy after 120 s',
      hypervisor: 'hv1',
      target: 'web1',
      checks: [{ target: 'web1', check: 'answers', expected: 'ping', seen: 'no answer' }],
      lines: said,
    };
    expect(kept(world.hv1)).toMatchObject(failure);
    expect(kept(world.hv2)).toMatchObject(failure);
  });

  test('is kept also when nothing was changed', async () => {
    const world = new World();
    world.hv1.instead.set('build', () => new Refusal('build.failed', 'no such package'));
    await world.apply(['web1']);
    expect(kept(world.hv1)).toMatchObject({ code: 'build.failed', message: 'no such package' });

    world.publish = () => {
      throw new Error('nobody may commit');
    };
    world.hv1.instead.clear();
    await expect(world.apply(['web1'])).rejects.toThrow();
    expect(kept(world.hv1)).toMatchObject({ message: 'nobody may commit' });
  });

  test('is the first that failed, on one line a row, and no longer than anybody reads', async () => {
    const world = new World();
    const noise = `${'x'.repeat(5000)}\u001b[2J\r\ttab`;
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('reason', () => Array(500).fill(noise).join('\n'));
    await world.apply(['web1']);
    const failure = kept(world.hv1);
    expect(failure?.lines).toHaveLength(30);
    expect(JSON.stringify(failure).length).toBeLessThan(16_384);
    expect(JSON.stringify(failure)).not.toContain('\\u001b');
  });

  test('changes nothing of the way back when it can be neither asked for nor kept', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('reason', () => 'cut');
    world.hv1.instead.set('failure', () => 'cut');
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('rolled-back');
    expect(result?.failure?.code).toBe('verify.not-healthy');
  });
});
