import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writable } from '../hostile/kvm-world.ts';
import { cutByPower, noteWrites } from './power-cut.ts';
import { Tree, text, unit } from './sample-tree.ts';

const dump = text('host/scripts/dump.sh');
const memory = `${unit('memory-level')}\n${dump}\n${text('render/modules/memory.sh')}`;
/** KiB; short is what is below a twentieth. */
const total = 8_000_000;
const [short, between, enough] = [300_000, 600_000, 4_000_000];

const hasTools = ['jq', 'flock'].every((tool) => !spawnSync(tool, ['--version']).error);

describe.skipIf(!hasTools)('where memory is short', () => {
  let tree: Tree;
  const vm = (priority: number, more: object = {}) => ({
    ...{ state: 'running', autostart: 'always', memory: 512, vcpu: 1, vmm: 'qemu', priority },
    ...more,
  });
  const servers: Server[] = [];
  beforeEach(() => {
    tree = new Tree(2, { batch: vm(1), web: vm(10), db: vm(90), off: vm(0, { state: 'stopped' }) });
    noteWrites(tree.root);
    tree.units({ batch: 'active', web: 'active', db: 'active', off: 'active' });
    for (const name of ['batch', 'web', 'db', 'off'])
      mkdirSync(join(tree.root, 'var/lib/microvms', name), { recursive: true });
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    expect([...cutByPower(tree.root), ...writable(tree.root)]).toEqual([]);
    tree.remove();
  });

  const look = (available: number) => {
    tree.memory(total, available);
    const run = tree.run(memory);
    expect(run.status, run.stderr).toBe(0);
  };
  const looks = (available: number, times: number) => {
    for (let i = 0; i < times; i++) look(available);
  };
  const events = () =>
    spawnSync('sh', ['-c', 'cat "$0"/var/lib/fleet/events/*.jsonl 2>/dev/null', tree.root], {
      encoding: 'utf8',
    })
      .stdout.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => !kind.startsWith('spool.'));
  const told = () => events().map(({ kind, vm }) => (vm ? `${kind} ${vm}` : kind));
  const running = () =>
    tree
      .read('active')
      .split('\n')
      .filter((line) => line.endsWith(' active'))
      .map((line) => line.replace(/^microvm@(.*)\.service.*/, '$1'));

  test('one low look stops nobody, and neither does what is between short and enough', () => {
    look(short);
    look(between);
    look(short);
    look(enough);
    look(short);
    expect(told()).toEqual([]);
    expect(running()).toEqual(['batch', 'web', 'db', 'off']);
  });

  test('the guest with the lowest priority is stopped, one a look; who is not meant to run is left alone', () => {
    looks(short, 2);
    expect(running()).toEqual(['web', 'db', 'off']);
    expect(told()).toEqual(['memory.short', 'guest.shed batch']);
    expect(tree.read('var/lib/fleet/stopped/batch')).toMatch(
      /^fleet \(memory is short\)\t\d+\tapply\n$/,
    );
    expect(tree.read('var/lib/fleet/guests/batch')).toContain('state\tTerminated\n');
    expect(tree.read('run/fleet/intents/batch')).toMatch(
      /^shed-.*\tmemory is short\tlife-of-batch\n$/,
    );
    look(short);
    expect(running()).toEqual(['db', 'off']);
    look(between);
    expect(running()).toEqual(['db', 'off']);
    expect(told()).toEqual(['memory.short', 'guest.shed batch', 'guest.shed web']);
  });

  test('when there is enough for a while they come back, the highest priority first, one a look', () => {
    looks(short, 3);
    looks(enough, 3);
    expect(running()).toEqual(['db', 'off']);
    look(enough);
    expect(running()).toEqual(['web', 'db', 'off']);
    look(enough);
    expect(running()).toEqual(['batch', 'web', 'db', 'off']);
    expect(told().slice(3)).toEqual(['memory.enough', 'guest.unshed web', 'guest.unshed batch']);
    for (const name of ['web', 'batch'])
      for (const kind of ['shed', 'stopped'])
        expect(existsSync(join(tree.root, 'var/lib/fleet', kind, name))).toBe(false);
  });

  test('one that had to go again and again stays off until its hour is over', () => {
    tree.policy({ vms: { batch: vm(1, { recovery: { maxPerHour: 2 } }), web: vm(10) } });
    for (let turn = 0; turn < 2; turn++) {
      looks(short, 2);
      looks(enough, 4);
      expect(running()).toContain('batch');
    }
    looks(short, 2);
    looks(enough, 6);
    expect(running()).not.toContain('batch');
    expect(tree.read('var/lib/fleet/guests/batch')).toContain('come back 2 times within an hour');
    expect(told().filter((one) => one === 'guest.shed batch')).toHaveLength(3);
    const recalls = 'run/fleet/memory/recalls/batch';
    const [, last = ''] = tree.read(recalls).split('\n');
    tree.write(recalls, `${Number(last) - 3600}\n${last}\n`);
    look(enough);
    expect(running()).toContain('batch');
  });

  test('nobody comes back for whom there is no room', () => {
    looks(short, 2);
    // More than enough, but not with 512 MiB and 128 for the VMM less.
    looks(1_000_000, 6);
    expect(told()).toEqual(['memory.short', 'guest.shed batch', 'memory.enough']);
    expect(running()).toEqual(['web', 'db', 'off']);
  });

  test('what a person did since is left as it is', () => {
    looks(short, 2);
    writeFileSync(join(tree.root, 'var/lib/fleet/stopped/batch'), 'ada@desk\t1700000000\theld\n');
    looks(enough, 6);
    expect(running()).toEqual(['web', 'db', 'off']);
    expect(tree.read('var/lib/fleet/stopped/batch')).toContain('held');
    expect(existsSync(join(tree.root, 'var/lib/fleet/shed/batch'))).toBe(false);
  });

  test('while a deployment has locked the hypervisor nobody is stopped, and it knows of those that were stopped before', () => {
    const deployment = 'var/lib/fleet/deployments/20261129-010203-ab12';
    tree.write(`${deployment}/begun`, '');
    tree.write(`${deployment}/meta`, 'locks\t2\noperator\tada@desk\n');
    looks(short, 2);
    expect(tree.read(`${deployment}/operated`)).toBe('batch\n');
    tree.write(`${deployment}/locked`, '');
    looks(short, 3);
    expect(running()).toEqual(['web', 'db', 'off']);
  });

  test('idle guests that can give memory back do so first, and get it back', async () => {
    tree.policy({
      vms: {
        batch: vm(1),
        web: vm(10, { balloon: true, memory: 1024 }),
        db: vm(90, { balloon: true }),
      },
    });
    const asked: string[] = [];
    for (const name of ['web', 'db']) {
      const server = createServer((socket) => {
        socket.write('{"QMP":{}}\n');
        socket.on('error', () => undefined);
        socket.on('data', (data) => {
          for (const line of String(data)
            .split('\n')
            .filter((l) => l !== '')) {
            asked.push(`${name} ${line}`);
            socket.write('{"return": {}}\n');
          }
        });
      });
      servers.push(server);
      // Where it listens its runner says.
      const runner = `nix/store/r-${name}`;
      tree.write(`${runner}/share/microvm/hypervisor`, 'qemu\n');
      tree.write(`${runner}/bin/microvm-shutdown`, `socat STDIO UNIX:qmp-${name},shut-none`);
      symlinkSync(join(tree.root, runner), join(tree.root, 'var/lib/microvms', name, 'booted'));
      await new Promise<void>((done) => {
        server.listen(join(tree.root, 'var/lib/microvms', name, `qmp-${name}`), done);
      });
    }
    // No socat is needed where the machine has none.
    tree.tool(
      'socat',
      `exec node -e '
      const socket = require("net").connect(process.argv[1].slice(13));
      process.stdin.pipe(socket, { end: false });
      process.stdin.on("end", () => setTimeout(() => process.exit(0), 300));
      socket.pipe(process.stdout);
    ' -- "$4"`,
    );
    // db works; web has been idle since.
    const ring = (at: number, db: number) =>
      `${JSON.stringify({ at, h: [], v: { web: [9, 1, 0, 0], db: [9, db, 0, 0] } })}\n`;
    // The youngest file has only just begun.
    tree.write('var/lib/fleet/samples/472222-000', ring(100, 1));
    tree.write('var/lib/fleet/samples/472223-000', ring(160, 50));
    const lookSoon = (available: number) =>
      new Promise<void>((done, failed) => {
        tree.memory(total, available);
        tree.start(memory, (code, said) => (code === 0 ? done() : failed(new Error(said))));
      });
    await lookSoon(short);
    await lookSoon(short);
    expect(told()).toEqual(['memory.short', 'balloon.set web']);
    expect(asked).toContain(`web {"execute":"balloon","arguments":{"value":${512 * 1024 ** 2}}}`);
    expect(running()).toContain('batch');
    // It gave what it has: now the lowest goes.
    await lookSoon(short);
    expect(told().at(-1)).toBe('guest.shed batch');
    for (let i = 0; i < 4; i++) await lookSoon(enough);
    expect(asked.at(-1)).toContain(`{"execute":"balloon","arguments":{"value":${1024 ** 3}}}`);
    expect(told()).toContain('memory.enough');
  });
});
