import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, type Run } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const secret = 'c2VjcmV0LW9mLXRoZS1ndWVzdA';
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: kubernetes, cluster: { server: 'https://127.0.0.1:6443' } }]
users: [{ name: admin, user: { token: ${secret} } }]
contexts: [{ name: admin@kubernetes, context: { cluster: kubernetes, user: admin } }]
current-context: admin@kubernetes
`;

let world: SandboxWorld;
let desk: Desk;
const said: string[] = [];
const home = () => world.home as string;
const at = (...path: string[]) => join(home(), ...path);
const read = (...path: string[]) => readFileSync(at(...path), 'utf8');
/** In a guest, where its root would have it. */
const inGuest = (vm: string, path: string) =>
  join(world.hosts[0]?.root as string, 'sandbox/files', vm, path);
const plant = (vm: string, path: string, text: string) => {
  mkdirSync(dirname(inGuest(vm, path)), { recursive: true });
  writeFileSync(inGuest(vm, path), text);
};
async function fleet(...args: string[]): Promise<Run> {
  const run = await desk.fleet(args);
  said.push(run.stdout, run.stderr);
  // A long path is on a line of its own.
  return { ...run, stdout: run.stdout.replaceAll(/\n +(?=\S)/g, ' ') };
}

beforeAll(async () => {
  world = await sandboxWorld(2);
  const data = smallFleet(world, { confirm: '60s', deadline: '20s' });
  data.vms.web1.publish = ['8443:6443/tcp'];
  data.vms.web1.exports = [
    {
      file: '/etc/kubernetes/admin.conf',
      merge: 'kubeconfig',
      replace: { '127.0.0.1:6443': '{hypervisor}:{port}' },
    },
    { file: '/var/lib/app/token', to: '~/tokens/app', user: 'app' },
  ];
  desk = new Desk(world, 'exports', data);
  await desk.open(sandboxLock);
  await desk.apply(0);
}, 360_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});
beforeEach(() => {
  for (const path of ['.kube', 'tokens', '.local'])
    rmSync(at(path), { recursive: true, force: true });
  plant('web1', '/etc/kubernetes/admin.conf', kubeconfig);
  plant('web1', '/var/lib/app/token', secret);
});

describe('fleet export', () => {
  it('writes what the guest has for its user alone, rewritten and merged as fleet.yaml says', async () => {
    const { code, stdout } = await fleet('export');
    expect([code, stdout]).toEqual([
      0,
      `web1: /etc/kubernetes/admin.conf is in ${at('.kube/config')}, context web1
web1: /var/lib/app/token is in ${at('tokens/app')}
`,
    ]);
    expect(read('.kube/config')).toContain('server: https://127.0.0.1:8443');
    expect(read('.kube/config')).toContain(`token: ${secret}`);
    expect(read('.kube/config')).toMatch(/^current-context: "web1"$/m);
    expect(read('tokens/app')).toBe(secret);
    const mode = (path: string) => (statSync(at(path)).mode & 0o777).toString(8);
    expect(['.kube', '.kube/config', 'tokens', 'tokens/app'].map(mode)).toEqual([
      '700',
      '600',
      '700',
      '600',
    ]);
  });

  it('does so again, and says where there was nothing to do', async () => {
    await fleet('export');
    plant('web1', '/var/lib/app/token', `${secret}2`);
    const { code, stdout } = await fleet('export', 'web1');
    expect([code, stdout]).toEqual([
      0,
      `web1: /etc/kubernetes/admin.conf is in ${at('.kube/config')}, context web1 (as it was)
