import { expect, test } from 'vitest';
import { askAll, connectAll } from '../../src/deploy/connect-all.ts';
import { FleetError } from '../../src/model/errors.ts';
import { World } from './run.ts';

test('what one hypervisor does not answer costs nobody else', async () => {
  const world = new World();
  const contacts = await connectAll(world.index.fleet.hypervisors, world.ports);
  const answers = await askAll(contacts, async (host) => {
    if (host.name === 'hv1') throw new FleetError('ssh.lost', 'hv1: the connection was lost');
    return `${host.name} answers`;
  });
  expect(answers).toMatchObject([
    { hypervisor: { name: 'hv1' }, answer: { code: 'ssh.lost' } },
    { hypervisor: { name: 'hv2' }, answer: 'hv2 answers' },
  ]);
});

test('who was not reached is not asked', async () => {
  const world = new World();
  world.hv1.unreachable = true;
  const contacts = await connectAll(world.index.fleet.hypervisors, world.ports);
  const asked: string[] = [];
  const answers = await askAll(contacts, async (host) => asked.push(host.name));
  expect(asked).toEqual(['hv2']);
  expect(answers[0]?.answer).toMatchObject({ code: 'ssh.timed-out' });
});
