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

/** `imports`: the modules of its kind, its other rendered files, then hand-written ones. */
export function imports(
  machine: Machine,
  shared: readonly string[],
  ...own: readonly string[]
): Code[] {
  const folder = hostFolder(machine.name);
  const config = hasConfig(machine) ? ['config.nix'] : [];
  const beside = [...config, ...own].sort().map((file) => `${folder}/${file}`);
  const all = [...shared, ...beside, ...machine.modules];
  return [...new Set(all)].map((file) => pathFrom(`${folder}/default.nix`, file));
}

/** An attribute of `pkgs`, possibly with dots: `python3Packages.requests`. */
export const packageNamed = (name: string): Code => select('pkgs', ...name.split('.'));

export const packageList = (machine: Machine): Code[] =>
  [...machine.packages].sort().map(packageNamed);

/** The arguments that the module's header has to name. */
export const moduleArgs = (machine: Machine): string[] => [
  ...(machine.timezone === undefined ? ['lib'] : []),
  ...(machine.packages.length > 0 ? ['pkgs'] : []),
];

/** These options for a hypervisor, without `environment`. */
export function machineOptions(machine: Machine): NixSet {
  return {
    networking: { hostName: machine.name },
    system: { stateVersion: machine.stateVersion },
    time: { timeZone: machine.timezone ?? unsaidZone },
    ...userSet(machine.users),
  };
}

/** Not set if fleet.yaml has none, because a module may set it. */
export const unsaidZone: Code = expression('lib.mkDefault "UTC"');

/** `users`, if there are any. */
export function userSet(list: readonly User[]): NixSet {
  if (list.length === 0) return {};
  return {
    users: { users: Object.fromEntries(list.map((user) => [user.name, userOptions(user)])) },
  };
}

function userOptions(user: User): Nix {
  return {
    ...(user.groups.length > 0 && { extraGroups: user.groups }),
    // root exists anyway, and is not a normal user.
    ...(user.name !== 'root' && { isNormalUser: true }),
    ...(user.sshKeys.length > 0 && { openssh: { authorizedKeys: { keys: user.sshKeys } } }),
  };
}

const hasConfig = (machine: Pick<Machine, 'config'>): boolean =>
  Object.keys(machine.config).length > 0;

/**
 * The user's `config` in a module of its own, so that it merges with what fleet renders; undefined if there is none.
 */
export function configFile(machine: Pick<Machine, 'config'>): string | undefined {
  return hasConfig(machine) ? rendered(nixFile(expandConfig(machine.config))) : undefined;
}
