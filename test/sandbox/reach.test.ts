import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

// The binary, real ssh and real commands; guests are pretended, their sshd is the sandbox's.
vi.setConfig({ testTimeout: 90_000 });
let world: SandboxWorld;
let desk: Desk;
beforeAll(async () => {
  world = await sandboxWorld(2);
  const fleet = smallFleet(world, { confirm: '60s', deadline: '20s' });
  const users = { ada: { sshKeys: [world.hosts[0]!.publicKey] } };
  Object.assign(fleet.vms.web1, { users, tags: ['web'], checks: [{ run: 'true' }] });
  Object.assign(fleet.vms.web2, { users, tags: ['web'], checks: [{ run: 'true' }] });
  fleet.vms.keyed = { on: 'hv2', network: 'back', address: '10.2.0.3', sshHostKey: true, users };
  fleet.vms.off = { on: 'hv2', network: 'back', address: '10.2.0.9', state: 'stopped', users };
  desk = new Desk(world, 'reach', fleet);
  await desk.open(sandboxLock);
  await desk.apply(0);
}, 360_000);
afterAll(async () => {
  desk?.close();
  await world?.stop();
});

const sorted = (lines: string) => lines.split('\n').filter(Boolean).sort();

describe('fleet exec', () => {
  it('runs on hypervisors and in guests side by side, each line with its name', async () => {
    const run = await desk.fleet(['exec', 'hv1,@web', '--', 'echo', '"$USER', 'on"', '$HOSTNAME']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(sorted(run.stdout)).toEqual(['hv1:  root on', 'web1: ada on web1', 'web2: ada on web2']);
  });

  it('passes the bytes of one machine unchanged, and its exit code', async () => {
    const run = await desk.fleet(['exec', 'web1', '--', String.raw`printf 'a\033[1m\tb'; exit 7`]);
    expect(run).toEqual({ code: 7, stdout: 'a\u001b[1m\tb', stderr: '' });
  });

  it('exits with the worst and says whose it is', async () => {
    const run = await desk.fleet(['exec', '@web', '--', '[ $HOSTNAME = web1 ] || exit 3; exit 2']);
    expect(run).toEqual({ code: 3, stdout: '', stderr: 'web1: exit 2\nweb2: exit 3\n' });
  });

  it('says what to add where nobody can log in, and runs on the others', async () => {
    const run = await desk.fleet(['exec', 'db1,web1', '--', 'echo here']);
    expect(run.code).toBe(255);
    expect(run.stdout).toBe('web1: here\n');
    expect(run.stderr).toContain('db1: none of its users in fleet.yaml has an ssh key');
    expect(run.stderr).toContain('sshKeys');
  });

  it('gives each what comes on standard input', async () => {
    const run = await desk.fleet(['exec', '--stdin', '@web', '--', 'cat'], undefined, 'one\ntwo');
    expect(sorted(run.stdout)).toEqual(['web1: one', 'web1: two', 'web2: one', 'web2: two']);
  });

  it('gives nothing else to read', async () => {
    const run = await desk.fleet(['exec', 'web1', '--', 'cat'], undefined, 'unasked');
    expect(run).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('groups the output of each', async () => {
    const run = await desk.fleet(['exec', '--group', '@web', '--', 'echo a; sleep 0.1; echo b']);
    expect(run.stdout.replace(/\d\.\d s/g, 'S')).toMatch(
      /^== web[12]: exit 0, S\na\nb\n== web[12]: exit 0, S\na\nb\n$/,
    );
  });

  it('gives up after its limit', async () => {
    const run = await desk.fleet(['exec', '--timeout', '300ms', 'web1', '--', 'sleep 60']);
    expect(run.code).toBe(255);
    expect(run.stderr).toContain('web1: the command did not end within 0.3 s');
  });

  it('is one document for programs', async () => {
    const run = await desk.fleet([
      'exec',
      '--json',
      'hv2,web1',
      '--',
      'echo out; echo err >&2; exit 4',
    ]);
    expect(run.code).toBe(4);
    const machine = { code: 4, stdout: 'out\n', stderr: 'err\n', isCut: false };
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'exec',
      version: 1,
      machines: [
        { name: 'hv2', hypervisor: 'hv2', ...machine },
        { name: 'web1', hypervisor: 'hv1', ...machine },
      ],
    });
  });

  it('costs a dead hypervisor its own machines only', async () => {
    await world.hosts[0]!.cutLink();
    try {
      const run = await desk.fleet(['exec', 'hv*,web1', '--', 'echo here']);
      expect(run.code).toBe(255);
      expect(run.stdout).toBe('hv2:  here\n');
      expect(run.stderr).toMatch(/^hv1 \(/m);
      expect(run.stderr).toMatch(/^web1: hv1 \(/m);
    } finally {
      await world.hosts[0]!.restoreLink();
    }
  });

  it('means a hypervisor alone by its name, and no vm that is to be stopped by a pattern', async () => {
    const run = await desk.fleet(['exec', 'hv2,*f*', '--', 'echo here']);
    expect([run.code, run.stdout]).toEqual([255, '']);
    expect(run.stderr).toContain('no hypervisor, vm or tag is called *f*');
    expect((await desk.fleet(['exec', 'hv2', '--', 'echo here'])).stdout).toBe('here\n');
  });

  it.each([
    [['exec', 'web1', 'uptime'], 'there is no command'],
    [['exec', 'web1', 'web2', '--', 'uptime'], 'before -- stands one selector'],
    [['exec', '--user', 'x y', 'web1', '--', 'true'], 'not a name of a user'],
    [['exec', '--user', 'ada', 'hv1', '--', 'true'], '--user is who to be in guests'],
    [['exec', '--nonsense', 'web1', '--', 'true'], 'unknown option'],
    [['exec'], "missing required argument 'selector'"],
  ])('%j is a mistake, which is exit 255 here', async (args, message) => {
    const run = await desk.fleet(args);
    expect(run.code).toBe(255);
    expect(run.stderr).toContain(message);
  });
});

describe('fleet ssh', () => {
  it('runs a command in a guest through its hypervisor, with the key that it was given', async () => {
    const run = await desk.fleet(['ssh', 'web1', '--', 'echo', '$USER', '$HOSTNAME;', 'exit 6']);
    expect(run).toEqual({ code: 6, stdout: 'ada web1\n', stderr: '' });
  });

  it('and on a hypervisor', async () => {
    const run = await desk.fleet(['ssh', 'hv2', '--', 'cat; echo "$USER"'], undefined, 'in ');
    expect(run).toEqual({ code: 0, stdout: 'in root\n', stderr: '' });
  });

  it('and in one that is given a key without checks, which show prints for known_hosts', async () => {
    const run = await desk.fleet(['ssh', 'keyed', '--', 'echo', 'in']);
    expect(run).toEqual({ code: 0, stdout: 'in\n', stderr: '' });
    const { stdout } = await desk.fleet(['show', 'keyed', '--host-key']);
    expect(stdout).toMatch(/^keyed,10\.2\.0\.3 ecdsa-sha2-nistp521 AAAA\S+\n$/);
    const document = JSON.parse(
      (await desk.fleet(['show', 'keyed', '--host-key', '--json'])).stdout,
    );
    expect(document).toMatchObject({ kind: 'host-keys', version: 1, name: 'keyed' });
    const none = await desk.fleet(['show', 'db1', '--host-key']);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain('sshHostKey: true');
  });

  it('refuses a guest that shows another key than its own', async () => {
    const keys = '"$FLEET_ROOT/var/lib/fleet/guest-keys"';
    const file = 'ssh_host_ecdsa_key.pub';
    await world.hosts[0]!.exec(
      `cd ${keys} && mv web2/${file} kept && cp web1/${file} web2/${file}`,
    );
    try {
      const run = await desk.fleet(['ssh', 'web2', '--', 'echo in']);
      expect([run.code, run.stdout]).toEqual([255, '']);
      expect(run.stderr).toContain('Host key verification failed');
      const other = await desk.fleet(['exec', 'web2', '--', 'echo in']);
      expect([other.code, other.stdout]).toEqual([255, '']);
      expect(other.stderr).toContain('shows a host key that the hypervisor did not give');
    } finally {
      await world.hosts[0]!.exec(`cd ${keys} && mv kept web2/${file}`);
    }
  });

  it('says that a guest is down, and what starts it', async () => {
    expect((await desk.fleet(['stop', 'web2'])).code).toBe(0);
    for (const args of [
      ['ssh', 'web2'],
      ['exec', 'web2', '--', 'true'],
    ]) {
      const run = await desk.fleet(args);
      expect([run.code, run.stdout]).toEqual([255, '']);
      expect(run.stderr).toContain('web2 is not running (inactive, dead)');
      expect(run.stderr).toContain('fleet start web2');
    }
    expect((await desk.fleet(['start', 'web2'])).code).toBe(0);
  });

  it('says what to add where nobody can log in', async () => {
    const run = await desk.fleet(['ssh', 'db1']);
    expect(run.code).toBe(255);
    expect(run.stderr).toContain('db1: none of its users in fleet.yaml has an ssh key');
  });

  it('a guest without a key that is known is refused, and it says what gives it one', async () => {
    const run = await desk.fleet(['ssh', '--user', 'root', 'db1', '--', 'true']);
    expect(run.code).toBe(255);
    expect(run.stderr).toContain('sshHostKey: true');
    expect(run.stderr).toContain('Host key verification failed');
  });
});

describe('fleet forward', () => {
  it("reaches a guest's port from here, also after its hypervisor was away, until Ctrl-C", async () => {
    const running = desk.start(['forward', 'web1', '0:22', '0:9', '--json']);
    onTestFinished(() => running.kill('SIGKILL'));
    await expect.poll(() => running.sofar().stdout, { timeout: 90_000 }).toContain('}');
    const { forwards } = JSON.parse(running.sofar().stdout) as Document;
    expect(forwards).toMatchObject([
      { address: '10.1.0.2', port: 22 },
      { address: '10.1.0.2', port: 9 },
    ]);
    const [ssh, nobody] = forwards.map(({ local }) => local);
    expect(await firstLine(ssh!)).toMatch(/^SSH-2\.0-/);
    expect(await firstLine(nobody!)).toBe('');
    await expect
      .poll(() => running.sofar().stderr, { timeout: 30_000 })
      .toContain('cannot connect to 10.1.0.2 port 9');
    await world.hosts[0]!.cutLink();
    await world.hosts[0]!.restoreLink();
    expect(await firstLine(ssh!)).toMatch(/^SSH-2\.0-/);
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
  });

  it('says that a port is in use, and of another one', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const run = await desk.fleet(['forward', 'hv1', `${port}:80`]);
    server.close();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`port ${port} is in use here`);
  });
});

describe('fleet console', () => {
  const patient = { timeout: 180_000 };

  it('shows what a guest writes, without who wrote it, until Ctrl-C', async () => {
    const running = desk.start(['console', 'web1']);
    onTestFinished(() => running.kill('SIGKILL'));
    await expect.poll(() => running.sofar().stdout, patient).toMatch(/^\[.*Linux version/m);
    running.kill('SIGINT');
    const said = 'The console of web1 can only be read here. Ctrl-C ends it.\n';
    expect(await running.ended).toMatchObject({ code: 130, stderr: said });
  });

  it('--boot restarts it, and shows it from there on', async () => {
    const running = desk.start(['console', 'web1', '--boot']);
    onTestFinished(() => running.kill('SIGKILL'));
    await expect.poll(() => running.sofar().stderr, patient).toMatch(/^web1 {2}restarted/m);
    await expect.poll(() => running.sofar().stdout, patient).toContain('Linux version');
    running.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout.match(/Linux version/g)).toHaveLength(1);
  });

  it('is of vms', async () => {
    const run = await desk.fleet(['console', 'hv1']);
    expect([run.code, run.stdout]).toEqual([64, '']);
    expect(run.stderr).toContain('hv1 is a hypervisor: this is for vms');
  });
});

describe('fleet diff', () => {
  it('says how two generations differ: fields, commits, packages', async () => {
    const none = await desk.fleet(['diff', 'web2']);
    expect([none.code, none.stdout]).toEqual([64, '']);
    expect(none.stderr).toContain('web2 has no generation before this one');
    desk.edit((d) => {
      d.vms.web2.packages = ['htop'];
    });
    await desk.apply(0);
    const { code, stdout } = await desk.fleet(['diff', 'web2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^web2 {2}generation 1 .*\n {6}generation 2 /);
    expect(stdout).toContain('fleet.yaml\n  + packages: htop\n');
    expect(stdout).toMatch(/commits\n {2}[0-9a-f]{7,} .*web2/);
    expect(stdout).toContain('packages: 100 MiB → 101 MiB\n  htop: ∅ → ε, +1024.0 KiB\n');
    const back = JSON.parse((await desk.fleet(['diff', 'web2', '2', '1', '--json'])).stdout);
    expect(back).toMatchObject({
      kind: 'diff',
      version: 1,
      fields: [{ field: 'packages', from: 'htop' }],
      commits: [],
      takenBack: [expect.stringContaining('web2')],
    });
    const text = (await desk.fleet(['diff', 'web2', '2', '1'])).stdout;
    expect(text).toMatch(/^commits taken back\n {2}[0-9a-f]{7,} .*web2/m);
    expect(text).not.toContain('commits\n');
    const hypervisor = await desk.fleet(['diff', 'hv1', '1', '1']);
    expect(hypervisor.stdout).toContain(
      'packages: 100 MiB → 100 MiB\n  no package differs in version or by 8 KiB\n',
    );
    expect((await desk.fleet(['diff', 'web2', '9'])).stderr).toContain('web2 has no generation 9');
  });
});

interface Document {
  readonly forwards: readonly { readonly local: number }[];
}

/** What is said first at a port. */
function firstLine(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', () => {}).once('close', () => resolve(''));
  });
}
