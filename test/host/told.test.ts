import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { toldConnector } from '../../src/host/told.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';

const hypervisor = {
  name: 'hv1',
  ssh: { host: '192.0.2.1', user: 'ada', port: 2222 },
} as Hypervisor;

function hostThat(run: Host['run']): Host {
  return {
    name: 'hv1',
    user: 'ada',
    publicKey: undefined,
    address: '192.0.2.1',
    port: 2222,
    run,
    open: () => Promise.reject(new Error('not asked for')),
    connectTcp: async () => new Duplex(),
    exec: () => Promise.reject(new Error('not asked for')),
    enter: () => Promise.reject(new Error('not asked for')),
    close: () => {},
  };
}

/** Each time it is asked it is a quarter of a second later. */
const clock = () => {
  let now = 0;
  return { now: () => (now += 250), sleep: async () => {} };
};

test('--verbose tells of connections and of scripts, how they ended and how long they took', async () => {
  const said: string[] = [];
  const host = hostThat(async () => ({ code: 3, stdout: 'secret', stderr: 'secret' }));
  const connector = toldConnector({ connect: async () => host }, clock(), (line) =>
    said.push(line),
  );
  const made = await connector.connect(hypervisor);
  await made.run(
    "set -e\necho 'fleet-facts 1' >&1",
    ['/etc/nixos', 'https://u:token@example.org/x'],
    {
      stdin: 'secret',
    },
  );
  await made.connectTcp('10.0.0.2', 5432, 1000);
  expect(said).toEqual([
    'hv1: ssh ada@192.0.2.1:2222: connected as ada, port 2222 (0.25 s)',
    'hv1: facts /etc/nixos https://example.org/x: exit 3 (0.25 s)',
    'hv1: connects to 10.0.0.2 port 5432',
  ]);
});

test('what fails is told, and fails all the same', async () => {
  const said: string[] = [];
  const lost = new Error('connection\u001b[2J lost');
  const host = hostThat(() => Promise.reject(lost));
  const say = (line: string) => said.push(line);
  const made = await toldConnector({ connect: async () => host }, clock(), say).connect(hypervisor);
  await expect(made.run('x', ['a'.repeat(200)], { title: 'build' })).rejects.toBe(lost);
  expect(said[1]).toMatch(/^hv1: build a{80}: connection.* lost \(0\.25 s\)$/);
  expect(said[1]).not.toContain('\u001b');
  const refusing = { connect: () => Promise.reject(lost) };
  await expect(toldConnector(refusing, clock(), say).connect(hypervisor)).rejects.toBe(lost);
  expect(said[2]).toContain('hv1: ssh ada@192.0.2.1:2222: connection');
});
