import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, valid } from './fleet.ts';

const manyVms = (n: number) =>
  valid.replace('front }', 'front, address: 10.1.0.2 }') +
  Array.from(
    { length: n },
    (_, i) => `  v${i}: { on: hv1, network: front, address: 10.1.0.${i + 10} }\n`,
  ).join('');

async function rendered(): Promise<Desk> {
  const desk = new Desk(valid);
  await desk.fleet('render');
  desk.write('flake.lock', sandboxLock);
  return desk.commit();
}

describe('fleet plan --offline', () => {
  test('shows what the next commit would hold, as diffs, and writes nothing', async () => {
    const desk = new Desk(valid).commit();
    const { code, stdout, stderr } = await desk.fleet('plan', '--offline');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('--- /dev/null\n+++ b/hosts/web1/default.nix\n@@');
    expect(stdout).toContain('flake.lock');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('Plan: 39 files. Hypervisors were not asked.');
    expect(desk.git('status', '--porcelain')).toBe('');
  });

  test('says when nothing changed', async () => {
    const desk = await rendered();
    const run = await desk.fleet('plan', '--offline', '--detailed-exitcode');
    expect(run).toEqual({
      code: 0,
      stdout: 'No changes. Hypervisors were not asked.\n',
      stderr: '',
    });
  });

  test('--detailed-exitcode tells changes from none', async () => {
    const desk = await rendered();
    desk.write('fleet.yaml', valid.replaceAll('web1', 'web2'));
    const { code, stdout } = await desk.fleet(
      'plan',
      '--offline',
      '--detailed-exitcode',
      '--no-diff',
    );
    expect(code).toBe(2);
    expect(stdout).toBe(`Files
  ~ fleet.yaml
  ~ hosts/default.nix
  ~ hosts/hv1/default.nix
  ~ hosts/hv1/networks.nix
  ~ hosts/hv1/watch.nix
  - hosts/web1/default.nix
  + hosts/web2/default.nix

Plan: 7 files. Hypervisors were not asked.
`);
  });

  test('--against says what changes and who restarts since a commit, as far as files tell', async () => {
    const desk = await rendered();
    desk.write('fleet.yaml', valid.replace('front }', 'front, memory: 3GiB }'));
    const plan = ['plan', '--offline', '--no-diff', '--against'];
    const { code, stdout } = await desk.fleet(...plan, 'HEAD');
    const head = desk.git('rev-parse', 'HEAD').slice(0, 8);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `hv1  since ${head}, as far as files tell\n  ~ web1  changed\n          memory 1GiB → 3GiB: restarts\n`,
    );
    expect(stdout).toMatch(new RegExp(`since ${head}: 1 changed\\.\\nRestarts: web1\\.\\n$`));
    expect(await desk.fleet(...plan, 'no-such')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('no-such is no commit of this clone'),
    });
  });

  test('compares with the branch as it was last seen at the remote, and says when that cannot be read', async () => {
    const desk = await rendered();
    desk.git(
      'update-ref',
      `refs/remotes/origin/${desk.git('branch', '--show-current').trim()}`,
      'HEAD',
    );
    desk.write('fleet.yaml', valid.replace('front }', 'front, vcpu: 2 }'));
    const seen = JSON.parse((await desk.fleet('plan', '--offline', '--json')).stdout);
    expect(seen.since).toMatchObject({
      commit: desk.git('rev-parse', 'HEAD').trim(),
      machines: [
        {
          ...{ kind: 'change', target: 'web1', hypervisor: 'hv1', restarts: 'certainly' },
          changes: [{ field: 'vcpu', from: '1', to: '2', restarts: 'certainly' }],
        },
      ],
    });
    desk.git('commit', '--quiet', '--allow-empty', '-m', 'x');
    const empty = desk.git('commit-tree', '-m', 'x', '4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    const { since, warnings } = JSON.parse(
      (await desk.fleet('plan', '--offline', '--json', '--against', empty.trim())).stdout,
    );
    expect(since).toBeUndefined();
    expect(warnings.join()).toContain('what changes since then, and what restarts, is not known');
  });

  test('leaves other dirty files out, and warns of a module that git does not have', async () => {
    const desk = await rendered();
    desk.write('README.md', 'changed');
    desk.write('nix/extra.nix', '{ }');
    desk.write('fleet.yaml', valid.replace('front }', 'front, modules: [./nix/extra.nix] }'));
    const { stdout } = await desk.fleet('plan', '--offline', '--no-diff');
    expect(stdout).not.toContain('README.md');
    expect(stdout).toContain('warning nix/extra.nix is not in git: Nix will not see it');
  });

  test('warns of a rendered file that somebody edited: it is overwritten', async () => {
    const desk = await rendered();
    const file = 'hosts/web1/default.nix';
    desk.write(file, `${desk.read(file)}# mine\n`);
    const { stdout } = await desk.fleet('plan', '--offline', '--no-diff');
    expect(stdout.replace(/\n {8}/g, ' ')).toContain(
      `warning ${file} was edited by hand: the next apply overwrites it`,
    );
  });

  test('says what is doubtful in fleet.yaml, as validate does', async () => {
    const desk = new Desk(valid.replace('front }', 'front, publish: ["80:80/tcp"] }')).commit();
    const doubt = 'port 80/tcp is closed by the firewall inside vm web1';
    const { stdout } = await desk.fleet('plan', '--offline', '--no-diff');
    expect(stdout.replace(/\n {8}/g, ' ')).toContain(
      `warning fleet.yaml:8:46 W502 ${doubt}: add config: { networking.firewall.allowedTCPPorts: [80] }\n`,
    );
    const { code, stderr } = await desk.fleet('validate');
    expect(code).toBe(0);
    expect(stderr.replace(/\n {2}(?! )/g, ' ')).toContain(`fleet.yaml:8:46 warning W502 ${doubt} `);
  });

  test('--json is the plan, versioned', async () => {
    const { code, stdout, stderr } = await (await rendered()).fleet('plan', '--offline', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      fleet: 'example',
      files: [],
      warnings: [],
    });
  });

  test('has no escape codes in a pipe, and FORCE_COLOR holds', async () => {
    const desk = new Desk(valid).commit();
    expect((await desk.fleet('plan', '--offline')).stdout).not.toContain('\u001b[');
    desk.env.FORCE_COLOR = '1';
    expect((await desk.fleet('plan', '--offline')).stdout).toContain('\u001b[32m+');
  });

  test('is quiet when its reader goes away', async () => {
    const desk = new Desk(manyVms(200)).commit();
    const { stdout, stderr } = await desk.piped('head -n 1', 'plan', '--offline');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('code 0\n');
  });

  test('keeps its exit code when its reader goes away', async () => {
    const desk = new Desk(manyVms(200)).commit();
    const { stderr } = await desk.piped('true', 'plan', '--offline', '--detailed-exitcode');
    expect(stderr).toBe('code 2\n');
  });

  test('refuses a selector that selects nothing', async () => {
    const { code, stderr } = await (await rendered()).fleet('plan', '--on', 'web9');
    expect(code).toBe(64);
    expect(stderr).toContain('--on web9: no hypervisor, vm or tag has that name');
  });

  test('refuses to release what is not in the fleet', async () => {
    const { code, stderr } = await (await rendered()).fleet('plan', '--release', 'web1,web9');
    expect(code).toBe(64);
    expect(stderr).toContain('called web9');
  });
});

