import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addCommonOptions, declareCommands } from '../../src/cli/commands.ts';
import { helpTexts } from '../../src/cli/help/texts.ts';
import { Desk, valid } from './fleet.ts';

const commands = [
  'validate',
  'show',
  'render',
  'plan',
  'apply',
  'status',
  'verify',
  'doctor',
  'export',
  'rollback',
  'gc',
  'update',
  'init',
  'schema',
  'demo',
  'history',
  'unlock',
  'completion',
  'console',
  'exec',
  'ssh',
  'forward',
  'diff',
  'incident',
  'cleanup',
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
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
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
    expect(stderr).toContain('did you mean "plan"?');
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

test('an option that is nearly right is named; with --json it is a document', async () => {
  const desk = new Desk(valid);
  expect((await desk.fleet('plan', '--ofline')).stderr).toBe(
    'error unknown option \'--ofline\' [options.unknown]\ndid you mean "--offline"?\n',
  );
  const { code, stdout, stderr } = await desk.fleet('apply', '--json', '--yess');
  expect([code, stderr]).toEqual([64, '']);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: 'options.unknown',
    hint: 'did you mean "--yes"?',
  });
});

test.each(['--json=1', '--jso', '--no-json'])('%s asks for a document, too', async (option) => {
  const { code, stdout, stderr } = await new Desk(valid).fleet('plan', option);
  expect([code, stderr]).toEqual([64, '']);
  expect(JSON.parse(stdout).error).toMatchObject({
    code: 'options.unknown',
    hint: 'did you mean "--json"?',
  });
});

test.each([
  [['show', 'wbe1'], 'did you mean "web1"?'],
  [['verify', '--on', 'web2'], 'did you mean "web1"?'],
  [['verify', '--on', '@canry'], 'did you mean "@canary"?'],
  [['verify', '--on', 'nothing'], 'hypervisors: hv1\nvms: web1\ntags: @canary\n'],
  [['unlock', 'hv2'], 'did you mean "hv1"?'],
  [['rollback', 'webb1'], 'did you mean "web1"?'],
])('%j names what was most likely meant, or what there is', async (args, hint) => {
  const tagged = valid.replace('network: front }', 'network: front, tags: [canary] }');
  const { code, stderr } = await new Desk(tagged).fleet(...args);
  expect(code).toBe(64);
  expect(stderr).toContain(hint);
});

describe('in a folder of the repository', () => {
  const below = () => {
    const desk = new Desk(valid).commit();
    desk.write('docs/deep/x', '');
    return desk;
  };

  test('fleet.yaml is found above it', async () => {
    const { code, stdout } = await below().fleet('-C', 'docs/deep', 'validate');
    expect([code, stdout]).toEqual([0, 'fleet.yaml is valid: 1 hypervisor, 1 network, 1 vm\n']);
  });

  test('it is not looked for above the root of another repository', async () => {
    const desk = below();
    desk.git('init', '-q', 'docs');
    const { code, stderr } = await desk.fleet('-C', 'docs/deep', 'validate');
    expect(code).toBe(64);
    expect(stderr).toMatch(/cannot read .*\/deep\/fleet\.yaml \(ENOENT\), .* up to .*\/docs \[/);
  });

  test('it is not taken from a folder that everybody may write to', async () => {
    const desk = below();
    rmSync(join(desk.folder, '.git'), { recursive: true });
    chmodSync(desk.folder, 0o777);
    expect((await desk.fleet('-C', 'docs/deep', 'validate')).code).toBe(64);
    chmodSync(desk.folder, 0o755);
    expect((await desk.fleet('-C', 'docs/deep', 'validate')).code).toBe(0);
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
    [
      ['plan', '--against', 'HEAD'],
      '--against does nothing here: hypervisors say what is deployed',
    ],
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
    for (const part of [
      'Global Options:',
      '-C, --directory',
      'Examples:',
      'Exit codes:',
      // They pass on the exit code of another command.
      ['exec', 'ssh'].includes(command) ? '  255  ' : '  64   ',
    ])
      expect(stdout).toContain(part);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

test('every command has examples, with options that it has, and exit codes', () => {
  const program = new Command('fleet');
  addCommonOptions(program);
  declareCommands((command, _load, more) => void program.addCommand(command, more));
  const shown = program.createHelp().visibleCommands(program);
  expect(shown.map((one) => one.name()).filter((name) => name !== 'help')).toEqual(
    expect.arrayContaining(Object.keys(helpTexts)),
  );
  for (const command of shown) {
    if (command.name() === 'help') continue;
    const text = helpTexts[command.name()];
    expect(text, command.name()).toBeDefined();
    expect(Object.keys(text!.exits).length, command.name()).toBeGreaterThan(0);
    for (const [line] of text!.examples) {
      expect(line).toMatch(new RegExp(`fleet ${command.name()}\\b`));
      const [own = ''] = line.split(/ -- | [<>|] /);
      const flags = [...command.options, ...program.options].flatMap((o) => [o.short, o.long]);
      for (const [flag] of own.matchAll(/(?<=\s)--?[a-z][a-z-]*/g))
        expect(flags, line).toContain(flag);
    }
  }
});
