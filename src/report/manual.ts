import type { Argument, Command, Help, Option } from 'commander';

/** What stands below the help of a command. */
interface HelpText {
  readonly examples: readonly (readonly [line: string, does?: string])[];
  readonly exits: Readonly<Record<number, string>>;
}

/** The words of every --help. */
export interface Words {
  readonly program: Command;
  readonly commands: Readonly<Record<string, HelpText>>;
  readonly own: HelpText;
  /** Exit codes of every command. */
  readonly exits: HelpText['exits'];
}

/** fleet.1, for man: the same words as in every --help. @param version of fleet */
export function manual(version: string, words: Words): string {
  const { program, own } = words;
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((one) => one.name() !== 'help');
  return [
    `.TH FLEET 1 "" "fleet ${version}" "fleet"`,
    '.SH NAME',
    'fleet \\- deploys NixOS hypervisors and the microVMs on them',
    '.SH SYNOPSIS',
    '.B fleet',
    '.RI [ options ] " command " [ arguments ]',
    '.SH DESCRIPTION',
    text(
      'From one file, fleet.yaml, fleet renders Nix, commits and pushes it, has every hypervisor build that commit, restarts only the guests that changed, looks at them, and rolls back what is not as it should be.',
    ),
    '.SH OPTIONS',
    'They may stand before or after the command.',
    ...options(help.visibleOptions(program)),
    '.SH COMMANDS',
    ...commands.flatMap((command) => section(command, help, words.commands[command.name()])),
    ...examples(own, '.SH EXAMPLES'),
    '.SH EXIT STATUS',
    ...exits({ ...words.exits, ...own.exits }),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([name, does]) => ['.TP', `.B ${text(name)}`, text(does)]),
    '.SH FILES',
    ...files.flatMap(([name, does]) => ['.TP', `.I ${text(name)}`, text(does)]),
    '',
  ].join('\n');
}

const environment = [
  ['FLEET_SSH_CONFIG', 'As --ssh-config.'],
  ['SSH_AUTH_SOCK', 'The agent that has your keys.'],
  ['NO_COLOR, FORCE_COLOR', 'No colours, or colours where there is no terminal.'],
  ['CI', 'Nothing is asked: what needs a word needs --yes.'],
  ['GITHUB_ACTOR', 'Who deploys, in locks and records; default: your user name.'],
  ['XDG_CACHE_HOME', 'What speeds up the start lies in fleet in it; default: ~/.cache.'],
] as const;

const files = [
  ['fleet.yaml', 'The fleet: in this folder or in one above, up to the root of the repository.'],
  ['~/.ssh/config, ~/.ssh/known_hosts', 'As of ssh.'],
  ['/var/lib/fleet', 'On a hypervisor: what was deployed, and the way back.'],
] as const;

function section(command: Command, help: Help, own: HelpText | undefined): string[] {
  return [
    `.SS ${text(`fleet ${command.name()} ${command.usage()}`)}`,
    text(sentence(command.description())),
    ...command.registeredArguments.filter((one) => one.description).flatMap(argument),
    ...options(help.visibleOptions(command).filter(({ long }) => long !== '--help')),
    ...(own
      ? [...examples(own, '.PP\nExamples:'), '.PP', 'Exit status:', ...exits(own.exits)]
      : []),
  ];
}

const argument = (one: Argument): string[] => [
  '.TP',
  `.I ${text(one.name())}`,
  text(sentence(one.description)),
];

const options = (all: readonly Option[]): string[] =>
  all.flatMap(({ flags, description }) => [
    '.TP',
    `.B ${text(flags)}`,
    text(sentence(description ?? '')),
  ]);

const examples = ({ examples: all }: HelpText, title: string): string[] => [
  title,
  ...all.flatMap(([line, does]) => ['.TP', `.B ${text(line)}`, text(sentence(does ?? ''))]),
];

const exits = (all: HelpText['exits']): string[] =>
  Object.entries(all).flatMap(([code, means]) => ['.TP', `.B ${code}`, text(sentence(means))]);

const sentence = (words: string): string =>
  words === '' ? '' : `${words[0]?.toUpperCase()}${words.slice(1).replace(/(?<![.?!])$/, '.')}`;

/** As man takes it: nothing in it is a request or an escape. */
const text = (words: string): string =>
  words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
