import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const commands = [
  'validate',
  'show',
  'render',
  'plan',
  'apply',
  'verify',
  'rollback',
  'update',
  'init',
  'schema',
  'demo',
];

describe('fleet', () => {
  test.each(['--version', '-V'])('%s says the version and nothing else', async (option) => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await new Desk().fleet(option)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--help names every command', async () => {
    const { code, stdout, stderr } = await new Desk().fleet('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  test('without a command shows the help as a mistake', async () => {
    const { code, stdout, stderr } = await new Desk().fleet();
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain('Usage: fleet');
  });

  test('a command that there is not is a usage error, with the nearest one', async () => {
    const { code, stderr } = await new Desk().fleet('plam');
    expect(code).toBe(64);
    expect(stderr).toContain("unknown command 'plam'");
    expect(stderr).toContain('Did you mean plan?');
  });

  test.each([
    [['plan', '--onn', 'x'], "unknown option '--onn'"],
    [['plan', '--on'], "option '--on <selector>' argument missing"],
    [['plan', 'web1'], 'too many arguments'],
    [['apply', '--now'], "unknown option '--now'"],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await new Desk(valid).fleet(...args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(message);
  });
});

describe('an option that would do nothing', () => {
  test.each([
    [['apply', '--undo', '--yes'], '--undo needs --resume'],
    [['apply', 'x.plan', '--undo'], '--undo needs --resume'],
    [['apply', '--resume', '--force'], '--force does nothing here: --resume goes on'],
    [['apply', 'x.plan', '--resume', '--on', 'hv1'], 'FILE, --on do nothing here: --resume'],
    [['apply', '--resume', '--undo', '--lock-timeout', '1m'], '--lock-timeout does nothing here'],
    [['plan', '--offline', '--on', 'hv1'], '--on does nothing here: --offline asks no'],
    [['plan', '--offline', '--release', 'web1'], '--release does nothing here: --offline'],
    [['plan', '--offline', '--out', 'x.plan'], 'a plan that asked no hypervisor cannot be saved'],
    [['rollback', '--list', '--to', '3'], '--to does nothing here: --list rolls nothing back'],
    [['rollback', '--to', '3'], '--to 3: there is no name: what is to be rolled back?'],
    [['init', '--from', 'root@a', '--ssh', 'root@b'], '--ssh does nothing here: --from names'],
  ])('%j is a usage error', async (args, message) => {
    const desk = new Desk(args[0] === 'init' ? undefined : valid);
    const before = desk.files();
    const { code, stdout, stderr } = await desk.fleet(...args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(message);
    expect(desk.files()).toEqual(before);
  });
});

describe('the help of', () => {
  test.each(commands)('%s says what it does, within 80 columns', async (command) => {
    const { code, stdout, stderr } = await new Desk().fleet(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: fleet ${command} `));
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
