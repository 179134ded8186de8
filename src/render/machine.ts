import { expandConfig } from '../model/config.ts';
import type { Data, User } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { type Code, expression, type Nix, type NixSet, select } from '../nix/tree.ts';
import { rendered } from './marker.ts';
import { hostFolder, pathFrom } from './paths.ts';

/** What hypervisors and vms have in common. */
export interface Machine {
  readonly name: string;
  readonly timezone?: string;
  readonly stateVersion: string;
  readonly packages: readonly string[];
  readonly users: readonly User[];
  readonly config: Readonly<Record<string, Data>>;
  readonly modules: readonly string[];
}

/** `imports`: modules of its kind, its own other rendered files, then hand-written ones. */
export function imports(
  machine: Machine,
  shared: readonly string[],
  ...own: readonly string[]
): Code[] {
  const folder = hostFolder(machine.name);
  const config = hasConfig(machine) ? ['config.nix'] : [];
  const beside = [...config, ...own].sort().map((file) => `${folder}/${file}`);
  const all = [...shared, ...beside, ...machine.modules];
  return [...new Set(all)].map((file) => pathFrom(machine.name, file));
}

/** Attributes of `pkgs`; dots part them: `python3Packages.requests`. */
export const packageList = (machine: Machine): Code[] =>
  [...machine.packages].sort().map((name) => select('pkgs', ...name.split('.')));

/** The arguments that the module's header must name. */
export const moduleArgs = (machine: Machine): string[] => [
  ...(machine.timezone === undefined ? ['lib'] : []),
  ...(machine.packages.length > 0 ? ['pkgs'] : []),
];

/** The options that every machine has, apart from `environment`. */
export function machineOptions(machine: Machine): NixSet {
  return {
    networking: { hostName: machine.name },
    system: { stateVersion: machine.stateVersion },
    // A module may have one where fleet.yaml has none.
    time: { timeZone: machine.timezone ?? expression('lib.mkDefault "UTC"') },
    ...(machine.users.length > 0 && { users: { users: users(machine.users) } }),
  };
}

function users(list: readonly User[]): NixSet {
  return Object.fromEntries(list.map((user) => [user.name, userOptions(user)]));
}

function userOptions(user: User): Nix {
  return {
    ...(user.groups.length > 0 && { extraGroups: user.groups }),
    // root is there already, and is no normal user.
    ...(user.name !== 'root' && { isNormalUser: true }),
    ...(user.sshKeys.length > 0 && { openssh: { authorizedKeys: { keys: user.sshKeys } } }),
  };
}

const hasConfig = (machine: Machine): boolean => Object.keys(machine.config).length > 0;

/**
 * The user's `config` in a module of its own, so that it merges with what fleet renders; undefined
 * where there is none.
 */
export function configFile(machine: Machine): string | undefined {
  return hasConfig(machine) ? rendered(nixFile(expandConfig(machine.config))) : undefined;
}
