import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprints } from '../../src/plan/fingerprints.ts';
import { render } from '../../src/render/render.ts';
import { index, twoHypervisors } from './situation.ts';

const { fleet } = index();
const names = ['db1', 'hv1', 'hv2', 'web1', 'web2'];
const rendered = new Set(render(fleet).keys());
const shared = ['flake.lock', 'nix/base.nix', 'README.md', 'hosts/web1/by-hand.nix'];
const files = new Map(
  [...rendered, ...shared, 'fleet.yaml'].map((path) => [path, `blob of ${path}`]),
);

const prints = (of: ReadonlyMap<string, string> = files, on = fleet) =>
  fingerprints(on, of, rendered, 'fleet.yaml');
const changes = (after: Map<string, string>) =>
  names.filter((name) => after.get(name) !== prints().get(name));
const changing = (path: string) => changes(prints(new Map(files).set(path, 'other')));

const hostOf = (path: string) => path.split('/')[1] ?? '';
const hostFiles = [...rendered].filter((path) => /^hosts\/[^/]+\//.test(path));

describe('a fingerprint', () => {
  test('is there for every vm and hypervisor', () => {
    expect([...prints().keys()].sort()).toEqual(names);
    expect(new Set(prints().values()).size).toBe(names.length);
  });

  test('changes for that host alone when a rendered file of a host does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...hostFiles), fc.string(), (path, blob) => {
        fc.pre(blob !== files.get(path));
        expect(changes(prints(new Map(files).set(path, blob)))).toEqual([hostOf(path)]);
      }),
    );
  });

  test('changes for all when any other file does, is added or goes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shared, 'flake.nix', 'modules/guest.nix', 'new.nix'),
        fc.boolean(),
        (path, gone) => {
          const after = new Map(files);
          if (gone && files.has(path)) after.delete(path);
          else after.set(path, 'other');
          expect(changes(prints(after))).toEqual(names);
        },
      ),
    );
  });

  test('changes with defaults for every vm, with a profile for the vms that have it', () => {
    const layered = index(
      `${twoHypervisors.replace('{ on: hv1', '{ profiles: [web], on: hv1')}profiles: { web: { vcpu: 2 }, unused: { vcpu: 3 } }
defaults: { packages: [vim] }
`,
    ).fleet;
    const paths = new Set(render(layered).keys());
    const all = new Map([...paths].map((path) => [path, `blob of ${path}`]));
    const print = (of: ReadonlyMap<string, string>) =>
      fingerprints(layered, of, paths, 'fleet.yaml');
    const before = print(all);
    const changed = (path: string) => {
      expect(all.has(path)).toBe(true);
      const after = print(new Map(all).set(path, 'other'));
      return names.filter((name) => after.get(name) !== before.get(name));
    };
    const having = layered.vms.filter(
      ({ name }) => layered.layers?.vms.get(name)?.profiles.length === 1,
    );
    expect(having).toHaveLength(1);
    expect(changed('modules/profiles/web.nix')).toEqual(having.map(({ name }) => name));
    expect(changed('modules/profiles/unused.nix')).toEqual([]);
    expect(changed('modules/defaults.nix')).toEqual(layered.vms.map(({ name }) => name));
    expect(changed('modules/layers.nix')).toEqual(names);
  });

  test('sees what a person put into the folder of a host: it may be imported from anywhere', () => {
    expect(changing('hosts/web1/by-hand.nix')).toEqual(names);
  });

  test('never sees fleet.yaml, nor the list of all hosts', () => {
    expect(changing('fleet.yaml')).toEqual([]);
    expect(changing('hosts/default.nix')).toEqual([]);
  });

  test('does not depend on the order in which files are listed', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...files], { minLength: files.size }), (entries) => {
        expect(prints(new Map(entries))).toEqual(prints());
      }),
    );
  });

  test('is not the same for a file that moved to another path', () => {
    const after = new Map(files);
    after.delete('nix/base.nix');
    after.set('nix/moved.nix', files.get('nix/base.nix') ?? '');
    expect(changes(prints(after))).toEqual(names);
  });

  test('changes with the architecture, for the hypervisor and the vms on it', () => {
    const arm = index(
      twoHypervisors.replace('192.0.2.1, system: x86_64', '192.0.2.1, system: aarch64'),
    );
    expect(changes(prints(files, arm.fleet))).toEqual(['db1', 'hv1', 'web1']);
  });

  test('of a vm stays when another vm is added beside it', () => {
    const more = index(`${twoHypervisors}  new1: { on: hv1, network: front, address: 10.1.0.9 }\n`);
    const texts = (of: typeof fleet) => new Map(render(of));
    const before = fingerprints(fleet, texts(fleet), rendered, 'fleet.yaml');
    const paths = new Set(render(more.fleet).keys());
    const after = fingerprints(more.fleet, texts(more.fleet), paths, 'fleet.yaml');
    expect(names.filter((name) => after.get(name) !== before.get(name))).toEqual(['hv1']);
  });
});
