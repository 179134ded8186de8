import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import type { Vm } from '../../src/model/fleet.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 30 });

/** Vms of the given names on a hypervisor, each on a network of its own or all on one. */
function vmsOf(all: readonly string[], together: boolean): Map<string, Vm> {
  const text = JSON.stringify({
    version: 1,
    name: 'test',
    hypervisors: { 'the-hypervisor': { ssh: 'h', system: 'x86_64-linux', stateVersion: '25.11' } },
    networks: Object.fromEntries(
      ['all', ...all.map((_, i) => `n${i}`)].map((network, i) => [
        network,
        { subnet: `10.${i}.0.0/16`, nat: false },
      ]),
    ),
    vms: Object.fromEntries(
      all.map((vm, i) => [
        vm,
        together
          ? { on: 'the-hypervisor', network: 'all', address: `10.0.${i}.9` }
          : { on: 'the-hypervisor', network: `n${i}` },
      ]),
    ),
  });
  const read = readFleet(text, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics));
  return new Map(read.fleet.vms.map((vm) => [vm.name, vm]));
}

test('adding a vm changes no other vm', () => {
  fc.assert(
    fc.property(names, name, fc.boolean(), (all, added, together) => {
      fc.pre(!all.includes(added) && added !== 'the-hypervisor' && !all.includes('the-hypervisor'));
      const before = vmsOf(all, together);
      const after = vmsOf([...all, added], together);
      for (const [vm, was] of before) expect(after.get(vm)).toEqual(was);
    }),
    { numRuns: 60 },
  );
});

test('no two vms share an address, a MAC or a TAP', () => {
  fc.assert(
    fc.property(names, fc.boolean(), (all, together) => {
      fc.pre(!all.includes('the-hypervisor'));
      const nics = [...vmsOf(all, together).values()].map(({ nics: [nic] }) => nic!);
      for (const field of ['address', 'mac', 'tap'] as const) {
        expect(new Set(nics.map((nic) => nic[field])).size).toBe(all.length);
      }
      for (const { mac, tap } of nics) {
        expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
        expect(tap.length).toBeLessThanOrEqual(15);
      }
    }),
    { numRuns: 60 },
  );
});
