import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, valid } from './fleet.ts';

/** A desk from which a commit can be pushed. */
function withRemote(yaml: string): Desk {
  const desk = new Desk(yaml).commit();
  const remote = join(desk.home, 'infra.git');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote], { env: desk.env });
  desk.git('remote', 'add', 'origin', remote);
  desk.git('push', '-q', '-u', 'origin', 'main');
  desk.git('config', 'user.name', 'Ada');
  desk.git('config', 'user.email', 'ada@example.org');
  return desk;
}

describe('fleet apply where nobody can answer', () => {
  test('needs --yes, and changes nothing: no file, no commit', async () => {
    const desk = withRemote(
      valid.replace(/hypervisors:[\s\S]*/, 'hypervisors: {}\nnetworks: {}\nvms: {}\n'),
    );
    desk.write('flake.lock', sandboxLock);
    const [files, head] = [desk.files(), desk.git('rev-parse', 'HEAD')];
    const { code, stdout, stderr } = await desk.fleet('apply');
    expect(code).toBe(64);
    expect(stdout).toContain('Plan: ');
    expect(stderr).toContain('without being asked: --yes');
    expect(desk.files()).toEqual(files);
    expect(desk.git('rev-parse', 'HEAD')).toBe(head);
  });

  test('--json says the same in one document', async () => {
    const desk = withRemote(
      valid.replace(/hypervisors:[\s\S]*/, 'hypervisors: {}\nnetworks: {}\nvms: {}\n'),
    );
    const { code, stdout, stderr } = await desk.fleet('apply', '--json');
    expect([code, stderr]).toEqual([64, '']);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: 'ask.nobody' } });
  });

  test('stops before it when a hypervisor cannot be reached', async () => {
    const desk = withRemote(valid);
    const head = desk.git('rev-parse', 'HEAD');
    const { code, stderr } = await desk.fleet('apply', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('cannot reach hv1; nothing was changed');
    expect(stderr).toContain('--allow-unreachable');
    const hints = stderr.split('\n').filter((line) => /^\S/.test(line));
    for (const line of hints) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(Object.keys(desk.files())).toEqual(['fleet.yaml']);
  });
});

describe('names that are not in the fleet', () => {
  test('are a usage error of rollback', async () => {
    const { code, stderr } = await new Desk(valid).fleet('rollback', 'web9', '--yes');
    expect(code).toBe(64);
    expect(stderr).toContain('no vm or hypervisor called web9');
  });

  test('are a usage error of update', async () => {
    const { code, stderr } = await new Desk(valid).fleet('update', 'nixpgks');
    expect(code).toBe(64);
    expect(stderr).toContain('no input is called nixpgks');
    expect(stderr).toContain('nixpkgs');
  });
});

test('verify of a hypervisor that cannot be reached fails and says so in one document', async () => {
  const { code, stdout } = await new Desk(valid).fleet('verify', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    ok: false,
    checks: [{ target: 'hv1', check: 'reachable', ok: false }],
  });
});
