import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, type Run } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet incident', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let out: string;
  let last = 0;
  const printed = (unit: string, text: string) => {
    last = Math.max(Date.now() * 1000, last + 1);
    appendFileSync(
      world.hosts[0]!.file('sandbox/journal'),
      `${[last, 'stdout', `${unit}.service`, unit, '', text].join('\t')}\n`,
    );
  };
  const files = new Map<string, string>();
  const textOf = (name: string) => files.get(name) ?? '';

  /** Runs it, and reads what is in the archive. */
  async function incident(...args: string[]): Promise<Run> {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    const run = await desk.fleet(['incident', ...args, '-o', join(out, 'one.tar.gz')]);
    files.clear();
    execFileSync('tar', ['-xzf', join(out, 'one.tar.gz'), '-C', out]);
    for (const path of readdirSync(join(out, 'one'), { recursive: true, encoding: 'utf8' })) {
      const file = join(out, 'one', path);
      if (statSync(file).isFile()) files.set(path, readFileSync(file, 'utf8'));
    }
    return run;
  }

  beforeAll(async () => {
    world = await sandboxWorld(2);
    out = mkdtempSync(join(tmpdir(), 'fleet-incident-'));
    desk = new Desk(world, 'incident', smallFleet(world, { deadline: '12s', confirm: '60s' }));
    await desk.open(sandboxLock);
    await desk.apply(0);
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
      d.vms.web1.config = { services: { app: { password: 'planted-config' } } };
      d.vms.web1.checks = [{ run: "curl -H 'Authorization: Bearer planted-bearer' localhost" }];
    });
    await desk.git('commit', '-qam', 'rotate it: token=planted-subject');
    await desk.apply(0);
    desk.edit((d) => {
      d.vms.web1.vcpu = 2;
      d.vms.web1.config.boot = { kernelParams: ['lab.mute'] };
    });
    await desk.apply(3);
    const key = world.hosts[0]!.file('var/lib/fleet/guest-keys/web1/planted-by-test');
    mkdirSync(join(key, '..'), { recursive: true });
    writeFileSync(key, 'planted-key-file');
    await desk.git('remote', 'set-url', 'origin', 'https://ada:planted-git@example.org/infra.git');
    for (const text of [
      'db password: planted-word',
      'the app says planted-config',
      'cloning https://bot:planted-url@example.org/a.git',
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      'planted-in-a-key',
      '-----END OPENSSH PRIVATE KEY-----',
      'a word that looks like any other',
    ])
      printed('microvm@web1', text);
    printed('sshd', 'sudo: COMMAND=/bin/app --api-token planted-option');
  }, 480_000);
  afterAll(async () => {
    desk.close();
    rmSync(out, { recursive: true, force: true });
    await world.stop();
  });

  it('has all of it in one archive, for the user alone, what is wrong first', async () => {
    const { code, stdout, stderr } = await incident('web1');
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(statSync(join(out, 'one.tar.gz')).mode & 0o777).toBe(0o600);
    expect(stdout).toContain(join(out, 'one.tar.gz'));
    expect([...files.keys()].sort()).toEqual(
      expect.arrayContaining([
        ...['README.txt', 'status.json', 'status.txt'],
        ...['drift', 'facts.json', 'folders', 'journal', 'links', 'nft', 'routes', 'units'].map(
          (name) => `hypervisors/hv1/${name.includes('.') ? name : `${name}.txt`}`,
        ),
        ...[
          'deployment-1',
          'deployment-2',
          'deployment-3',
          'diff',
          'log',
          'log-before',
          'story',
        ].map((name) => `vms/web1/${name}.txt`),
      ]),
    );
    expect(textOf('README.txt')).toMatch(/^small: web1, [\d :-]+UTC\n\nWhat is wrong\n-+\n/);
    expect(textOf('README.txt')).not.toContain('What is missing');
    expect(textOf('vms/web1/deployment-1.txt')).toMatch(/rolled back[\s\S]*answers: expected ping/);
    expect(textOf('vms/web1/deployment-1.txt')).toContain('What web1 said during it');
    expect(textOf('vms/web1/diff.txt')).toContain('+ packages: htop');
    expect(textOf('vms/web1/log.txt')).toContain('Linux version');
    expect(textOf('vms/web1/log-before.txt')).toContain('Linux version');
    expect(textOf('hypervisors/hv1/links.txt')).toMatch(/vm-web1.* master br-front/);
    expect(textOf('hypervisors/hv1/nft.txt')).toContain('table inet fleet');
    for (const [path, text] of files) if (path.endsWith('.json')) JSON.parse(text);
  });

  it('has no secret in it, and says what it cannot know', async () => {
    await incident('web1', 'hv1');
    for (const [path, text] of files) expect(text, path).not.toMatch(/planted-(?!by-test)/);
    expect(textOf('vms/web1/log.txt')).toContain('db password: …\n');
    expect(textOf('vms/web1/log.txt')).toContain('a word that looks like any other');
    expect(textOf('README.txt')).toContain('is not known to be one. Read the logs');
    const script = new URL('../../src/host/scripts/incident.sh', import.meta.url);
    // Neither environments nor command lines, nor what is in files.
    expect(readFileSync(script, 'utf8').replace(/^#.*$/gm, '')).not.toMatch(
      /environ|\bps\b|cmdline|\bcat\b|systemctl (show|status|cat)/i,
    );
  });

  it('has commands that a shell takes, and that mend it', async () => {
    await world.hosts[0]!.exec('systemctl stop microvm@web1.service');
    await incident('web1', 'hv1');
    const page = textOf('README.txt');
    expect(page).toMatch(/What is wrong\n-+\n(.*\n)*?web1 on hv1: Terminated/);
    const byHand = page.slice(page.indexOf('\nBy hand\n'));
    const commands = [...byHand.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line).join('\n');
    execFileSync('sh', ['-n'], { input: commands });
    const section = byHand.split('\nweb1: start or restart\n')[1]?.split('#')[0] ?? '';
    await world.hosts[0]!.exec(section);
    expect((await desk.fleet(['verify', '--on', 'web1'])).code).toBe(0);
    expect(byHand).toContain('systemctl restart microvm@web1.service\n');
    expect(byHand).toMatch(
      /runuser -u microvm -- ln -sfn \S+\/nix\/store\/\S+ \/var\/lib\/microvms\/web1\/current/,
    );
  });

  it('says what is missing of a hypervisor that is silent, and has the rest', async () => {
    await world.hosts[1]!.cutLink();
    const { code, stdout } = await incident('web1', 'db1', '--json');
    await world.hosts[1]!.restoreLink();
    expect(code).toBe(1);
    const { missing, ...rest } = JSON.parse(stdout);
    expect(rest).toMatchObject({ kind: 'incident', version: 1, file: join(out, 'one.tar.gz') });
    expect(rest.files).toEqual(
      [...files.keys()].sort((a, b) => rest.files.indexOf(a) - rest.files.indexOf(b)),
    );
    expect(missing).toEqual([
      { hypervisor: 'hv2', part: 'everything', why: expect.stringContaining('hv2') },
    ]);
    expect(textOf('README.txt')).toMatch(/What is missing here, and why\n-+\nhv2: everything/);
    expect(textOf('README.txt')).toContain('systemctl restart microvm@db1.service');
    expect(textOf('vms/web1/log.txt')).toContain('Linux version');
    expect(textOf('vms/db1/story.txt')).toContain('Unknown');
  });

  it('does not wait for a tool that hangs there', async () => {
    const hang =
      '#!/bin/sh\n[ "$2" != ruleset ] || { echo begun; sleep 60; }\nexec nft.real "$@"\n';
    const tools = 'cd "$FLEET_ROOT/sandbox/tools/bin"';
    await world.hosts[0]!.exec(
      `${tools} && mv nft nft.real && printf '%s' '${hang}' >nft && chmod +x nft`,
    );
    const { code, stdout } = await incident('web1');
    await world.hosts[0]!.exec(`${tools} && mv nft.real nft`);
    expect(code).toBe(1);
    expect(stdout).toContain('missing: nft: part of it; hv1: it took longer than 5 s');
    expect(textOf('hypervisors/hv1/nft.txt')).toBe('begun\n');
    expect(textOf('hypervisors/hv1/units.txt')).toContain('microvm@web1.service');
  });

  it('writes over nothing, and knows names', async () => {
    const file = join(out, 'mine');
    writeFileSync(file, 'mine');
    const there = await desk.fleet(['incident', 'web1', '-o', file]);
    expect(there).toMatchObject({ code: 64, stdout: '' });
    expect(there.stderr).toContain('[incident.in-the-way]');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const nobody = await desk.fleet(['incident', 'wbe1', '-o', join(out, 'none')]);
    expect(nobody).toMatchObject({ code: 64, stdout: '' });
    expect(nobody.stderr).toContain('did you mean "web1"?');
    expect(readdirSync(out)).not.toContain('none');
  });
});
