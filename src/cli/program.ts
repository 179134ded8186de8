import { type Command, CommanderError } from 'commander';
import { exitCodes } from '../model/errors.ts';
import { bareProgram } from './bare-program.ts';
import {
  addHelp,
  localised,
  openStream,
  optionTaken,
  type ResumeOption,
} from './before-it-runs.ts';
import { addCommonOptions, type Declare, declareCommands, type Execute } from './commands.ts';
import type { Invocation } from './options.ts';
import type { EventStream } from './stream.ts';
import { teller } from './tell.ts';

/** Runs the command that is asked for. Returns the exit code. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  let code: number = exitCodes.ok;
  let json = false;
  let stream: EventStream | undefined;
  let own: number | undefined;
  const program = bareProgram();
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
    const { failed } = await import('./failed.ts');
    return failed(error, { program, args, own, json, stream });
  }
}
