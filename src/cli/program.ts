import { Command, CommanderError, type Option } from 'commander';
import { exitCodes } from '../model/errors.ts';
import { addCommonOptions, type Declare, declareCommands, type Execute } from './commands.ts';
import type { CommonOptions, Invocation } from './options.ts';
import type { EventStream } from './stream.ts';
import { teller } from './tell.ts';
import { version } from './version.ts';

/** Runs the command that is asked for. Returns the exit code. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  let code: number = exitCodes.ok;
  let json = false;
  let stream: EventStream | undefined;
  let own: number | undefined;
  const program = new Command('fleet')
    .description('Deploys NixOS hypervisors and the microVMs on them from one file, fleet.yaml.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      // Beside the longest name there are fewer columns than commander wraps to by itself.
      minWidthToWrap: 24,
      // That commands have options goes without saying.
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trim(),
    })
    // Said as every other error is.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false);

  const dashes = args.indexOf('--');
  addCommonOptions(program);
  await addHelp(program, args);
  const command: Declare = <O extends object>(
    declared: Command,
    load: () => Promise<Execute<O>>,
    more: Parameters<Declare>[2] = {},
  ) => {
    const failing = more.passes ? exitCodes.ownFailure : undefined;
    const leave = (error: CommanderError) => {
      own = failing;
      throw error;
    };
    program.addCommand(
      declared
        .copyInheritedSettings(program)
        .exitOverride(leave)
        .action(async () => {
          own = failing;
          const options = declared.opts<O>();
          const taken = optionTaken(program) ?? optionTaken(declared);
          if (taken) {
            json = args.includes('--json');
            throw (await import('./misuse.ts')).valueMissing(...taken);
          }
          json = 'json' in options && options.json === true;
          if ((options as { readonly jsonStream?: boolean }).jsonStream)
            stream = await openStream(more.deploys ? (options as ResumeOption) : { resume: true });
          const execute = await load();
          const common = await localised(program.opts(), options, declared.args);
          const invocation: Invocation = {
            common,
            signal,
            tell: teller(common),
            program,
            ...(stream && { stream }),
            ...(dashes >= 0 && { rest: args.slice(dashes + 1) }),
          };
          code = await execute(invocation, options, declared.args);
        }),
      more,
    );
  };
  declareCommands(command);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    const isMisused = error instanceof CommanderError;
    if (isMisused && error.exitCode === 0) return exitCodes.ok;
    if (isMisused && error.code === 'commander.help') return exitCodes.usage;
    const [{ reportError }, { misuse }] = await Promise.all([
      import('./report-error.ts'),
      import('./misuse.ts'),
    ]);
    if (!isMisused) {
      const code = reportError(error, { json, stream });
      return own ?? code;
    }
    // Refused before its options were read, though what they ask for holds all the same.
    const asked = dashes < 0 ? args : args.slice(0, dashes);
    if (asked.some((word) => /^--json-s(t(r(e(am?)?)?)?)?(=|$)/.test(word)))
      stream = await openStream({ resume: true });
    const code = reportError(misuse(error, program, args), {
      json: asked.some((word) => /^--(no-)?js(on?)?(=|$)/.test(word)),
      stream,
    });
    return own ?? code;
  }
}

/** With --local: the one hypervisor that is meant, and where its fleet.yaml is. */
async function localised(
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
async function addHelp(program: Command, args: readonly string[]): Promise<void> {
  if (args[0] !== 'help' && !args.includes('--help') && !args.includes('-h')) return;
  const { helpAfter } = await import('./help/after.ts');
  program.addHelpText('afterAll', ({ command }) => helpAfter(command));
}

/** An option whose value is another option: its own was forgotten. */
function optionTaken(command: Command): readonly [Option, string] | undefined {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const values: readonly unknown[] = [command.getOptionValue(name)].flat();
    const value = values.find((one) => typeof one === 'string' && one.startsWith('-'));
    if (value !== undefined) return [option, String(value)];
  }
  return undefined;
}

interface ResumeOption {
  /** An id; true: one that is to be found, or none. */
  readonly resume?: string | true;
}

/** For --json-stream. Of a new deployment it has the id from its first event on. */
async function openStream(options: ResumeOption): Promise<EventStream> {
  const [{ EventStream }, { newId }, { realClock }] = await Promise.all([
    import('./stream.ts'),
    import('../app/new-deployment.ts'),
    import('./ports.ts'),
  ]);
  const clock = await realClock();
  const { resume = newId({ clock }) } = options;
  return new EventStream(clock, resume === true ? null : resume);
}
