import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, type Run } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('at a terminal', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'questions', smallFleet(world, { confirm: '60s' }));
    await desk.open(sandboxLock);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });
  const no = () => 'n';

  it('apply --json shows the plan before it asks, and a no is one document', async () => {
    const before = await desk.git('ls-remote', 'origin');
    const run = await desk.atTerminal(['apply', '--json'], { 'Apply this? [y/N]': no });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toMatch(/\+ web1 +create[\s\S]*Plan: [\s\S]*Apply this\? \[y\/N\] /);
    expect(run.stderr).toContain('Nothing was changed.');
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'apply',
      version: 1,
      declined: true,
      results: [],
      plan: { hypervisors: [{ name: 'hv1' }, { name: 'hv2' }] },
    });
    expect(await desk.git('ls-remote', 'origin')).toBe(before);
  });

  it('rollback --json says what it would do, and a no is one document', async () => {
    await desk.apply(0);
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
    });
    await desk.apply(0);
    const run = await desk.atTerminal(['rollback', 'web1', '--json'], { 'Roll back? [y/N]': no });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toContain('web1  → generation 1');
    expect(JSON.parse(run.stdout)).toEqual({
      kind: 'rollback',
      version: 1,
      declined: true,
      results: [],
    });
  });

  it('fleet.yaml edited while it asks: what was planned is deployed, and the edit is told of', async () => {
    desk.edit((d) => {
      d.vms.web2.packages = ['htop'];
    });
    const planned = desk.read('fleet.yaml');
    const edit = () => {
      desk.edit((d) => {
        d.vms.web2.packages = ['tmux'];
      });
      return 'y';
    };
    const run = await desk.atTerminal(['apply'], { 'Apply this? [y/N]': edit });
    expect(run.code, run.stderr).toBe(0);
    expect(`${await desk.git('show', 'HEAD:fleet.yaml')}\n`).toBe(planned);
    expect(await desk.git('status', '--porcelain')).toBe('M fleet.yaml');
    expect(run.stderr).toContain('fleet.yaml was edited while this ran');
    const { stdout, stderr } = await desk.apply(0);
    expect(stdout).toContain('web2 updated');
    expect(stderr).not.toContain('was edited');
  });

  describe('what runs was deployed from a branch of somebody else', () => {
    let stranger = '';
    beforeAll(async () => {
      const other = new Desk(world, 'other', desk.data);
      await other.join(desk);
      await other.git('switch', '-qc', 'feature');
      await other.git('push', '-qu', 'origin', 'feature');
      other.data = structuredClone(desk.data);
      other.edit((d) => {
        d.vms.web1.packages = ['tmux'];
      });
      await other.apply(0);
      stranger = await other.git('rev-parse', 'HEAD');
      other.close();
      desk.edit((d) => {
        d.vms.web2.packages = ['htop'];
      });
    }, 180_000);
    const told = () =>
      new RegExp(
        `hv1 has ${stranger.slice(0, 8)} "[^"]+" \\(deployed by \\S+@\\S+ from branch feature\\)`,
      );

    it('apply says who and which branch, and asks', async () => {
      const before = await desk.git('ls-remote', 'origin');
      const questions = { 'Replace it anyway? [y/N]': no };
      const run = await desk.atTerminal(['apply'], questions);
      expect(run.code, run.stderr).toBe(1);
      expect(run.stdout.replace(/\s+/g, ' ')).toMatch(told());
      expect(run.stderr).toContain('[git.not-in-history]');
      expect(run.stderr).not.toContain('Apply this?');
      expect(await desk.git('ls-remote', 'origin')).toBe(before);
    });

    it('where nobody is there to be asked it is refused without --force, also with --yes', async () => {
      for (const more of [['--yes'], []]) {
        const run = await desk.fleet(['apply', ...more]);
        expect(run.code, run.stderr).toBe(1);
        expect(run.stderr).toContain('[git.not-in-history]');
        expect(run.stderr).toMatch(told());
      }
      await desk.apply(0, '--force');
    });
  });

  describe.each([
    { rows: 24, columns: 80 },
    { rows: 50, columns: 200 },
  ])('of $columns × $rows', ({ rows, columns }) => {
    const size = { rows, columns };
    /** Lines as they stand there, none of them longer than the terminal. */
    const linesOf = (text: string) => {
      const lines = stripVTControlCharacters(text).replaceAll('\r', '').trimEnd().split('\n');
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
      return lines;
    };
    /** Without what goes on meanwhile. */
    const words = (lines: readonly string[]) =>
      lines
        .join(' ')
        .replace(/(less than a|<?\d+) (s|min|minute|h)\b|[\d.]+[MG%]|\d+\.\d\b/g, 'N')
        .replace(/\s+/g, ' ');
    beforeAll(async () => {
      await world.hosts[0]?.exec('systemctl stop microvm@web1');
    });

    it('status says the same with colours, without and in a pipe', async () => {
      const [coloured, colourless, piped] = [
        await desk.atTerminal(['status'], {}, size, { TERM: 'xterm' }),
        await desk.atTerminal(['status'], {}, size, { TERM: 'xterm', NO_COLOR: '1' }),
        await desk.fleet(['status']),
      ];
      expect(coloured.stderr).toContain('\u001b[31m');
      expect(colourless.stderr).not.toContain('\u001b[31m');
      // What goes on until hypervisors have answered is taken away.
      const shown = ({ stderr }: Run) => words(linesOf(stderr.split('\u001b[J').at(-1) ?? ''));
      const plain = shown(colourless);
      expect(shown(coloured)).toBe(plain);
      expect(plain).toContain('small: 1 of 3 vms is not well.');
      expect(plain).toContain('web1 on hv1: Terminated');
      // A pipe is 80 columns wide: its tables have fewer of them.
      const [before] = words(piped.stdout.split('\n')).split(' HYPERVISOR');
      expect(plain.split(' HYPERVISOR')[0]).toBe(before);
      expect(piped.stdout).not.toContain('\u001b');
    });

    it('status --watch has no row more than that, and leaves the same behind', async () => {
      const ended = { 'VM    STATE': () => '\u0003' };
      const { code, stderr } = await desk.atTerminal(['status', '--watch'], ended, size);
      expect(code).toBe(130);
      const [drawn = '', left = ''] = stderr.split('\u001b[?1049l');
      for (const frame of drawn.split('\u001b[H').slice(1))
        expect(linesOf(frame).length).toBeLessThan(rows);
      const [, ...picture] = linesOf(left.replace(/^\^C/, ''));
      expect(words(picture)).toContain('small: 1 of 3 vms is not well. web1 on hv1: Terminated');
    });

    it('a question is asked in the same words', async () => {
      const asks = { 'Stop web1, web2? [y/N]': no };
      const { code, stderr } = await desk.atTerminal(['stop', 'web1', 'web2'], asks, size);
      expect(code).toBe(1);
      expect(linesOf(stderr).slice(-2)).toEqual([
        'Stop web1, web2? [y/N] n',
        'Nothing was changed.',
      ]);
    });
  });

  it('status --watch --json is a line each look, until Ctrl-C or until nobody reads', async () => {
    const enough = async (n: number) => {
      const run = desk.start(['status', '--watch', '--json']);
      let isOver = false;
      const over = run.ended.then(() => {
        isOver = true;
      });
      const looks = () => run.sofar().stdout.split('\n').length - 1;
      await vi.waitUntil(() => looks() >= n || isOver, { timeout: 60_000, interval: 100 });
      // One that ended before has said why.
      if (looks() < n) await over.then(() => expect.fail(run.sofar().stderr));
      return run;
    };
    const interrupted = await enough(2);
    interrupted.kill('SIGINT');
    const { code, stdout, stderr } = await interrupted.ended;
    expect([code, stderr]).toEqual([130, '']);
    const looks = stdout.trimEnd().split('\n');
    expect(looks.map((line) => JSON.parse(line))).toMatchObject(
      looks.map(() => ({ kind: 'status', version: 1, fleet: 'small' })),
    );
    const unread = await enough(1);
    unread.closeOutput();
    expect(await unread.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
