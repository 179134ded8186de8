import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/model/fleet.ts';
import { isRendered, marker } from '../../src/render/marker.ts';
import { render } from '../../src/render/render.ts';
import { fleet, hypervisor, network, nic, vm } from './build.ts';
import { themes } from './themes.ts';

const reversed = <T>(list: readonly T[]): T[] => [...list].reverse();

/** The same fleet with every list whose order says nothing turned round. */
const turnedRound = (f: Fleet): Fleet => ({
  ...f,
  inputs: reversed(f.inputs),
  networks: reversed(f.networks),
  hypervisors: reversed(f.hypervisors).map((h) => ({
    ...h,
    packages: reversed(h.packages),
    users: reversed(h.users),
  })),
  vms: reversed(f.vms).map((v) => ({
    ...v,
    packages: reversed(v.packages),
    users: reversed(v.users),
    dependsOn: reversed(v.dependsOn),
  })),
});

describe.each(Object.entries(themes))('%s', (_, theme) => {
  const files = render(theme);

  it('renders to the same text again, whatever the order of its lists', () => {
    expect([...render(turnedRound(structuredClone(theme)))]).toEqual([...files]);
  });

  it('has sorted paths and the marker in every file', () => {
    expect([...files.keys()]).toEqual([...files.keys()].sort());
    for (const [path, text] of files) {
      expect(text.split('\n')[0]).toBe(marker);
      expect(isRendered(text)).toBe(true);
      expect(text.endsWith(path.endsWith('.nix') ? '}\n' : '\n')).toBe(true);
    }
  });
});

/** Two hypervisors with a network each, vms of any number and dependencies. */
const fleets = fc
  .uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/), { minLength: 1, maxLength: 12 })
  .chain((names) => {
    const vms = names.map((name, n) =>
      fc.record({
        name: fc.constant(name),
        on: fc.constantFrom('hv-1', 'hv-2'),
        dependsOn: fc.subarray(names.slice(0, n)),
        stopped: fc.boolean(),
        n: fc.constant(n),
      }),
    );
    return fc.tuple(...vms);
  })
  .map((vms) =>
    fleet({
      hypervisors: [hypervisor('hv-1'), hypervisor('hv-2')],
      networks: [network('n1', 1, 'hv-1'), network('n2', 2, 'hv-2')],
      vms: vms.map(({ name, on, dependsOn, stopped, n }) =>
        vm(name, on, [nic(name, on === 'hv-1' ? 'n1' : 'n2', `10.0.0.${n + 2}`)], {
          dependsOn,
          state: stopped ? 'stopped' : 'running',
        }),
      ),
    }),
  );

describe('one vm less', () => {
  it('changes its own hypervisor and the list of hosts, nothing else', () => {
    fc.assert(
      fc.property(fleets, fc.nat(), (whole, n) => {
        const gone = whole.vms[n % whole.vms.length]!;
        const rest = whole.vms
          .filter((v) => v !== gone)
          .map((v) => ({ ...v, dependsOn: v.dependsOn.filter((name) => name !== gone.name) }));
        const before = render(whole);
        const after = render({ ...whole, vms: rest });
        const paths = new Set([...before.keys(), ...after.keys()]);
        const changed = [...paths].filter((path) => before.get(path) !== after.get(path));
        const allowed = [
          `hosts/${gone.name}/default.nix`,
          `hosts/${gone.on}/default.nix`,
          `hosts/${gone.on}/dns.nix`,
          `hosts/${gone.on}/firewall.nix`,
          `hosts/${gone.on}/networks.nix`,
          `hosts/${gone.on}/watch.nix`,
          'hosts/default.nix',
        ];
        expect(changed.filter((path) => !allowed.includes(path))).toEqual([]);
        expect(after.has(`hosts/${gone.name}/default.nix`)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a fleet that the rules would have refused', () => {
  it('is a bug, and is said to be one', () => {
    const small = themes.small!;
    const [hv] = small.hypervisors;
    const { uplink: _, ...noUplink } = hv!;
    expect(() => render({ ...small, hypervisors: [noUplink] })).toThrow('no uplink');
    expect(() => render({ ...small, networks: [] })).toThrow('not part of it');
  });
});
