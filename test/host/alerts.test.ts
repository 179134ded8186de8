import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writable } from '../hostile/kvm-world.ts';
import { cutByPower, noteWrites } from './power-cut.ts';

const scripts = new URL('../../src/host/scripts/', import.meta.url);
const unit = ['lib', 'deployments', 'locks', 'spool', 'guest-state']
  .map((name) => readFileSync(new URL(`${name}.sh`, scripts), 'utf8'))
  .concat(readFileSync(new URL('../../src/render/modules/alerts.sh', import.meta.url), 'utf8'))
  .join('\n');

/** A hypervisor as fleet-alerts sees it: files, stand-ins for tools, and a clock that a test moves. */
class Ground {
  readonly root = mkdtempSync(join(tmpdir(), 'fleet-alerts-'));
  now = 1_764_450_000;
  up = 1000;
  env: Record<string, string> = {};
  #boot = 'boot-1';
  #policy: Record<string, unknown> = {};

  constructor() {
    for (const folder of ['etc/fleet', 'proc/sys/kernel/random', 'var/lib/fleet/guests', 'bin'])
      mkdirSync(join(this.root, folder), { recursive: true });
    this.write('proc/meminfo', 'MemTotal: 1000 kB\nMemAvailable: 600 kB\n');
    this.disk(10);
    this.tool('timedatectl', 'cat "$FLEET_ROOT/synced"');
    this.write('synced', 'yes\n');
    this.tool('date', 'case $1 in +%s) cat "$FLEET_ROOT/now" ;; *) exec /bin/date "$@" ;; esac');
    noteWrites(this.root);
  }

  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.root, path), text);
    chmodSync(join(this.root, path), mode);
  }

  tool(name: string, text: string): void {
    this.write(`bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  }

  disk(percent: number): void {
    this.tool('df', `echo head; echo "/dev/sda 100 ${percent} 1 ${percent}% /"`);
  }

  rules(alerts: readonly Record<string, unknown>[], more: Record<string, unknown> = {}): void {
    this.#policy = { version: 1, fleet: 'small', hypervisor: 'hv1', vms: { web: {}, db: {} } };
    const policy = { ...this.#policy, alerts, ...more };
    this.write('etc/fleet/watch.json', JSON.stringify(policy));
  }

  guest(name: string, values: Record<string, string>): void {
    const lines = Object.entries(values).map(([key, value]) => `${key}\t${value}\n`);
    this.write(`var/lib/fleet/guests/${name}`, lines.join(''));
  }

  reboot(): void {
    this.#boot += '1';
    this.up = 20;
    rmSync(join(this.root, 'run'), { recursive: true, force: true });
  }

  /** One run of the unit, so many seconds after the one before. */
  async run(later = 15): Promise<{ code: number; stderr: string }> {
    this.now += later;
    this.up += later;
    this.write('now', `${this.now}\n`);
    this.write('proc/uptime', `${this.up}.00 0.00\n`);
    this.write('proc/sys/kernel/random/boot_id', `${this.#boot}\n`);
    const child = spawn('sh', ['-c', unit], {
      env: {
        PATH: `${this.root}/bin:${process.env.PATH}`,
        FLEET_ROOT: this.root,
        FLEET_ALERT_TRIES: '4',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const code = await new Promise<number>((resolve) =>
      child.once('close', (c) => resolve(c ?? 255)),
    );
    return { code, stderr };
  }

  state(): Record<string, { state: string; why?: string }> {
    const file = join(this.root, 'var/lib/fleet/alerts/state');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).alerts : {};
  }

  states(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.state()).map(([key, { state }]) => [key, state]));
  }

  events(): Record<string, unknown>[] {
    const folder = join(this.root, 'var/lib/fleet/events');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .sort()
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind !== 'spool.epoch');
  }

  told(): string[] {
    return this.events().map(({ kind, rule, vm }) => [kind, rule, vm].filter(Boolean).join(' '));
  }
}

