import { expandConfig } from '../../model/config.ts';
import { checkUser } from '../../model/guest-keys.ts';
import { isPublicKey } from '../../model/public-key.ts';
import { secret } from '../../model/secrets.ts';
import type { Finding, Path } from '../finding.ts';
import { type Draft, origin } from '../normalise.ts';
import type { Users } from '../schema.generated.ts';
import type { Fields } from '../tree.ts';
import { hasForwarder } from './services.ts';
import { isWithin } from './volumes.ts';

/** An authorized key has to be a public key. The message never shows the value, which may be a private key. */
export function* sshKeys({ layers, hypervisors }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) yield* check(settings.users, path);
  for (const { path, yaml } of hypervisors.values()) yield* check(yaml.users, path);
}

function* check(users: Users | undefined, path: Path): Iterable<Finding> {
  for (const [name, { sshKeys: keys = [] }] of Object.entries(users ?? {})) {
    for (const [i, key] of keys.entries()) {
      // The text check has reported a private key already.
      if (isPublicKey(key) || secret.test(key)) continue;
      yield {
        code: 'E508',
        path: [...path, 'users', name, 'sshKeys', i],
        message: `this does not look like a public ssh key of ${name}`,
        hint: 'paste the one line of the .pub file: ssh-ed25519 AAAA… name@host',
      };
    }
  }
}

/** System accounts of every NixOS. Root is one, too, but fleet leaves it a system account. */
const systemUser =
  /^(messagebus|nixbld([1-9]|[12][0-9]|3[0-2])|nobody|nscd|polkituser|sshd|systemd-(coredump|network|oom|resolve|timesync))$/;

/** fleet creates normal users, so their names must not be those of system accounts. */
export function* normalUsers({ layers, hypervisors }: Draft): Iterable<Finding> {
  const isTaken = (name: string) => systemUser.test(name);
  for (const { path, settings } of layers) yield* systemUsers(settings.users, path, isTaken);
  for (const hypervisor of hypervisors.values()) {
    const further = ['microvm', ...(hasForwarder(hypervisor) ? ['dnsmasq'] : [])];
    const isTakenHere = (name: string) => isTaken(name) || further.includes(name);
    yield* systemUsers(hypervisor.yaml.users, hypervisor.path, isTakenHere);
  }
}

function* systemUsers(
  users: Users | undefined,
  path: Path,
  isTaken: (name: string) => boolean,
): Iterable<Finding> {
  for (const name of Object.keys(users ?? {}).filter(isTaken)) {
    yield {
      code: 'E529',
      path: [...path, 'users', name],
      on: 'key',
      message: `${name} is a system user of NixOS and cannot be a normal one`,
      hint: `take another name; config can give it groups: users.users.${name}.extraGroups`,
    };
  }
}

/** Users with a fixed uid. */
const numbered = ['root', checkUser];

/**
 * NixOS assigns uids from 1000 up in the order of names, and remembers them in /var/lib/nixos, which most guests lose when
 * they stop. So after adding a user, files on the volumes may belong to another one.
 */
export function* lastingUids({ vms }: Draft): Iterable<Finding> {
  const told = new Set<string>();
  for (const vm of vms.values()) {
    const { users, volumes, shares, config } = vm.merged;
    const mounts = [...volumes, ...shares].map(({ mount }) => mount);
    const remembers = mounts.some((mount) => mount === '/' || isWithin('/var/lib/nixos', mount));
    if (remembers || mounts.length === 0) continue;
    const counted = Object.keys(users)
      .filter((name) => !numbered.includes(name) && uidIn(config, name) === undefined)
      .sort((a, b) => (a < b ? -1 : 1));
    if (counted.length < 2) continue;
    const path = origin(vm, 'users');
    if (told.has(path.join('.'))) continue;
    told.add(path.join('.'));
    const uids = counted.map((name, i) => `users.users.${name}.uid: ${1000 + i}`);
    yield {
      code: 'W503',
      path,
      on: 'key',
      message: `uids of ${counted.join(' and ')} of vm ${vm.name} are assigned by name at every boot: adding a user can change who owns the files on its volumes`,
      hint: `pin them as they are now, config: { ${uids.join(', ')} }, or keep them on a volume at /var/lib/nixos`,
    };
  }
}

function uidIn(config: Fields, name: string): unknown {
  const { users } = expandConfig(config) as {
    users?: { users?: Record<string, { uid?: unknown }> };
  };
  return users?.users?.[name]?.uid;
}
