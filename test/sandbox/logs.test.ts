import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const boot = /Linux version/;

describe('fleet logs', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let last = 0;
  const written = (host: number, unit: string, text: string, by = unit, transport = 'stdout') => {
    last = Math.max(Date.now() * 1000, last + 1);
    appendFileSync(
      world.hosts[host]!.file('sandbox/journal'),
      `${[last, transport, `${unit}.service`, by, '', text].join('\t')}\n`,
    );
  };
  const logs = (...args: string[]) => desk.fleet(['logs', ...args]);
  const until = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'logs', smallFleet(world));
    await desk.open(sandboxLock);
    for (const [host, vm] of [
      [0, 'web1'],
      [0, 'web2'],
      [1, 'db1'],
    ] as const) {
      written(host, `microvm@${vm}`, `Started MicroVM '${vm}'.`, 'systemd', 'journal');
      written(host, `microvm@${vm}`, '[    0.000000] Linux version 6.12.41');
      written(
        host,
        `microvm@${vm}`,
        '[\u001b[0;32m  OK  \u001b[0m] Reached target Multi-User System.',
      );
    }
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('shows a guest’s console without its colours, and what systemd said of it', async () => {
    const { code, stdout, stderr } = await logs('web1');
    expect(code, stderr).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d systemd: Started MicroVM 'web1'\.$/);
    expect(lines.slice(1).map((line) => line.slice(20))).toEqual([
      '[    0.000000] Linux version 6.12.41',
      '[  OK  ] Reached target Multi-User System.',
    ]);
  });

  it('names whose a line is where there are several, in the order of their times', async () => {
    written(1, 'microvm@db1', 'one');
    written(0, 'microvm-virtiofsd@web2', 'two');
    written(1, 'microvm@db1', 'three');
    const { stdout } = await logs('web*', 'db1', '-n', '3');
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(20));
    expect(told.slice(-3)).toEqual(['db1  one', 'web2 virtiofsd: two', 'db1  three']);
    expect(told.filter((line) => line.startsWith('db1'))).toHaveLength(3);
  });

  it('shows one part alone with --unit, the whole unit with its console', async () => {
    written(0, 'microvm-virtiofsd@web1', 'shared');
    const only = async (unit: string) =>
      (await logs('web1', '--unit', unit)).stdout
        .trimEnd()
        .split('\n')
        .map((l) => l.slice(20));
    expect(await only('virtiofsd')).toEqual(['virtiofsd: shared']);
    expect(await only('console')).toHaveLength(2);
    expect(await only('microvm')).toHaveLength(3);
    expect(await logs('web1', '--unit', 'kernel')).toMatchObject({ code: 64 });
  });

  it('shows of a hypervisor its own lines, and not what its guests print', async () => {
    written(0, 'sshd', 'Accepted publickey for root');
    const { code, stdout } = await logs('hv1');
    expect(code).toBe(0);
    expect(stdout).toContain(' sshd: Accepted publickey for root\n');
    expect(stdout).toContain(" systemd: Started MicroVM 'web1'.\n");
    expect(stdout).not.toMatch(boot);
    expect(await logs('hv1', '--unit', 'tap')).toMatchObject({ code: 64 });
  });

  it('lets a guest neither order nor pretend anything', async () => {
    written(0, 'microvm@web1', '\u001b]0;title\u0007\u001b[2Jgone\u0000\u202eback ::error::x');
    written(0, 'microvm@web1', '::error::forged');
    written(0, 'microvm@web1', `{"__CURSOR":"x","UNIT":"microvm@web2.service","_PID":"1"}`);
    written(0, 'microvm@web1', 'x'.repeat(40_000));
    const { stdout } = await logs('web1', '-n', '4');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    const [first = '', second, third, fourth = ''] = stdout.split('\n');
    expect(first.slice(20)).toMatch(/^gone/);
    expect(second?.slice(20)).toBe('::error::forged');
    expect(third?.slice(20)).toContain('"__CURSOR":"x"');
    expect(fourth.length).toBe(2020);
    expect(fourth.endsWith('…')).toBe(true);
    expect((await logs('web2')).stdout).not.toContain('__CURSOR');
  });

  it('shows what was said during a deployment, of which the beginning of its id is enough', async () => {
    const id = '20251121-0001';
    const folder = world.hosts[0]!.file(`var/lib/fleet/deployments/${id}`);
    const now = Math.floor(Date.now() / 1000);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'meta'), `started\t${now - 600}\n`);
    writeFileSync(join(folder, 'journal'), `${now - 500}\t001\tbuild\tend\n${now}\t-\tend\tend\n`);
    await new Promise((done) => setTimeout(done, 1100));
    written(0, 'microvm@web1', 'long after it');
    const run = await logs('web1', '--deployment', id.slice(0, -1));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(boot);
    expect(run.stdout).not.toContain('long after it');
    const both = await logs('web1', 'db1', '--deployment', id);
    expect(both).toMatchObject({ code: 0, stderr: '' });
    expect(both.stdout).toMatch(/web1 .*Linux version/);
    const none = await logs('web1', '--deployment', '2001');
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('hv1: no deployment that begins with 2001 is remembered here');
    expect(await logs('web1', '--deployment', id, '-f')).toMatchObject({ code: 64 });
  });

  it('shows what was said since a time', async () => {
    written(0, 'microvm@web2', 'just now');
    expect((await logs('web2', '--since', '2001-02-03 04:05')).stdout).toMatch(boot);
    expect((await logs('web2', '--since', '5d', '-n', '1')).stdout).toMatch(
      /^[\d :-]{19} just now\n$/,
    );
    const late = await logs('web2', '--since', '2999-01-01');
    expect(late).toMatchObject({ code: 0, stdout: '' });
    const wrong = await logs('web2', '--since', 'yesterday');
    expect(wrong).toMatchObject({ code: 64 });
    expect(wrong.stderr).toContain('--since yesterday is not a time');
  });

  it('is one document for programs, and a line each when it follows', async () => {
    written(0, 'microvm@web1', 'for programs');
    const { stdout } = await logs('web1', '-n', '1', '--json');
    const line = {
      hypervisor: 'hv1',
      name: 'web1',
      unit: 'console',
      by: 'microvm@web1',
      priority: 6,
      text: 'for programs',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    };
    expect(JSON.parse(stdout)).toEqual({
      kind: 'logs',
      version: 1,
      unreachable: [],
      failures: [],
      lines: [line],
    });
    const following = desk.start(['logs', '-f', 'web1', '-n', '1', '--json']);
    await until(() => expect(following.sofar().stdout).toContain('\n'));
    following.kill('SIGINT');
    const run = await following.ended;
    expect(JSON.parse(run.stdout)).toEqual({ kind: 'log', version: 1, ...line });
  });

  it('says who is not there, and knows names that are nearly right', async () => {
    const run = await logs('wbe1');
    expect(run).toMatchObject({ code: 64 });
    expect(run.stderr).toContain('there is no vm or hypervisor wbe1');
    expect(run.stderr).toContain('did you mean "web1"?');
  });

  it('works while fleet.yaml is broken', async () => {
    const good = desk.read('fleet.yaml');
    desk.write('fleet.yaml', 'version: [');
    const run = await logs('web1', '--unit', 'microvm', '-n', '100');
    desk.write('fleet.yaml', good);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(boot);
    expect(run.stderr).toContain('using fleet.yaml of commit');
  });

  describe('with -f', () => {
    it('shows every line once, within 300 ms of when the journal tells of it; Ctrl-C ends it with 130', async () => {
      const following = desk.start(['logs', '-f', 'web1', 'db1']);
      await until(() => expect(following.sofar().stdout).toMatch(/web1 .*Linux version/));
      const took: number[] = [];
      for (const n of [1, 2, 3, 4]) {
        const at = Date.now();
        written(n % 2, n % 2 ? 'microvm@db1' : 'microvm@web1', `live ${n}`);
        await until(() => expect(following.sofar().stdout).toContain(`live ${n}\n`));
        took.push(Date.now() - at);
      }
      following.kill('SIGINT');
      const { code, stdout, stderr } = await following.ended;
      expect(code).toBe(130);
      expect(stderr).toBe('');
      expect(stdout.match(/live \d/g)).toEqual(['live 1', 'live 2', 'live 3', 'live 4']);
      // journald, and its stand-in, tell of a line a quarter of a second after it was written.
      expect(Math.min(...took)).toBeLessThan(250 + 300);
    });

    it('connects anew when a connection is lost, says so, and misses nothing', async () => {
      const following = desk.start(['logs', '-f', 'web1', 'db1', '-n', '1']);
      await until(() =>
        expect(following.sofar().stdout).toMatch(/web1 [\s\S]*db1 |db1 [\s\S]*web1 /),
      );
      await world.hosts[0]!.cutLink();
      written(0, 'microvm@web1', 'while nobody listened');
      await until(() => expect(following.sofar().stderr).toContain('hv1: connection lost'));
      written(1, 'microvm@db1', 'not held up');
      await until(() => expect(following.sofar().stdout).toContain('not held up'));
      await world.hosts[0]!.restoreLink();
      await until(() => expect(following.sofar().stdout).toContain('while nobody listened'));
      written(0, 'microvm@web1', 'and again');
      await until(() => expect(following.sofar().stdout).toContain('and again'));
      following.kill('SIGINT');
      const { code, stdout, stderr } = await following.ended;
      expect(code).toBe(130);
      expect(stderr).toBe(
        'hv1: connection lost; connecting again\nhv1: connected again; what was written meanwhile follows\n',
      );
      expect(stdout.match(/while nobody listened|and again/g)).toHaveLength(2);
    });

    it.each([
      ['logs', '-f', 'web1', '-n', '1'],
      ['console', 'web1'],
    ])('ends when its reader has seen enough: %s', async (...words) => {
      const following = desk.start(words);
      await until(() => expect(following.sofar().stdout).not.toBe(''));
      following.closeOutput();
      written(0, 'microvm@web1', 'to nobody');
      written(0, 'microvm@web1', 'to nobody');
      expect(await following.ended).toMatchObject({ code: 0 });
    });
  });

  it('costs a dead hypervisor’s own lines alone', async () => {
    await world.hosts[1]!.cutLink();
    const run = await logs('web1', 'db1');
    await world.hosts[1]!.restoreLink();
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/web1 .*Linux version/);
    expect(run.stderr).toContain('The lines of hv2 are missing.');
  });

  it('has what guests of a deployment say', async () => {
    const before = (await logs('web1', '-n', '1000')).stdout.split('\n').length;
    await desk.apply(0);
    await until(async () => {
      const after = (await logs('web1', '-n', '1000')).stdout.split('\n').slice(before - 1);
      expect(after.map((line) => line.slice(20)).filter(Boolean)).toEqual([
        "systemd: Started MicroVM 'web1'.",
        '[    0.000000] Linux version 6.12.41 (sandbox)',
        '[  OK  ] Reached target Multi-User System.',
      ]);
    });
  });

  it('shows of a hypervisor its own lines, however much guests print, and says where it looked no further', async () => {
    const many = (unit: string) => {
      last = Math.max(Date.now() * 1000, last + 1);
      const line = `${last}\tstdout\t${unit}.service\tmany\t\tagain and again\n`;
      appendFileSync(world.hosts[0]!.file('sandbox/journal'), line.repeat(50_000));
    };
    written(0, 'fleet-autostart', 'every vm runs');
    written(0, 'sshd', 'Accepted publickey for ada');
    written(0, 'sshd@1', 'Accepted publickey for eve');
    many('microvm@web1');
    const run = await logs('hv1', '-n', '2');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('sshd: Accepted publickey for ada');
    expect(run.stdout).toContain('sshd@1: Accepted publickey for eve');
    expect((await logs('hv1', '--unit', 'fleet', '-n', '1')).stdout).toContain('every vm runs');
    many('sshd');
    const cut = await logs('hv1', '--unit', 'fleet', '-n', '1');
    expect(cut).toMatchObject({ code: 0, stdout: '' });
    expect(cut.stderr).toContain(
      'hv1: only the last 50 000 lines of its journal were looked through',
    );
  });
});
