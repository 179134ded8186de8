import type { Argument, Command, Option } from 'commander';
import type { NamesIn } from '../../app/names.ts';

/** A word that may stand where the cursor is. */
export interface Candidate {
  readonly word: string;
  /** In a few words; shells that have room show it. */
  readonly about?: string;
}

/**
 * What may follow: commands, options, and names of fleet.yaml.
 * @param words after `fleet`, up to the one that the cursor is in, which may be empty
 * @param names reads fleet.yaml, only where a name is wanted
 */
export function candidates(
  program: Command,
  words: readonly string[],
  names: () => NamesIn,
): Candidate[] {
  const current = words.at(-1) ?? '';
  const { command, option, at, isPast } = read(program, words.slice(0, -1));
  if (isPast) return [];
  if (option) return begun(valuesOf(option, current, names), current);
  if (current.startsWith('-')) {
    const [flag = '', value] = current.split(/=(.*)/s);
    const own = optionsOf(program, command);
    if (value === undefined) return begun(own.flatMap(flagsOf), current);
    const found = own.find((one) => one.long === flag);
    const values = found ? begun(valuesOf(found, value, names), value) : [];
    return values.map(({ word, ...more }) => ({ word: `${flag}=${word}`, ...more }));
  }
  if (command === program) {
    const commands = program.createHelp().visibleCommands(program);
    const about = (one: Command) => ({ word: one.name(), about: one.description() });
    return begun(commands.map(about), current);
  }
  const args = command.registeredArguments;
  const argument = args[at] ?? args.findLast(({ variadic }) => variadic);
  return argument ? begun(valuesOf(argument, current, names), current) : [];
}

interface Reading {
  /** The command, or `program` before there is one. */
  readonly command: Command;
  /** The option whose value is next. */
  readonly option?: Option | undefined;
  /** How many arguments the command has already. */
  readonly at: number;
  /** After `--` stands what is no longer fleet's. */
  readonly isPast: boolean;
}

function read(program: Command, words: readonly string[]): Reading {
  let command = program;
  let option: Option | undefined;
  let at = 0;
  for (const word of words) {
    if (option) option = undefined;
    else if (word === '--') return { command, at, isPast: true };
    else if (word.startsWith('-'))
      option = optionsOf(program, command).find(
        (one) => one.required && (one.long === word || one.short === word),
      );
    else if (command !== program) at++;
    else command = program.commands.find((one) => one.name() === word) ?? program;
  }
  return { command, option, at, isPast: false };
}

const optionsOf = (program: Command, command: Command): Option[] =>
  [...new Set([...command.options, ...program.options])].filter(({ hidden }) => !hidden);

const flagsOf = ({ long, short, description }: Option): Candidate[] =>
  [long ?? short].flatMap((word) => (word ? [{ word, about: description }] : []));

/** By what the option or the argument calls its value. */
function valuesOf(of: Option | Argument, current: string, names: () => NamesIn): Candidate[] {
  if (of.argChoices) return of.argChoices.map((word) => ({ word }));
  const name = 'flags' in of ? (/[<[]([\w-]+)/.exec(of.flags)?.[1] ?? '') : of.name();
  const own = kindsOf[name];
  if (!own) return [];
  // Where the help offers tags.
  const kinds = of.description.includes('@tag') ? ([...own, 'tags'] as const) : own;
  const known = names();
  const all = kinds.flatMap((kind) =>
    known[kind].map((one) => ({
      word: kind === 'tags' ? `@${one}` : one,
      about: kind === 'tags' ? 'tag' : kind.replace(/s$/, ''),
    })),
  );
  // Of several with commas between them the last one is being written.
  const isList = 'flags' in of || name === 'selector';
  const before = isList ? current.slice(0, current.lastIndexOf(',') + 1) : '';
  const taken = new Set(before.split(','));
  return all
    .filter(({ word }, i) => !taken.has(word) && all.findIndex((o) => o.word === word) === i)
    .map((one) => ({ ...one, word: before + one.word }));
}

/** What a value of this name may be; of any other the shell offers files. */
const kindsOf: Readonly<Record<string, readonly (keyof NamesIn)[]>> = {
  selector: ['vms', 'hypervisors'],
  name: ['vms', 'hypervisors', 'networks'],
  names: ['vms', 'hypervisors'],
  vm: ['vms'],
  vms: ['vms'],
  hypervisor: ['hypervisors'],
  hypervisors: ['hypervisors'],
  inputs: ['inputs'],
};

const begun = (all: readonly Candidate[], current: string): Candidate[] =>
  all.filter(({ word }) => word.startsWith(current));
