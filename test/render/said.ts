import { join } from 'node:path';
import type { Data, Fleet, User, Vm } from '../../src/model/fleet.ts';
import { toNix } from '../../src/nix/print.ts';
import type { Machine } from '../../src/render/machine.ts';
import { evaluate, withFiles } from '../nix/instantiate.ts';

type Said = null | boolean | number | string | readonly Said[] | { readonly set: readonly Said[] };

/** Rendered texts by what they were rendered from. */
export interface Texts {
  readonly configs: ReadonlyMap<string, Data>;
  readonly flakes: ReadonlyMap<string, Data>;
  readonly machines: ReadonlyMap<string, Data>;
}

/** What the texts say to Nix, and what they should; each an entry per text, in order. */
export function said(texts: Texts, packages: Iterable<string>): { seen: Said; meant: Said } {
  const files: [string, string][] = [];
  const meant: Said[] = [];
  const paths = (['configs', 'flakes', 'machines'] as const).map((kind) => {
    meant.push([...texts[kind].values()].map(say));
    const list = [...texts[kind].keys()].map((text, n) => {
      files.push([`${kind}/${n}/file.nix`, text]);
      return `${kind}/${n}/file.nix`;
    });
    return `${kind} = ${toNix(list)};`;
  });
  const here = import.meta.dirname;
  const seen = withFiles(files, (root) => {
    const call = `import ${join(here, 'said.nix')} { plain = ${join(here, 'plain.nix')}; root = ${root}; pkgs = ${toNix(pkgsOf(packages))}; ${paths.join(' ')} }`;
    return withFiles([['call.nix', call]], (dir) => evaluate(join(dir, 'call.nix')));
  }) as Record<keyof Texts, Said>;
  return { seen: sorted([seen.configs, seen.flakes, seen.machines]), meant: sorted(meant) };
}

export const meantByMachine = (machine: Machine): Data => ({
  host: machine.name,
  packages: [...machine.packages].sort(),
  release: machine.stateVersion,
  users: Object.fromEntries(machine.users.map((user) => [user.name, userOptions(user)])),
  volumes: ((machine as Partial<Vm>).volumes ?? []).map((volume) => ({
    fsType: volume.fs,
    image: volume.image,
    label: volume.label,
    mountPoint: volume.mount,
    size: volume.sizeMiB,
  })),
  zone: machine.timezone ?? 'UTC',
});

const userOptions = (user: User): Data => ({
  ...(user.groups.length > 0 && { extraGroups: user.groups }),
  ...(user.name !== 'root' && { isNormalUser: true }),
  ...(user.sshKeys.length > 0 && { openssh: { authorizedKeys: { keys: user.sshKeys } } }),
});

export const meantByFlake = (fleet: Fleet): Data => ({
  description: fleet.name,
  inputs: Object.fromEntries(
    fleet.inputs.map(({ name, url, flake, follows }) => [
      name,
      {
        url,
        ...(!flake && { flake }),
        ...(Object.keys(follows).length > 0 && {
          inputs: Object.fromEntries(
            Object.entries(follows).map(([input, target]) => [input, { follows: target }]),
          ),
        }),
      },
    ]),
  ),
});

/** `pkgs` in which every package, and every part of its name, knows its name. */
function pkgsOf(names: Iterable<string>): Data {
  // Without a prototype: `toString` is to be a package like any other.
  const pkgs: Record<string, Data> = Object.assign(Object.create(null), { git: 'git' });
  for (const name of names) {
    let at = pkgs;
    const parts = name.split('.');
    for (const [n, part] of parts.entries()) {
      at[part] ??= Object.assign(Object.create(null), { ' name': parts.slice(0, n + 1).join('.') });
      at = at[part] as Record<string, Data>;
    }
  }
  return pkgs;
}

/** As said.nix says it. -0 is 0, as in JSON. */
function say(value: Data): Said {
  if (Array.isArray(value)) return value.map(say);
  if (typeof value === 'object' && value !== null) {
    return { set: Object.entries(value).map(([name, item]) => [name, say(item)]) };
  }
  return Object.is(value, -0) ? 0 : (value as Said);
}

/** Nix sorts names by bytes, JavaScript by code units. */
function sorted(value: Said): Said {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const { set } = value as { set: readonly (readonly [string, Said])[] };
  const pairs = set.map(([name, item]) => [name, sorted(item)] as const);
  return { set: pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}
