import { Command } from 'commander';
import { addCommonOptions, declareCommands } from '../commands.ts';

/** All commands and options there are, to read them or to parse with them; none of them does anything. */
export function declaredProgram(): Command {
  const program = new Command('fleet').version('', '-V, --version').exitOverride();
  addCommonOptions(program);
  declareCommands((command, _load, more) => {
    program.addCommand(command.copyInheritedSettings(program).exitOverride(), more);
  });
  return program;
}
