import type { Command, Option } from 'commander';
import type { CommonOptions } from './options.ts';
import type { EventStream } from './stream.ts';

// What a command needs only with some options: its code is loaded then.

/** With --local: the one hypervisor that is meant, and where its fleet.yaml is. */
export async function localised(
  common: CommonOptions,
  options: object,
  names: readonly string[],
): Promise<CommonOptions> {
  const { local, localAs } = options as { readonly local?: boolean; readonly localAs?: string };
  if (!local && localAs === undefined) return common;
  const { hereOf } = await import('./local.ts');
  return hereOf(common, localAs, options, names);
}

/** Examples and exit codes, below the help of any command. Only help needs their texts. */
export async function addHelp(program: Command, args: readonly string[]): Promise<void> {
  if (args[0] !== 'help' && !args.includes('--help') && !args.includes('-h')) return;
  const { helpAfter } = await import('./help/after.ts');
  program.addHelpText('afterAll', ({ command }) => helpAfter(command));
}

/** An option whose value is another option: its own was forgotten. */
export function optionTaken(command: Command): readonly [Option, string] | undefined {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const values: readonly unknown[] = [command.getOptionValue(name)].flat();
    const value = values.find((one) => typeof one === 'string' && one.startsWith('-'));
    if (value !== undefined) return [option, String(value)];
  }
  return undefined;
}

export interface ResumeOption {
  /** An id; true: one that is to be found, or none. */
  readonly resume?: string | true;
}

/** For --json-stream. Of a new deployment it has the id from its first event on. */
export async function openStream(options: ResumeOption): Promise<EventStream> {
  const [{ EventStream }, { newId }, { realClock }] = await Promise.all([
    import('./stream.ts'),
    import('../app/new-deployment.ts'),
    import('./ports.ts'),
  ]);
  const clock = await realClock();
  const { resume = newId({ clock }) } = options;
  return new EventStream(clock, resume === true ? null : resume);
}
