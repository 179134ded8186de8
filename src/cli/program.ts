import { Command, CommanderError } from 'commander';
import { exitCodes } from '../model/errors.ts';
import { addCommonOptions, type Declare, declareCommands, type Execute } from './commands.ts';
import type { CommonOptions, Invocation } from './options.ts';
import type { EventStream } from './stream.ts';
import { version } from './version.ts';

/** Runs the command that is asked for. Returns the exit code. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  let code: number = exitCodes.ok;
  let json = false;
  let stream: EventStream | undefined;
  const program = new Command('fleet')
    .description('Deploys NixOS hypervisors and the microVMs on them from one file, fleet.yaml.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(fleet COMMAND --help says more)');

  addCommonOptions(program);
  const command: Declare = <O extends object>(
    declared: Command,
    load: () => Promise<Execute<O>>,
  ) => {
    program.addCommand(
      declared.exitOverride().action(async () => {
        const options = declared.opts<O>();
        json = 'json' in options && options.json === true;
        stream = await openStream(options);
        const execute = await load();
        const invocation: Invocation = {
          common: program.opts<CommonOptions>(),
          signal,
          ...(stream && { stream }),
        };
        code = await execute(invocation, options, declared.args);
      }),
    );
  };
  declareCommands(command);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    return (await import('./report-error.ts')).reportError(error, { json, stream });
  }
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
