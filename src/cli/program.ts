import { Command, CommanderError } from 'commander';
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
    .configureHelp({ showGlobalOptions: true })
    // Said as every other error is.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false);

  const dashes = args.indexOf('--');
  addCommonOptions(program);
  await addHelp(program, args);
  const command: Declare = <O extends object>(
    declared: Command,
    load: () => Promise<Execute<O>>,
    more: { readonly hidden?: boolean; readonly passes?: boolean } = {},
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
          json = 'json' in options && options.json === true;
          stream = await openStream(options);
          const execute = await load();
          const common = program.opts<CommonOptions>();
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
    const code = isMisused
      ? reportError(misuse(error, program, args), { json: args.includes('--json'), stream })
      : reportError(error, { json, stream });
    return own ?? code;
  }
}

/** Examples and exit codes, below the help of any command. Only help needs their texts. */
async function addHelp(program: Command, args: readonly string[]): Promise<void> {
  if (args[0] !== 'help' && !args.includes('--help') && !args.includes('-h')) return;
  const { helpAfter } = await import('./help/after.ts');
  program.addHelpText('afterAll', ({ command }) => helpAfter(command));
}

/** Where --json-stream asks for it; it has an id from its first event on, unless it has to find one to resume. */
async function openStream(options: {
  readonly jsonStream?: boolean;
  readonly resume?: string | true;
}): Promise<EventStream | undefined> {
  if (!options.jsonStream) return undefined;
  const [{ EventStream }, { newId }, { realClock }] = await Promise.all([
    import('./stream.ts'),
    import('../app/new-deployment.ts'),
    import('./ports.ts'),
  ]);
  const clock = await realClock();
  const { resume = newId({ clock }) } = options;
  return new EventStream(clock, resume === true ? null : resume);
}