web1: /var/lib/app/token is in ${at('tokens/app')}
`,
    ]);
    expect(read('tokens/app')).toBe(`${secret}2`);
  });

  it('prints the line for the shell alone with --env', async () => {
    const { code, stdout, stderr } = await fleet('export', 'web1', '--env');
    expect([code, stdout]).toEqual([0, `export KUBECONFIG='${at('.kube/config')}'\n`]);
    expect(stderr).toContain('tokens/app');
  });

  it('leaves a file alone that fleet did not write, unless told', async () => {
    mkdirSync(at('tokens'));
    writeFileSync(at('tokens/app'), 'mine');
    const { code, stdout } = await fleet('export');
    expect(code).toBe(1);
    expect(stdout).toContain('fleet did not write it');
    expect(read('tokens/app')).toBe('mine');
    expect((await fleet('export', '--overwrite')).code).toBe(0);
    expect(read('tokens/app')).toBe(secret);
  });

  it('says what is wrong with each, and does the others', async () => {
    rmSync(inGuest('web1', '/etc/kubernetes/admin.conf'));
    const { code, stdout } = await fleet('export', '--json');
    expect(code).toBe(1);
    const { exports } = JSON.parse(stdout);
    expect(exports).toMatchObject([
      { outcome: 'failed', failure: { code: 'export.failed', message: /no such file/ } },
      { outcome: 'written', to: at('tokens/app') },
    ]);
    expect(existsSync(at('.kube/config'))).toBe(false);
  });

  it('takes no more than 1 MiB', async () => {
    plant('web1', '/var/lib/app/token', 'x'.repeat(2 ** 20 + 1));
    expect((await fleet('export')).stdout).toContain('has more than 1 MiB');
    plant('web1', '/var/lib/app/token', 'x'.repeat(2 ** 20));
    expect((await fleet('export')).code).toBe(0);
    expect(statSync(at('tokens/app')).size).toBe(2 ** 20);
  });

  it('is refused where a vm exports nothing', async () => {
    const { code, stderr } = await fleet('export', 'db1');
    expect(code).toBe(64);
    expect(stderr).toContain('db1: nothing is exported');
  });
});

describe('fleet start and fleet restart', () => {
  it.each(['start', 'restart'])(
    '%s fetches it when the guest is well, and says so',
    async (verb) => {
      const { code, stdout } = await fleet(verb, 'web1');
      expect([code, read('tokens/app')]).toEqual([0, secret]);
      expect(stdout).toContain(`web1: /var/lib/app/token is in ${at('tokens/app')}\n`);
    },
  );

  it('start does after a stop, and fails where the file cannot be had', async () => {
    expect((await fleet('stop', 'web1')).stdout).not.toContain('tokens');
    expect((await fleet('export', 'web1')).stdout).toContain('web1 is not running');
    rmSync(inGuest('web1', '/var/lib/app/token'));
    const { code, stdout } = await fleet('start', 'web1', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      results: [{ name: 'web1' }],
      exports: [{ outcome: 'written' }, { outcome: 'failed' }],
    });
  });
});

describe('fleet apply', () => {
  it('fetches nothing where nobody sits at a terminal', async () => {
    const { code } = await fleet('apply', '--yes', '--restart', 'web1');
    expect([code, existsSync(at('.kube')), existsSync(at('tokens'))]).toEqual([0, false, false]);
  });

  it('does with --export, also when there was nothing to deploy', async () => {
    const { code, stdout } = await fleet('apply', '--yes', '--export');
    expect(code).toBe(0);
    expect(stdout).toContain(`web1: /var/lib/app/token is in ${at('tokens/app')}\n`);
    expect(read('tokens/app')).toBe(secret);
    const again = await fleet('apply', '--yes', '--export', '--json', '--restart', 'web1');
    expect(JSON.parse(again.stdout)).toMatchObject({
      results: [{ outcome: 'done' }],
      exports: [{ outcome: 'unchanged', context: 'web1' }, { outcome: 'unchanged' }],
    });
  });

  it('does at a terminal, for the vms that it changed', async () => {
    const answers = { 'Apply this?': () => 'y' };
    const { code } = await desk.atTerminal(['apply', '--restart', 'web1'], answers);
    expect([code, read('tokens/app')]).toEqual([0, secret]);
  });
});

it('shows and keeps what was exported nowhere but where it belongs', async () => {
  await fleet('export');
  expect(said.length).toBeGreaterThan(10);
  expect(said.join('\n')).not.toContain(secret);
  for (const { root } of world.hosts) {
    const { stdout } = spawnSync(
      'grep',
      ['-rlsE', `${secret}|${Buffer.from(secret).toString('base64')}`, root],
      {
        encoding: 'utf8',
      },
    );
    const found = stdout
      .split('\n')
      .filter((line) => line !== '' && !line.includes('/sandbox/files/'));
    expect(found).toEqual([]);
  }
  const { stdout } = spawnSync('grep', ['-rls', secret, home(), desk.folder], { encoding: 'utf8' });
  expect(stdout.split('\n').filter(Boolean).sort()).toEqual([at('.kube/config'), at('tokens/app')]);
});