describe('fleet-alerts', { timeout: 180_000 }, () => {
  let ground: Ground;
  beforeEach(() => {
    ground = new Ground();
  });
  afterEach(() => {
    expect([...cutByPower(ground.root), ...writable(ground.root)]).toEqual([]);
    rmSync(ground.root, { recursive: true, force: true });
  });

  it('without a rule says nothing', async () => {
    ground.rules([]);
    ground.guest('web', { state: 'Failed' });
    expect(await ground.run()).toEqual({ code: 0, stderr: '' });
    expect(ground.states()).toEqual({});
    expect(ground.events()).toEqual([]);
  });

  it('fires once what has lasted, and says once when it is over', async () => {
    ground.rules([{ rule: 'failed', when: 'failed', for: 30 }]);
    ground.guest('web', { state: 'Failed', why: 'gave up after 5 attempts' });
    ground.guest('db', { state: 'Ready' });
    await ground.run();
    expect(ground.states()).toEqual({ 'failed web': 'pending' });
    await ground.run();
    expect(ground.states()).toEqual({ 'failed web': 'pending' });
    expect(ground.events()).toEqual([]);
    await ground.run();
    await ground.run();
    expect(ground.state()['failed web']).toMatchObject({
      ...{ state: 'firing', why: 'gave up after 5 attempts', told: true },
      since: ground.now - 45,
    });
    expect(ground.told()).toEqual(['alert.firing failed web']);
    ground.guest('web', { state: 'Ready' });
    await ground.run();
    await ground.run();
    expect(ground.states()).toEqual({ 'failed web': 'resolved' });
    expect(ground.told()).toEqual(['alert.firing failed web', 'alert.resolved failed web']);
  });

  it('forgets what was over before it had lasted, and begins anew after a reboot', async () => {
    ground.rules([{ rule: 'unhealthy', when: 'unhealthy', for: 60 }]);
    ground.guest('web', { state: 'Ready', health: 'failing' });
    await ground.run();
    ground.guest('web', { state: 'Ready', health: 'ok' });
    await ground.run();
    expect(ground.states()).toEqual({});
    ground.guest('web', { state: 'Ready', health: 'failing' });
    await ground.run();
    await ground.run(45);
    ground.reboot();
    await ground.run();
    await ground.run(45);
    expect(ground.states()).toEqual({ 'unhealthy web': 'pending' });
    await ground.run(15);
    expect(ground.states()).toEqual({ 'unhealthy web': 'firing' });
    // What fires is remembered over a reboot, and not told again.
    ground.reboot();
    await ground.run();
    expect(ground.told()).toEqual(['alert.firing unhealthy web']);
  });

  it('is of what nobody knows neither alarmed nor relieved', async () => {
    ground.rules([
      { rule: 'unhealthy', when: 'unhealthy', for: 0, vms: ['web'] },
      { rule: 'snapshot', when: 'snapshot', above: 93600, for: 0 },
    ]);
    ground.guest('web', { state: 'Ready', health: 'failing' });
    ground.guest('db', { state: 'Ready', health: 'failing' });
    await ground.run();
    ground.guest('web', { state: 'Ready', health: 'unknown' });
    await ground.run();
    expect(ground.states()).toEqual({ 'unhealthy web': 'firing' });
    const { unknown } = JSON.parse(
      readFileSync(join(ground.root, 'var/lib/fleet/alerts/state'), 'utf8'),
    );
    expect(unknown.map(({ rule }: { rule: string }) => rule)).toEqual(['snapshot', 'unhealthy']);
  });

  it('knows disk, memory and clock by their limits', async () => {
    ground.rules([
      { rule: 'disk', when: 'disk', above: 90, for: 0 },
      { rule: 'memory', when: 'memory', above: 90, for: 0 },
      { rule: 'clock', when: 'clock', above: 1, for: 0 },
    ]);
    ground.disk(90);
    await ground.run();
    expect(ground.states()).toEqual({});
    ground.disk(91);
    ground.write('proc/meminfo', 'MemTotal: 1000 kB\nMemAvailable: 50 kB\n');
    await ground.run();
    expect(ground.states()).toEqual({ 'disk /': 'firing', memory: 'firing' });
    expect(ground.state()['disk /']?.why).toBe('91 % of it is used');
    ground.now += 3600;
    await ground.run();
    expect(ground.state().clock).toMatchObject({ state: 'firing', why: 'it was set by 3600 s' });
    await ground.run(700);
    expect(ground.states().clock).toBe('resolved');
    ground.write('synced', 'no\n');
    await ground.run();
    expect(ground.state().clock).toMatchObject({ state: 'firing', why: 'it is not synchronised' });
    ground.write('synced', 'yes\n');
    await ground.run();
    // Also where it has to last for longer than a jump does.
    ground.rules([{ rule: 'clock', when: 'clock', above: 1, for: 600 }]);
    ground.now += 3600;
    await ground.run();
    expect(ground.states().clock).toBe('pending');
    await ground.run(600);
    expect(ground.states().clock).toBe('firing');
    await ground.run(600);
    expect(ground.states().clock).toBe('resolved');
  });

  it('counts the ends and hangs of an hour that nobody asked for, whatever half lines a power cut left', async () => {
    ground.rules([{ rule: 'restarting', when: 'restarting', above: 2, for: 0 }]);
    const line = (seq: number, more: object) =>
      JSON.stringify({ v: 1, epoch: '000000000001-00000000', seq, at: ground.now, ...more });
    const ended = (seq: number, intended: boolean | null, at = ground.now) =>
      line(seq, { kind: 'guest.ended', vm: 'web', intended, at });
    const lines = [
      ended(1, false).slice(0, 80),
      ended(2, false, ground.now - 4000),
      ended(3, false, ground.now + 999_999),
      ended(4, true),
      ended(5, null),
      ended(6, false),
      line(7, { kind: 'guest.restarted', vm: 'web', why: 'it hangs' }),
    ];
    mkdirSync(join(ground.root, 'var/lib/fleet/events'), { mode: 0o700 });
    const spool = 'var/lib/fleet/events/000000000001-00000000-0000000001.jsonl';
    ground.write(spool, `${lines.join('\n')}\n`);
    await ground.run();
    expect(ground.states()).toEqual({});
    ground.write(spool, `${[...lines, ended(8, false)].join('\n')}\n`);
    await ground.run();
    expect(ground.state()['restarting web']).toMatchObject({
      ...{ state: 'firing', why: 'it ended or hung 3 times in an hour' },
    });
    await ground.run(3600);
    expect(ground.states()['restarting web']).toBe('resolved');
  });

  it('of many alerts so many fire: those of the hypervisor, and those that fired before, are among them', async () => {
    ground.env = { FLEET_ALERT_MOST: '3' };
    ground.rules([
      { rule: 'failed', when: 'failed', for: 0 },
      { rule: 'unhealthy', when: 'unhealthy', for: 0 },
      { rule: 'disk', when: 'disk', above: 90, for: 0 },
    ]);
    ground.guest('web', { state: 'Ready', health: 'failing' });
    ground.guest('db', { state: 'Ready', health: 'failing' });
    await ground.run();
    ground.disk(95);
    for (const name of ['web', 'db']) ground.guest(name, { state: 'Failed', health: 'failing' });
    await ground.run();
    const firing = { 'disk /': 'firing', 'unhealthy db': 'firing', 'unhealthy web': 'firing' };
    expect(ground.states()).toEqual(firing);
    // What is too much for it is not over.
    ground.env = { FLEET_ALERT_MOST: '1' };
    await ground.run();
    expect(ground.states()).toEqual(firing);
  });

  it('tells of many at once in several runs, each once', async () => {
    const vms = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${10 + i}`, {}]));
    ground.rules([{ rule: 'failed', when: 'failed', for: 0 }], { vms });
    for (const name of Object.keys(vms)) ground.guest(name, { state: 'Failed' });
    await ground.run();
    expect(ground.told()).toHaveLength(25);
    await ground.run();
    await ground.run();
    expect(ground.told()).toEqual(Object.keys(vms).map((name) => `alert.firing failed ${name}`));
  });

  it('of what differs knows what reconcile last found, however long ago it told of it', async () => {
    ground.rules([{ rule: 'drift', when: 'drift', for: 0 }]);
    const differs = 'it runs, and is wanted stopped';
    ground.write('var/lib/fleet/found', `drift\tweb\t${differs}\norphan\ttap\tvm-x\n`);
    await ground.run();
    expect(ground.states()).toEqual({ [`drift web ${differs}`]: 'firing' });
    ground.write('var/lib/fleet/found', 'orphan\ttap\tvm-x\n');
    await ground.run();
    expect(ground.states()).toEqual({ [`drift web ${differs}`]: 'resolved' });
  });

  it('a rule or vm that goes takes its alerts along', async () => {
    ground.rules([{ rule: 'failed', when: 'failed', for: 0 }]);
    ground.guest('web', { state: 'Failed' });
    await ground.run();
    ground.rules([]);
    await ground.run();
    expect(ground.states()).toEqual({ 'failed web': 'resolved' });
  });

  describe('webhook', () => {
    let server: Server;
    let answers: number[];
    let posts: {
      body: Record<string, unknown>;
      headers: IncomingMessage['headers'];
      url: string;
    }[];
    const secret = 'tok"en\\42';
    beforeEach(async () => {
      answers = [];
      posts = [];
      server = createServer((request, response) => {
        let body = '';
        request.on('data', (data) => {
          body += data;
        });
        request.on('end', () => {
          posts.push({ body: JSON.parse(body), headers: request.headers, url: request.url ?? '' });
          response.writeHead(answers.shift() ?? 204).end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      ground.write(
        'hook',
        `http://127.0.0.1:${port}/alerts?key=s3cret&of={a,b}[1-2]\nAuthorization: Bearer ${secret}\n`,
        0o600,
      );
      const webhookFile = join(ground.root, 'hook');
      ground.rules([{ rule: 'failed', when: 'failed', for: 0 }], { webhookFile });
      ground.guest('web', { state: 'Failed', why: 'x'.repeat(490) });
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    const way = () => readFileSync(join(ground.root, 'var/lib/fleet/alerts/webhook'), 'utf8');

    it('is told each change, once, with what the file says', async () => {
      await ground.run();
      await ground.run();
      ground.guest('web', { state: 'Ready' });
      await ground.run();
      expect(posts.map(({ body }) => body.state)).toEqual(['firing', 'resolved']);
      expect(posts[0]).toMatchObject({
        url: '/alerts?key=s3cret&of={a,b}[1-2]',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: {
          ...{ version: 1, fleet: 'small', hypervisor: 'hv1', alert: 'failed web', vm: 'web' },
          ...{ rule: 'failed', when: 'failed', why: 'x'.repeat(300) },
        },
      });
      expect(JSON.stringify(posts[0]?.body).length).toBeLessThan(2048);
    });

    it('that does not take it is asked again, later and later, and in order', async () => {
      answers = [500, 503];
      const first = await ground.run();
      expect(first.stderr).toContain('alerts are not told by webhook: it answered 500');
      ground.guest('db', { state: 'Failed' });
      await ground.run();
      expect(posts).toHaveLength(2);
      // The second wait is twice the first.
      await ground.run();
      expect(posts).toHaveLength(2);
      const last = await ground.run();
      expect(posts.map(({ body }) => body.vm)).toEqual(['web', 'web', 'web', 'db']);
      expect(last.stderr).toContain('alerts are told by webhook again');
      // Looking did not wait for it.
      expect(ground.told()).toEqual(['alert.firing failed web', 'alert.firing failed db']);
    });

    it('is told what fires though the state was lost', async () => {
      await ground.run();
      rmSync(join(ground.root, 'var/lib/fleet/alerts/state'));
      await ground.run();
      ground.guest('web', { state: 'Ready' });
      await ground.run();
      expect(posts.map(({ body }) => body.state)).toEqual(['firing', 'firing', 'resolved']);
    });

    it('is told that the disk is full, and once there is room nothing is told twice', async () => {
      ground.rules([{ rule: 'disk', when: 'disk', above: 90, for: 0 }], {
        webhookFile: join(ground.root, 'hook'),
      });
      await ground.run();
      const state = join(ground.root, 'var/lib/fleet/alerts/state.new');
      symlinkSync('/dev/full', state);
      // A copy to memory leaves that link out.
      ground.tool(
        'cp',
        'case $3 in */run/*) ;; *) [ ! -e "$FLEET_ROOT/full" ] || exit 1 ;; esac; /bin/cp "$@" && rm -f "$3/state.new"',
      );
      ground.write('full', '');
      ground.disk(97);
      const full = await ground.run();
      expect(full.stderr).toContain('/var/lib/fleet/alerts cannot be written');
      expect(posts.map(({ body }) => body.alert)).toEqual(['disk /']);
      await ground.run();
      expect(posts).toHaveLength(1);
      for (const path of [state, join(ground.root, 'full')]) rmSync(path);
      await ground.run();
      expect(ground.states()).toEqual({ 'disk /': 'firing' });
      ground.disk(10);
      await ground.run();
      expect(posts.map(({ body }) => body.state)).toEqual(['firing', 'resolved']);
      expect(ground.states()).toEqual({ 'disk /': 'resolved' });
      expect(existsSync(join(ground.root, 'run/fleet/alerts/spare'))).toBe(false);
    });

    it('whose file others may read is not used, and that is said', async () => {
      chmodSync(join(ground.root, 'hook'), 0o644);
      const run = await ground.run();
      expect(posts).toEqual([]);
      expect(run.stderr).toContain('others than its owner may read or write the file');
    });

    it('stays a secret: in no argument, file or message', async () => {
      // What curl is called with, and what it reads.
      ground.tool('curl', 'echo "$*" >>"$FLEET_ROOT/argv"; cat >"$FLEET_ROOT/config"; echo 500');
      const run = await ground.run();
      expect(run.stderr).toContain('it answered 500');
      expect(readFileSync(join(ground.root, 'argv'), 'utf8')).toBe('-q --config -\n');
      const config = readFileSync(join(ground.root, 'config'), 'utf8');
      expect(config).toContain('s3cret');
      expect(config).toContain('header = "Authorization: Bearer tok\\"en\\\\42"');
      rmSync(join(ground.root, 'config'));
      rmSync(join(ground.root, 'hook'));
      const files = readdirSync(ground.root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
      expect([...files, run.stderr].filter((text) => text.includes('s3cret'))).toEqual([]);
    });

    it('that is gone for good is given up for one message in the end', async () => {
      ground.tool('curl', 'cat >/dev/null; echo 500');
      await ground.run();
      for (let tries = 0; tries < 2; tries += 1) await ground.run(4000);
      expect(way()).toContain('tries\t3');
      await ground.run(4000);
      expect(way()).toContain('problem\tit answered 500; one was given up');
      expect(readdirSync(join(ground.root, 'var/lib/fleet/alerts/outbox/webhook'))).toEqual([]);
    });
  });

  it("gives the user's program each change on standard input, as a unit with few rights", async () => {
    ground.tool(
      'systemd-run',
      'printf "%s\\n" "$@" >"$FLEET_ROOT/argv"; cat >>"$FLEET_ROOT/got"; exit "$(cat "$FLEET_ROOT/exit")"',
    );
    ground.write('exit', '3\n');
    ground.rules([{ rule: 'failed', when: 'failed', for: 0 }], { alertCommand: '/bin/page me' });
    ground.guest('web', { state: 'Failed', why: 'it has $(gone)' });
    const run = await ground.run();
    expect(run.stderr).toContain('alerts are not told by command: it ended with 3');
    ground.write('exit', '0\n');
    await ground.run();
    await ground.run();
    const argv = readFileSync(join(ground.root, 'argv'), 'utf8').trim().split('\n');
    expect(argv.slice(-2)).toEqual(['--', '/bin/page me']);
    for (const right of ['DynamicUser=yes', 'NoNewPrivileges=yes', 'RuntimeMaxSec=30'])
      expect(argv).toContain(right);
    const got = readFileSync(join(ground.root, 'got'), 'utf8').trim().split('\n');
    expect(got).toHaveLength(2);
    expect(JSON.parse(got[1] as string)).toMatchObject({ vm: 'web', why: 'it has $(gone)' });
  });

  it('survives a state that is cut, and one that cannot be written', async () => {
    ground.rules([{ rule: 'failed', when: 'failed', for: 0 }]);
    ground.guest('web', { state: 'Failed' });
    await ground.run();
    ground.write('var/lib/fleet/alerts/state', '{"v":1,"ale');
    expect((await ground.run()).code).toBe(0);
    expect(ground.states()).toEqual({ 'failed web': 'firing' });
  });
});
