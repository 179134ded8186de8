import { Command } from 'commander';
import { version } from './version.ts';

/** fleet before it has any command. */
export function bareProgram(): Command {
  return (
    new Command('fleet')
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
      .showSuggestionAfterError(false)
  );
}
