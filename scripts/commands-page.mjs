/** docs/commands.md: every command and option, from the declarations that also parse them. */
import { declaredProgram } from '../src/cli/help/declared.ts';
import { everyExit, exitsOf, helpTexts } from '../src/cli/help/texts.ts';

/** Text inside of a table. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '\\<');
const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;
const link = (name) => `[\`fleet ${name}\`](#fleet-${name})`;
const sentence = (words) =>
  `${words[0].toUpperCase()}${words.slice(1).replace(/(?<![.?!])$/, '.')}`;

const table = (head, rows) =>
  rows.length === 0
    ? []
    : [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows.map(row), ''];
const row = (cells) => `| ${cells.join(' | ')} |`;

const options = (all) =>
  all
    .filter(({ long }) => long !== '--help')
    .map(({ flags, description }) => [code(flags), cell(description)]);
const exits = (codes) => Object.entries(codes).map(([number, means]) => [number, cell(means)]);

const generally = {
  0: 'done, or nothing to do; of a command that looks: all is well',
  1: 'failed, and no hypervisor was changed (a commit may be pushed); of a command that looks: something is wrong, or did not answer',
  2: 'there are changes',
  3: 'failed and rolled back',
  4: 'rolling back failed: somebody has to look',
  5: 'locked: somebody else is at work there',
  6: 'stopped part-way: some hypervisors keep the new state',
  ...everyExit,
  255: 'fleet’s own failure, also bad usage, of a command that passes on the exit code of another',
};
const codes = Object.keys(generally);

export function commandsPage() {
  const program = declaredProgram();
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((one) => one.name() !== 'help');
  const lines = [
    '<!-- Generated from src/cli by `npm run generate`. Do not edit. -->',
    '# Every command and option',
    '',
    'The same is in `fleet --help`, in `fleet COMMAND --help` and in `man fleet`.',
    '',
    '`SEL` in options is a comma-separated list of names, patterns such as `web*`, and `@tag`s. fleet finds `fleet.yaml` from',
    'any folder of the repository. Results go to standard output, progress and questions to standard error; where nobody',
    'can answer, a command that would ask fails and says so, unless it has `--yes`.',
    '',
    ...table(
      ['command', 'what it does'],
      commands.map((one) => [link(one.name()), cell(one.description())]),
    ),
    '## Options of every command',
    '',
    'They may stand before or after the command.',
    '',
    ...table(['option', 'meaning'], options(help.visibleOptions(program))),
    '## Exit codes',
    '',
    ...table(['exit', 'in general'], exits(generally)),
    'Which command can give which; what it means there stands with the command. `exec` and `ssh` pass on the exit code of what',
    'they run. A second Ctrl-C ends fleet at once, with 130, whatever the command.',
    '',
    ...table(['command', ...codes], commands.map(gives)),
    ...commands.flatMap(section),
  ];
  return `${lines.join('\n').trimEnd()}\n`;

  function gives(command) {
    const own = exitsOf(helpTexts[command.name()]);
    return [link(command.name()), ...codes.map((one) => (one in own ? '•' : ''))];
  }

  function section(command) {
    const { examples, exits: own } = helpTexts[command.name()];
    const named = command.registeredArguments.filter((one) => one.description);
    return [
      `## fleet ${command.name()}`,
      '',
      sentence(command.description()),
      '',
      '```text',
      `fleet ${command.name()} ${command.usage()}`,
      '```',
      '',
      ...table(
        ['argument or option', 'meaning'],
        [
          ...named.map((one) => [code(one.name()), cell(one.description)]),
          ...options(help.visibleOptions(command)),
        ],
      ),
      ...table(
        ['example', 'what it does'],
        examples.map(([line, does = '']) => [code(line), cell(does)]),
      ),
      ...table(['exit', 'meaning'], exits(own)),
    ];
  }
}
