import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartVm } from '../../src/host/hypervisor/operation.ts';
import { sshConnector } from '../../src/host/ssh/connector.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { hypervisor } from '../render/build.ts';
import { Desk } from '../scenario/desk.ts';
import { here } from '../surroundings.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

/** A row of docs/hypervisor-state.md. */
interface Row {
  readonly path: string;
  readonly pattern: RegExp;
  readonly cells: readonly string[];
}

const page = readFileSync(new URL('../../docs/hypervisor-state.md', import.meta.url), 'utf8');

/** What stands for a part of a path. */
const parts: Readonly<Record<string, string>> = {
  id: '[0-9]{8}-[0-9]{6}-[0-9a-f]+',
  vm: '[a-z][a-z0-9-]*',
  target: '[a-z][a-z0-9.-]*',
  n: '[0-9A-Za-z]+',
  step: '[a-z-]+',
  base: '[^/]+',
};

function rowOf(line: string): Row[] {
  const [path, ...cells] = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
  const [, code] = /^`([^` ]+)`$/.exec(path ?? '') ?? [];
  if (code === undefined) return [];
  const absolute = code.startsWith('/') ? code : `/var/lib/fleet/${code}`;
  const source = absolute
    .replaceAll('.', '\\.')
    .replace(/\*+/g, (stars) => (stars === '**' ? '.+' : '[^/]+'))
    .replace(/<([a-z]+)>/g, (_, name: string) => `(?:${parts[name]})`);
  return [{ path: absolute, pattern: new RegExp(`^${source}$`), cells }];
}

const rows = page.slice(page.indexOf('## The tables')).split('\n').flatMap(rowOf);

/** Where scripts write, and what in there is somebody else's. */
const folders = [
  '/var/lib/fleet',
  '/var/lib/microvms',
  '/nix/var/nix/gcroots',
  '/nix/var/nix/profiles',
  '/run/fleet',
  '/run/systemd',
];
const others = [
  // Nix's own, of every out-link, and of a profile for an instant; the guest's.
  /^\/nix\/var\/nix\/gcroots\/auto\//,
  /\/profiles\/[^/]+\.(new|tmp)$/,
  // What `ln -sf` renames over a link that was there: coreutils' force-link.c.
  /\/Cu[0-9A-Za-z]{6}$/,
  /^\/var\/lib\/microvms\/[^./][^/]*\/(?!current|flake|\.)/,
];

/** Every file and link below those folders; a folder counts for what is in it. */
function paths(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string) => {
    let entries: Dirent[] = [];
    try {
      entries = readdirSync(join(root, folder), { withFileTypes: true });
    } catch {
      // Gone meanwhile.
    }
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`;
      if (path.includes('/repo/.git/')) continue;
      if (entry.isDirectory()) visit(path);
      else found.push(path);
    }
  };
  for (const folder of folders) visit(folder);
  return found.filter((path) => !others.some((other) => other.test(path)));
}

describe('the page about what is on a hypervisor', { timeout: 960_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  const seen = new Set<string>();
  let watch: NodeJS.Timeout;
  const look = () => {
    for (const { root } of world.hosts) for (const path of paths(root)) seen.add(path);
  };
  const restart = async () => {
    const configFile = world.env.FLEET_SSH_CONFIG as string;
    const host = await sshConnector({ configFile, surroundings: here }).connect(
      hypervisor('hv1', { ssh: { host: 'hv1' } }),
    );
    await restartVm(host, {
      ...{ id: '20251121-120000-ab', operator: 'me@desk', vm: 'web1' },
      ...{ lockTimeout: 0, stopTimeout: 5000, limit: 60_000 },
    }).finally(() => host.close());
    look();
  };
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'page', smallFleet(world));
    await desk.open(sandboxLock);
    // What is there for a moment only is met often enough.
    watch = setInterval(look, 50);
  }, 480_000);
  afterAll(async () => {
    clearInterval(watch);
    desk.close();
    await world.stop();
  });

  it('is about deployments that succeed, fail, let a vm go and take it back, a roll-back and a restart', async () => {
    const packages = (...names: string[]) =>
      desk.edit((d) => {
        d.vms.web1.packages = names;
      });
    await desk.apply(0);
    packages('htop');
    await desk.apply(0);
    await restart();
    expect((await desk.fleet(['rollback', 'web1', '--yes'])).code).toBe(0);
    look();
    packages('vim');
    await desk.apply(0, '--release', 'web1');
    desk.edit((d) => {
      d.vms.web1.checks = [{ tcp: 81 }];
      d.vms.web1.config = { networking: { firewall: { allowedTCPPorts: [81] } } };
      d.vms.web1.packages = ['tmux'];
    });
    await desk.apply(3);
    look();
    desk.edit((d) => {
      delete d.vms.web1.checks;
      delete d.vms.web1.config;
      d.vms.web1.packages = ['vim'];
    });
    const { web2 } = desk.data.vms;
    desk.edit((d) => {
      delete d.vms.web2;
    });
    await desk.apply(0);
    look();
    desk.edit((d) => {
      d.vms.web2 = web2;
    });
    await desk.apply(0);
    look();
  });

  it('has a row for every path that was there', () => {
    const unknown = [...seen].filter((path) => !rows.some(({ pattern }) => pattern.test(path)));
    expect(unknown.slice(0, 10)).toEqual([]);
  });

  it('has no row for what is never there, but for what says why it is rare', () => {
    const all = [...seen];
    const never = rows.filter(
      ({ cells, pattern }) => cells.at(-1) === '' && !all.some((path) => pattern.test(path)),
    );
    expect(never.map(({ path }) => path)).toEqual([]);
  });

  it('says of each path who writes it, whether it is synced, who reads it and how long it stays', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const { path, cells } of rows) {
      expect(cells.length, path).toBe(5);
      expect(
        cells.slice(0, 4).every((cell) => cell !== ''),
        path,
      ).toBe(true);
    }
  });
});