describe('fleet plan --out', () => {
  const alone = valid.replace(/hypervisors:[\s\S]*/, 'hypervisors: {}\nnetworks: {}\nvms: {}\n');
  const desk = () => {
    const made = new Desk(alone);
    made.write('flake.lock', sandboxLock);
    return made.commit();
  };

  test('saves the plan for its owner alone, and can save it again', async () => {
    const home = desk();
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await home.fleet('plan', '--no-diff', '--out', '../my.plan');
      expect([code, stderr]).toEqual([
        0,
        'Saved. To carry out exactly this: fleet apply ../my.plan\n',
      ]);
      expect(stdout).toContain('Plan: ');
    }
    const file = join(home.folder, '../my.plan');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(file)).sort()).toEqual(['home', 'infra', 'my.plan']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      kind: 'fleet-plan',
      version: 1,
      fleet: 'example',
      head: home.git('rev-parse', 'HEAD').trim(),
      plan: { version: 1 },
    });
  });

  test.each([
    ['fleet.yaml', 'fleet.yaml exists and is not a saved plan'],
    ['.git/my.plan', ".git/my.plan is in git's own folder"],
    ['.git/objects/my.plan', "is in git's own folder"],
    ['.git', ".git is in git's own folder"],
    ['no/my.plan', 'there is no folder'],
    ['.', 'exists and is not a file'],
  ])('never writes to %s', async (path, why) => {
    const home = desk();
    const before = [home.files(), home.git('status', '--porcelain')];
    const { code, stdout, stderr } = await home.fleet('plan', '--out', path);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(why);
    expect([home.files(), home.git('status', '--porcelain')]).toEqual(before);
    expect(home.has('.git/my.plan')).toBe(false);
  });

  test('refuses a plan that asked no hypervisor', async () => {
    const home = desk();
    const { code, stderr } = await home.fleet('plan', '--offline', '--out', 'my.plan');
    expect(code).toBe(64);
    expect(stderr).toContain('Leave out --offline or --out.');
    expect(home.has('my.plan')).toBe(false);
  });

  test('refuses one that could not be carried out, says why, and leaves the last one be', async () => {
    const home = await rendered();
    home.write('my.plan', '');
    const before = home.files();
    expect((await home.fleet('plan', '--out', 'my.plan')).code).toBe(64);
    const { code, stdout, stderr } = await home.fleet('plan', '--out', 'other.plan');
    expect(code).toBe(1);
    expect(stdout).toContain('unreachable');
    expect(stderr).toContain('not saved: this plan cannot be applied [plan.not-saved]');
    expect(stderr).toContain('hv1 cannot be reached: ');
    expect(home.files()).toEqual(before);
    const json = await home.fleet('plan', '--json', '--out', 'other.plan');
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'plan.not-saved' } });
  });

  test('refuses one whose flake.lock is still to be made', async () => {
    const { code, stderr } = await new Desk(alone).commit().fleet('plan', '--out', 'my.plan');
    expect(code).toBe(1);
    expect(stderr).toContain('create flake.lock first');
  });
});

describe('a folder that is', () => {
  test('no git repository is said to be none', async () => {
    const { code, stdout, stderr } = await new Desk(valid).fleet('plan', '--offline');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('[git.not-a-repository]');
    expect(stderr).toContain('git init');
  });

  test('not the top of its repository is refused: hypervisors look at the top', async () => {
    const desk = new Desk();
    desk.write('sub/fleet.yaml', valid);
    desk.commit();
    const { code, stderr } = await desk.fleet('-C', 'sub', 'plan', '--offline');
    expect(code).toBe(64);
    expect(stderr).toContain('is not the top of its git repository');
  });

  test('a repository without a commit yet is planned', async () => {
    const desk = new Desk(valid);
    desk.git('init', '-q');
    const { code, stdout } = await desk.fleet('plan', '--offline', '--no-diff');
    expect(code).toBe(0);
    expect(stdout).toContain('+ fleet.yaml');
  });
});
