import type { Command, CommanderError, Option } from 'commander';
import type { FleetError } from '../model/errors.ts';
import { didYouMean } from '../model/suggest.ts';
import { usageError } from './options.ts';

/** What commander refused, as any other error, with what was most likely meant. */
export function misuse(
  { code, message }: CommanderError,
  program: Command,
  args: readonly string[],
): FleetError {
  const text = message.replace(/^error: /, '');
  const [, word = ''] = /'([^'=]+)/.exec(text) ?? [];
  if (code === 'commander.unknownCommand') {
    const names = program.commands.map((command) => command.name());
    return usageError(
      'options.no-command',
      text,
      didYouMean(word, names) ?? 'fleet --help lists the commands.',
    );
  }
  const command = program.commands.find((one) => args.includes(one.name())) ?? program;
  const help = `${command === program ? 'fleet' : `fleet ${command.name()}`} --help says more.`;
  if (code !== 'commander.unknownOption') return usageError('options.misused', text, help);
  const flags = [...command.options, ...program.options].flatMap(({ long, short }) =>
    [long, short].filter((flag) => flag !== undefined && flag !== null),
  );
  return usageError('options.unknown', text, didYouMean(word, flags) ?? help);
}

/** `--out --json` takes the next option for a value: what was forgotten is the value. */
export function valueMissing({ long, flags }: Option, value: string): FleetError {
  const [, name = ''] = /[<[](.*)[>\]]/.exec(flags) ?? [];
  const isPath = ['file', 'dir'].includes(name);
  return usageError(
    'options.misused',
    `${long} needs a value, and ${value} is written as an option is`,
    isPath
      ? `A file or folder of that name: ${long} ./${value}`
      : `It goes behind it: ${long} ${name.toUpperCase()}`,
  );
}
