import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStep, script } from '../../src/host/scripts.ts';
import { Stage } from './stage.ts';

const libraries = readFileSync(new URL('../../src/host/scripts/lib.sh', import.meta.url), 'utf8');

describe('steps of a deployment', () => {
  let stage: Stage;
  const run = async (
    number: string,
    text: string,
    seconds = '60',
    stdin = asStep(text),
    kind: 'build' | 'harmless' = 'build',
  ) =>
    (await stage.connect()).run(script('step'), [stage.id, number, 'try', seconds, kind], {
      stdin,
    });
  const follow = (number: string, lines = '0', seconds = '20') =>
    stage.call('follow', stage.id, number, 'try', seconds, lines);
  const journal = () =>
    readFileSync(join(stage.host.root, 'var/lib/fleet/deployments', stage.id, 'journal'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').slice(1).join(' '));
  /** Seconds that the hypervisor still waits to hear of fleet. */
  const left = async () => (await stage.facts()).lock?.left ?? 0;
  beforeAll(async () => {
    stage = await Stage.start();
  }, 180_000);
  afterAll(() => stage.stop());

  it('are locked: exactly one of two at once begins, and the other leaves nothing behind', async () => {
    const other = stage.id;
    const first = stage.begin();
    stage.next();
    const both = await Promise.all([first, stage.begin()]);
    expect(both.map((result) => result.code).sort()).toEqual([0, 70]);
    expect(both.find((result) => result.code === 70)?.stderr).toContain('fleet-error\tlock.held');
    if (both[0]?.code === 0) stage.id = other;
    const { lock, open } = await stage.facts();
    expect(lock).toMatchObject({
      id: stage.id,
      owner: 'me@desk',
      operation: 'apply',
      atWork: true,
    });
    expect(open.map((d) => d.id)).toEqual([stage.id]);
    expect((await stage.host.exec('ls "$FLEET_ROOT/var/lib/fleet/deployments"')).stdout).toBe(
      `${stage.id}\n`,
    );
    expect(
      (await stage.host.exec('systemctl list-units "fleet-back-*.timer" "fleet-back-*.service"'))
        .stdout,
    ).toMatch(new RegExp(`^fleet-back-${stage.id}.timer [^\\n]*\\n$`));
  });

  it('leave nothing for other users of the hypervisor to read', () => {
    const folder = join(stage.host.root, 'var/lib/fleet/deployments');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are refused to somebody else, who is told by whom', async () => {
    const mine = stage.id;
    stage.id = '20990101-0001';
    const { stderr } = await stage.begin();
    expect(stderr).toMatch(
      new RegExp(`^fleet-error\tlock.held\t${mine}\tme@desk\tapply\t\\d+$`, 'm'),
    );
    await stage.call('end', stage.id, 'untouched');
    stage.id = mine;
    expect((await stage.facts()).lock?.id).toBe(mine);
  });

  it('get their arguments as they are, and show them to nobody', async () => {
    const args = ["it's", '', `'`, '$(touch x) `y` \\', 'a\nb\n', "''marker17"];
    const stdin = asStep(
      `printf '<%s>' "$@"; ps -eo args | grep 'mark[e]r17' || echo ' unseen by others'`,
    );
    const words = [stage.id, '100', 'try', '60', 'harmless', ...args];
    const { stdout } = await (await stage.connect()).run(script('step'), words, { stdin });
    expect(stdout).toBe(`${args.map((arg) => `<${arg}>`).join('')} unseen by others\n`);
  });

  it('tell their output and exit status, and are in the journal', async () => {
    const result = await run('101', 'echo one; sleep 0.1; echo two >&2; exit 3');
    expect(result).toMatchObject({ code: 3, stdout: 'one\ntwo\n' });
    expect(journal().slice(-2)).toEqual(['101 try begin', '101 try end 3']);
  });

  it('answer apart from what their tools print, whatever that is', async () => {
    const text = `echo 'built	web	/nix/store/evil'; echo 'fleet-error	step.ended	nobody did it'
      answer built web /nix/store/good; die build.declarative why`;
    const { code, stdout, stderr } = await run('120', `${libraries}\n${text}`);
    expect(code).toBe(70);
    expect(stdout).toBe('built\tweb\t/nix/store/evil\nfleet-error\tstep.ended\tnobody did it\n');
    expect(stderr).toBe('built\tweb\t/nix/store/good\nfleet-error\tbuild.declarative\twhy\n');
    const followed = await follow('120', '1');
    expect(followed).toMatchObject({
      code,
      stderr,
      stdout: 'fleet-error\tstep.ended\tnobody did it\n',
    });
  });

  it('have an environment of their own', async () => {
    const { stdout } = await run('102', 'echo "${SSH_CONNECTION:-none} ${USER:-none} $FLEET_ROOT"');
    expect(stdout).toBe(`none none ${stage.host.root}\n`);
  });

  it('are not run when their script did not arrive whole', async () => {
    const result = await run('106', '', '60', 'echo half');
    expect(result.stderr).toContain('fleet-error\tstep.cut');
    expect(journal()).not.toContain('106 try begin');
  });

  it('go on without a connection, and are followed over another: no line twice', async () => {
    const go = `"$FLEET_ROOT/tmp/go"`;
    const text = `echo one; : >"$FLEET_ROOT/tmp/begun"; until [ -e ${go} ]; do sleep 0.05; done; echo two; exit 4`;
    const step = run('103', text).catch(() => 'lost');
    await stage.succeeds('test -e "$FLEET_ROOT/tmp/begun"');
    await stage.host.cutLink();
    expect(await step).toBe('lost');
    await stage.host.restoreLink();
    stage.disconnect();
    const followed = follow('103', '1');
    await stage.host.exec(`: >${go}`);
    expect(await followed).toMatchObject({ code: 4, stdout: 'two\n' });
    expect(journal()).toContain('103 try end 4');
    // Also long after it ended.
    expect(await follow('103')).toMatchObject({ code: 4, stdout: 'one\ntwo\n' });
  });

  it('keep why they failed, the first time, until they have ended; and tell what a guest said last', async () => {
    const said = {
      'microvm@web': 'guest: bad disk',
      'microvm@other': 'fine',
      'microvm-virtiofsd@web': 'not permitted',
    };
    const lines = Object.entries(said).map(([unit, text]) =>
      ['9999999999000000', 'stdout', `${unit}.service`, unit, '', text].join('\t'),
    );
    writeFileSync(join(stage.host.root, 'sandbox/journal'), `${lines.join('\n')}\n`);
    expect((await stage.call('reason', stage.id, 'web')).stdout).toBe(
      'microvm-virtiofsd@web: not permitted\nmicrovm@web: guest: bad disk\n',
    );
    for (const rows of ['code\tfirst\n', 'code\tsecond\n'])
      expect((await stage.callWith(rows, 'failure', stage.id)).code).toBe(0);
    expect((await stage.call('history', '5')).stdout).toContain('\nfailure\tcode\tfirst\n');
    expect((await stage.callWith('code\tx\n', 'failure', '20010101-0001')).code).toBe(0);
  });

  it('that never began cannot be followed', async () => {
    expect((await follow('999')).stderr).toContain('fleet-error\tstep.ended');
  });

  it('can be ended from outside, with all that they started', async () => {
    const step = run('104', 'sleep 30 & : >"$FLEET_ROOT/tmp/both"; sleep 31; echo not reached');
    await stage.succeeds('test -e "$FLEET_ROOT/tmp/both"');
    await stage.host.exec(`systemctl stop 'fleet-${stage.id}-*.service'`);
    expect((await step).stderr).toContain('fleet-error\tstep.ended');
    expect(journal()).not.toContain('104 try end 0');
  });

  it('are ended when they take too long', async () => {
    const result = await run('105', 'sleep 30', '1');
    expect(result.stderr).toContain('fleet-error\tstep.ended');
    expect((await stage.host.exec('systemctl list-units')).stdout).not.toContain('fleet-2');
  });

  it('are waited for by the way back while they run; after it fleet has to be heard of again', async () => {
    const deadline = `"$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}/deadline"`;
    const go = `"$FLEET_ROOT/tmp/enough"`;
    const text = `: >"$FLEET_ROOT/tmp/busy"; until [ -e ${go} ]; do sleep 0.05; done`;
    const step = run('107', text);
    await stage.succeeds('test -e "$FLEET_ROOT/tmp/busy"');
    await stage.host.exec(`echo 0 >${deadline}`);
    await stage.host.exec('sleep 3');
    expect((await stage.facts()).lock).toMatchObject({ decided: undefined, atWork: true });
    await stage.host.exec(`: >${go}`);
    expect((await step).code).toBe(0);
    expect(await left()).toBeGreaterThan(400);
  });

  it('end with the lock free, and nothing armed', async () => {
    await stage.call('end', stage.id, 'done');
    const facts = await stage.facts();
    expect(facts.lock).toBeUndefined();
    expect(facts.open).toEqual([]);
    expect((await stage.host.exec('systemctl list-units')).stdout).not.toContain('fleet-');
    expect(await stage.result()).toBe('done');
    // Twice does no harm, and changes nothing.
    await stage.call('end', stage.id, 'untouched');
    expect(await stage.result()).toBe('done');
  });
});
