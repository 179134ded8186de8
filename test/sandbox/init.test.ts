import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SandboxHost } from '../../src/sandbox/hypervisor.ts';
import { Desk } from '../scenario/desk.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

let world: SandboxWorld;
let desk: Desk;
beforeAll(async () => {
  world = await sandboxWorld(1);
  desk = new Desk(world, 'init', {});
}, 180_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});

it('fleet init says which file of the host it copied, byte for byte', {
  timeout: 180_000,
}, async () => {
  const hv1 = world.hosts[0] as SandboxHost;
  const there = '/etc/nixos/hardware-configuration.nix';
  const text = '{\n\tboot.loader.grub.device = "/dev/vda"; # mine\n}\n\n';
  const file = join(hv1.root, there);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const given = ['--system', hv1.system, '--state-version', '25.11', '--uplink', 'enp1s0'];
  const run = await desk.fleet(['-C', join(desk.folder, 'new'), 'init', '--ssh', 'hv1', ...given]);
  expect(run.code, run.stderr).toBe(0);
  const here = 'hosts/hv1/hardware-configuration.nix';
  expect(readFileSync(join(desk.folder, 'new', here), 'utf8')).toBe(text);
  // It is wrapped.
  expect(run.stderr.replace(/\s+/g, ' ')).toContain(
    `${here} is a verbatim copy of ${there} on hv1: read it before you push`,
  );
});

it.each(['--ssh', '--from'])(
  'fleet init %s says that the host belongs to a fleet, and writes nothing',
  { timeout: 180_000 },
  async (flag) => {
    const hv1 = world.hosts[0] as SandboxHost;
    const file = join(hv1.root, 'var/lib/fleet/fleet');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'infra\n');
    try {
      const given = ['--state-version', '25.11', '--uplink', 'enp1s0'];
      const folder = join(desk.folder, `other${flag}`);
      const run = await desk.fleet(['-C', folder, 'init', flag, 'hv1', ...given]);
      expect([run.code, run.stdout]).toEqual([1, '']);
      expect(run.stderr).toMatchInlineSnapshot(`
        "error hv1 belongs to fleet "infra" [init.deployed]
        Nothing was written. Use that fleet's repository; a copy is on the hypervisor:
          git clone ssh://hv1/var/lib/fleet/repo
        To take it over, delete /var/lib/fleet/fleet there.
        "
      `);
      expect(existsSync(folder)).toBe(false);
    } finally {
      rmSync(file);
    }
  },
);
