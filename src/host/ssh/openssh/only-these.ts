import type { HostKey } from '../../../model/host-key.ts';

// A machine whose keys are given: no known_hosts of the desk has a say.

/** The text of a known_hosts file. */
export function knownHostsOf(name: string, keys: readonly HostKey[]): string {
  return keys.map(({ type, base64 }) => `${name} ${type} ${base64}\n`).join('');
}

/** Options with which ssh takes these keys, which stand in `file`, and no other. */
export function onlyThese(
  name: string,
  keys: readonly HostKey[],
  file: string,
): Readonly<Record<string, string>> {
  return {
    HostKeyAlias: name,
    // It may have keys of other types, too, which nobody here knows.
    HostKeyAlgorithms: [...new Set(keys.map(({ type }) => type))].join(','),
    UserKnownHostsFile: file,
    GlobalKnownHostsFile: '/dev/null',
    KnownHostsCommand: 'none',
  };
}
