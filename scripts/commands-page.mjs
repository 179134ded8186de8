/** docs/commands.md: every command and option, from the declarations that also parse them. */
import { declaredProgram } from '../src/cli/help/declared.ts';
import { everyExit, helpTexts } from '../src/cli/help/texts.ts';

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
    'Each command has its own below. Beside these any may give the following; `exec` and `ssh` pass on the exit code of what',
    'they run, and give 255 for a failure of their own.',
    '',
    ...table(['exit', 'meaning'], exits(everyExit)),
    ...commands.flatMap(section),
  ];
  return `${lines.join('\n').trimEnd()}\n`;

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
