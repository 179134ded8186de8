import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { atTerminal, type Size, shownOf } from './pty.ts';

const small = { columns: 80, rows: 24 };
const large = { columns: 200, rows: 50 };
const play = fileURLToPath(new URL('play.ts', import.meta.url));

/** What stood there when the deployment was so far, and at the end. */
async function played(hypervisors: number, size: Size, env = {}) {
  const said = await atTerminal(`'${process.execPath}' '${play}' ${hypervisors}`, size, env);
  const until = (moment: string) => {
    const at = said.indexOf(`\u001b]${moment}`);
    expect(at, moment).toBeGreaterThan(0);
    return shownOf(said.slice(0, at), size);
  };
  return { said, until, end: shownOf(said, size) };
}

const line = (text: string): RegExp => new RegExp(`^${text}$`, 'm');

describe.each([
  ['80 × 24', small],
  ['200 × 50', large],
])('a deployment at a terminal of %s', (_, size) => {
  test('is a transcript, and below it what is under way', async () => {
    const { until, end } = await played(3, size);
    expect(until('pushing')).toEqual([
      '› origin: commit and push to main, 0 s',
      '  0 of 3 done, 3 waiting, 0 s',
      '',
    ]);
    const building = until('building').join('\n');
    expect(building).toMatch(line('✔ origin: commit and push to main: done \\(0.2 s\\)'));
    expect(building).toMatch(line('› hv1: build, \\d s {2}building .*'));
    expect(building).toMatch(line(' {2}0 of 3 done, 3 at work, \\d s'));
    const waiting = until('waiting').join('\n');
    expect(waiting).toMatch(line('✔ hv1: build: done \\(1.9 s\\)'));
    expect(waiting).toMatch(line('› hv2: web1 answers: waiting, 12 s of 30 s'));
    // The reason stands at once, and so does what Ctrl-C does.
    const failed = until('failed').join('\n');
    expect(failed).toMatch(
      line(
        '✖ hv2: failed: web1 is not healthy after 30 s: answers: expected ping, seen no\\s+answer',
      ),
    );
    expect(failed).toMatch(line('✖ hv2: roll back, \\d s {2}web1 is not healthy after 30 s'));
    expect(failed).toContain('Interrupted: finishing the current step, then rolling back.');
    expect(end.slice(0, 3)).toEqual([
      '✔ origin: commit and push to main: done (0.2 s)',
      '✔ hv1: build: done (1.9 s)',
      '✔ hv2: update web1: done (0.8 s)',
    ]);
    expect(end.slice(-6)).toEqual([
      '✔ hv2: roll back: done (1.0 s)',
      '✔ hv1: done',
      '✖ hv2: rolled back',
      '– hv3: untouched',
      'hv1  done',
      '',
    ]);
  });

  test('of more hypervisors than there are rows shows what failed and what works, and counts the others', async () => {
    const { until, end } = await played(90, size);
    const shown = until('failed').slice(-size.rows);
    expect(shown.at(-2)).toMatch(/^ {2}0 of 90 done, 22 at work, 68 waiting, \d+ s$/);
    expect(shown.join('\n')).toMatch(
      line('✖ hv2: roll back, \\d s {2}web1 is not healthy after 30 s'),
    );
    expect(shown.join('\n')).toMatch(line('› hv3: at work'));
    if (size === small) expect(shown.at(-3)).toBe('  and 8 more');
    // Nothing of what changed is left, and nothing twice.
    expect(end.filter((one) => one.startsWith('›') || one.includes(' of 90 done'))).toEqual([]);
    expect(end.filter((one) => one === '– hv90: untouched')).toHaveLength(1);
    expect(end.filter((one) => one.startsWith('✔ hv1: build'))).toHaveLength(1);
  });

  test('no row is longer than a line, and the cursor is there again', async () => {
    const { said, until } = await played(3, { ...size, columns: 40 });
    expect(until('failed').every((one) => [...one].length <= 40)).toBe(true);
    expect(said.lastIndexOf('\u001b[?25h')).toBeGreaterThan(said.lastIndexOf('\u001b[?25l'));
  });
});

test('there are colours unless NO_COLOR says otherwise; others move no cursor', async () => {
  const coloured = await played(2, small);
  expect(coloured.said).toContain('\u001b[32m✔\u001b[39m hv1: done');
  expect(coloured.said).not.toContain('\u001b[2J');
  const plain = await played(2, small, { NO_COLOR: '1' });
  expect(plain.said).toContain('✔ hv1: done');
  expect(plain.said).not.toContain('\u001b[32m');
});
