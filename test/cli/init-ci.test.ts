import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { action, emptyDesk, flags } from './empty-desk.ts';
import { Desk, valid } from './fleet.ts';

const paths = ['plan', 'apply', 'drift'].map((name) => `.github/workflows/fleet-${name}.yaml`);
const wrote = (files: readonly string[]) => files.map((path) => `wrote ${path}\n`).join('');

describe('fleet init --ci', () => {
  test('adds workflows to a fleet, and touches nothing else', async () => {
    const at = new Desk(
      valid.replace(
        'name: example\n',
        'name: example\ngit: { branch: live, revert: pull-request }\n',
      ),
    );
    at.commit();
    at.write(paths[1]!, '# mine\n');
    const before = at.files();
    const { code, stdout, stderr } = await at.fleet('init', '--ci', 'github', ...action);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: wrote(paths).replace(`wrote ${paths[1]}`, `kept ${paths[1]}`),
    });
    expect(stderr).toContain(`git add ${paths.join(' ')}\n`);
    expect(at.files()).toEqual({
      ...before,
      [paths[0]!]: expect.any(String),
      [paths[2]!]: expect.any(String),
    });
    // The branch that fleet.yaml names, not the one that is checked out.
    expect(parse(at.read(paths[0]!)).on.pull_request.branches).toEqual(['live']);
    expect(at.read(paths[0]!)).toContain(`uses: ${action[1]}\n`);
  });

  test('writes those of Forgejo, and commits them when told to', async () => {
    const at = new Desk(valid).commit();
    at.git('config', 'user.name', 'Ada');
    at.git('config', 'user.email', 'ada@example.org');
    const { code, stdout } = await at.fleet('init', '--ci', 'forgejo', ...action, '--commit');
    const files = ['plan', 'apply', 'drift'].map((name) => `.forgejo/workflows/fleet-${name}.yaml`);
    expect(code).toBe(0);
    expect(stdout).toBe(`${wrote(files)}committed ${at.git('rev-parse', '--short=8', 'HEAD')}`);
    expect(at.git('show', '--name-only', '--format=%s', 'HEAD').trim().split('\n').sort()).toEqual(
      ['', 'Workflows of the fleet', ...files].sort(),
    );
  });

  test('is for a fleet at the top of its repository, as deploying is', async () => {
    const at = new Desk();
    at.write('ops/fleet.yaml', valid);
    at.commit();
    const { code, stderr } = await at.fleet('-C', 'ops', 'init', '--ci', 'github', ...action);
    expect(code).toBe(64);
    expect(stderr).toContain('is not the top of its git repository');
  });

  test('comes with a first fleet.yaml where the remote is at a forge', async () => {
    const at = emptyDesk();
    at.git('init', '-q', '-b', 'live/eu');
    at.git('remote', 'add', 'origin', 'git@github.com:example/infra.git');
    const made = await at.fleet('init', ...flags, ...action);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining(wrote(paths)) });
    expect(made.stderr).toContain(paths.join(' '));
    expect(parse(at.read('fleet.yaml')).git).toMatchObject({ branch: 'live/eu' });
    expect(parse(at.read(paths[1]!)).on.push.branches).toEqual(['live/eu']);

    const other = emptyDesk();
    other.git('init', '-q');
    other.git('remote', 'add', 'origin', 'https://github.com/example/infra');
    // This build is of no release; one that is: test/docs/pipeline.test.ts.
    const unknown = await other.fleet('init', ...flags);
    expect(unknown.code).toBe(0);
    expect(other.has('.github')).toBe(false);
    expect(unknown.stderr.replaceAll('\n', ' ')).toContain(
      'no workflows: this fleet is no release: it does not know the commit of its Action (fleet init --ci github --action OWNER/NAME@COMMIT)',
    );
    const none = await other.fleet('init', '--ci', 'none');
    expect(none).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['by a branch', ['--action', 'example/microvm-fleet@main'], 'does not name a commit'],
    ['not at all', [], 'is no release'],
  ])('that names the Action %s is a usage error, and nothing is written', async (_, more, said) => {
    const at = emptyDesk();
    const before = at.files();
    const { code, stderr } = await at.fleet('init', ...flags, '--ci', 'github', ...more);
    expect(code).toBe(64);
    expect(stderr).toContain(said);
    expect(at.files()).toEqual(before);
  });

  test('refuses what only ssh_config of this desk reaches, and says what to write instead', async () => {
    const at = new Desk(
      valid
        .replace('"root@127.0.0.1:9"', 'hv1')
        .replace(
          'networks:',
          '  hv2: { ssh: root@hv2, system: x86_64-linux, stateVersion: "25.11" }\n  hv3: { ssh: root@192.0.2.3, system: x86_64-linux, stateVersion: "25.11" }\nnetworks:',
        ),
    );
    const config = join(at.home, 'config');
    mkdirSync(at.home, { recursive: true });
    writeFileSync(
      config,
      'Host hv1\n HostName 192.0.2.1\n User root\n Port 2222\nHost hv2\n ProxyJump bastion\nHost bastion\n HostName 192.0.2.9\n User ops\n',
    );
    const { code, stderr } = await at.fleet(
      '--ssh-config',
      config,
      'init',
      '--ci',
      'github',
      ...action,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('hv1 (hv1), hv2 (root@hv2)');
    expect(stderr).not.toContain('hv3');
    expect(stderr).toContain('hv1: { ssh: root@192.0.2.1:2222 }\n');
    expect(stderr).toContain('hv2: { ssh: { host: hv2, user: root, jump: ops@192.0.2.9 } }\n');
    expect(at.has('.github')).toBe(false);
  });

  test('needs a branch that a workflow can name', async () => {
    const at = new Desk(valid);
    at.git('init', '-q', '-b', 'a${{secrets.X}}');
    const { code, stderr } = await at.fleet('init', '--ci', 'github', ...action);
    expect(code).toBe(64);
    expect(stderr).toContain('no workflow can name the branch "a${{secrets.X}}"');
  });
});
