import { type Finding, type Path, secret } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import type { Users } from '../schema.generated.ts';
import { hasForwarder } from './services.ts';

const publicKey =
  /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(-cert-v01@openssh\.com)? +AAAA\S*( .*)?$/;

/** What may log in is a public key. The message never shows what it is instead. */
export function* sshKeys({ layers, hypervisors }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) yield* check(settings.users, path);
  for (const { path, yaml } of hypervisors.values()) yield* check(yaml.users, path);
}

function* check(users: Users | undefined, path: Path): Iterable<Finding> {
  for (const [name, { sshKeys: keys = [] }] of Object.entries(users ?? {})) {
    for (const [i, key] of keys.entries()) {
      // A private key is an error of the text already.
      if (publicKey.test(key) || secret.test(key)) continue;
      yield {
        code: 'E508',
        path: [...path, 'users', name, 'sshKeys', i],
        message: `this does not look like a public ssh key of ${name}`,
        hint: 'paste the one line of the .pub file: ssh-ed25519 AAAA… name@host',
      };
    }
  }
}

/** Accounts that NixOS itself has on every machine. Root is one, too, but fleet leaves it what it is. */
const systemUser =
  /^(messagebus|nixbld([1-9]|[12][0-9]|3[0-2])|nobody|nscd|polkituser|sshd|systemd-(coredump|network|oom|resolve|timesync))$/;

/** Fleet makes normal users, and no user is both. */
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
