import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import type { Fault, Step } from './fault.ts';
import { flat, type Night } from './night.ts';

/** What a fault may cost whoever is on call. */
const limits = { commands: 3, seconds: 60, lines: 24 } as const;

/** Makes a fault and follows its row: each command says what it is to say, and names the next; the last one mends it. */
export async function play(fault: Fault, night: Night): Promise<void> {
  expect(fault.steps.filter((step) => !('hand' in step)).length).toBeLessThanOrEqual(
    limits.commands,
  );
  const undo = await fault.make(night);
  try {
    let screens = '';
    let spent = 0;
    for (const step of fault.steps) {
      const began = Date.now();
      screens += await take(step, night, screens);
      if (!('hand' in step)) spent += Date.now() - began;
    }
    expect(spent / 1000).toBeLessThan(limits.seconds);
    await fault.isMended?.(night);
    const after = await night.desk.fleet(['status']);
    expect(after.code, after.stdout + after.stderr).toBe(0);
  } finally {
    await undo?.();
  }
}

/** @returns what is on the screen after it */
async function take(step: Step, night: Night, screens: string): Promise<string> {
  if ('hand' in step) {
    await step.happens(night);
    return '';
  }
  if ('printed' in step) {
    const [, line = ''] = step.printed.exec(screens) ?? [];
    expect(line, screens).not.toBe('');
    const env = { ...process.env, ...night.desk.gitEnvironment };
    return execFileSync('sh', ['-c', line], { cwd: night.desk.folder, encoding: 'utf8', env });
  }
  const { fleet, exit = 0, shows = [], named = fleet.replace(' --yes', '') } = step;
  const isFirst = screens === '';
  if (!isFirst && named !== '') expect(screens.replace(/\s+/g, ' ')).toContain(`fleet ${named}`);
  const run = await night.desk.fleet(words(fleet));
  const all = run.stdout + run.stderr;
  expect(run.code, all).toBe(exit);
  // What a person sees without scrolling, at 80 columns.
  const top = run.stdout
    .split('\n')
    .slice(0, isFirst ? limits.lines : undefined)
    .join('\n');
  for (const text of shows) expect(flat({ ...run, stdout: top })).toMatch(pattern(text));
  return `\n${all}`;
}

/** As a shell takes them apart: single quotes are all that is used. */
const words = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const pattern = (text: string): RegExp =>
  new RegExp(
    text
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*?'),
  );
