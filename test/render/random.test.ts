import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { expandConfig } from '../../src/model/config.ts';
import type { Fleet } from '../../src/model/fleet.ts';
import { render } from '../../src/render/render.ts';
import { describeWithNix } from '../nix/instantiate.ts';
import { configOf, evaluated, type Values } from './evaluated.ts';
import { type FleetData, fleets, without } from './random-fleet.ts';

const seed = Number(process.env.FLEET_SEED ?? Date.now() % 2 ** 31);

function read(data: FleetData): Fleet {
  const result = readFleet(JSON.stringify(data), 'fleet.yaml');
  if ('diagnostics' in result) throw new Error(JSON.stringify(result.diagnostics, null, 2));
  return result.fleet;
}

const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length;

describe(`any fleet that is right (FLEET_SEED=${seed})`, () => {
  it('has no name, TAP or MAC twice, and no address twice on a network', () => {
    fc.assert(
      fc.property(fleets, (data) => {
        const { hypervisors, vms } = read(data);
        const nics = vms.flatMap((vm) => vm.nics);
        expect(isUnique([...hypervisors, ...vms].map(({ name }) => name))).toBe(true);
        expect(isUnique(nics.map(({ mac }) => mac))).toBe(true);
        expect(isUnique(nics.map(({ address, network }) => `${network} ${address}`))).toBe(true);
        const six = nics.filter(({ address6 }) => address6 !== undefined);
        expect(isUnique(six.map(({ address6 }) => address6))).toBe(true);
        for (const { name } of hypervisors) {
          const here = vms.filter((vm) => vm.on === name).flatMap((vm) => vm.nics);
          expect(isUnique(here.map(({ tap }) => tap))).toBe(true);
        }
      }),
      { numRuns: 100, seed },
    );
  }, 360_000);

  it('keeps the files of every vm when one comes or goes', () => {
    fc.assert(
      fc.property(fleets, fc.nat(), (data, n) => {
        const names = Object.keys(data.vms);
        fc.pre(names.length > 0);
        const gone = names[n % names.length]!;
        const withIt = render(read(data));
        const withoutIt = render(read(without(data, gone)));
        const own = (path: string) => names.includes(path.split('/')[1] ?? '');
        const texts = (files: ReadonlyMap<string, string>) =>
          Object.fromEntries(
            [...files].filter(([path]) => own(path) && !path.startsWith(`hosts/${gone}/`)),
          );
        expect(texts(withoutIt)).toEqual(texts(withIt));
        expect([...withoutIt.keys()].some((path) => path.startsWith(`hosts/${gone}/`))).toBe(false);
      }),
      { numRuns: 100, seed },
    );
  }, 360_000);
});

describeWithNix(`any fleet that is right, in Nix (FLEET_SEED=${seed})`, () => {
  const sample = fc.sample(fleets, { numRuns: 20, seed }).map(read);

  it('evaluates, every machine as declared and none like another', () => {
    expect(Math.max(...sample.map(({ vms }) => vms.length))).toBeGreaterThan(20);
    for (const fleet of sample) {
      const { files, flake } = evaluated(fleet);
      const machines = [...fleet.hypervisors, ...fleet.vms];
      const { nixosConfigurations } = flake.outputs as { nixosConfigurations: Values };
      expect(new Set(Object.keys(nixosConfigurations))).toEqual(
        new Set(machines.map(({ name }) => name)),
      );
      for (const machine of machines) {
        const folder = `hosts/${machine.name}`;
        const { networking, imports } = files[`${folder}/default.nix`]!;
        expect(networking).toMatchObject({ hostName: machine.name });
        expect(imports).toEqual(expect.arrayContaining([...machine.modules]));
        expect(configOf({ files, flake }, machine.name)).toEqual(expandConfig(machine.config));
      }
      const seen = fleet.vms.map(({ name }) => files[`hosts/${name}/default.nix`]!.microvm);
      for (const [n, { name, credentials, nics, shares, vsock }] of fleet.vms.entries()) {
        const guest = seen[n] as { credentialFiles?: object; shares?: object; vsock?: object };
        expect(guest.credentialFiles ?? {}).toEqual(
          Object.fromEntries(credentials.map((one) => [one.name, one.path])),
        );
        expect(guest.shares ?? []).toMatchObject(
          shares.map(({ mount, source }) => ({ mountPoint: mount, source })),
        );
        expect(guest.vsock ?? {}).toEqual(
          vsock === undefined ? {} : { cid: vsock, ssh: { enable: true } },
        );
        const { systemd } = files[`hosts/${name}/default.nix`] as {
          systemd: { network: { networks: object } };
        };
        expect(Object.keys(systemd.network.networks)).toEqual(
          nics.map(({ network }) => `10-${network}`).sort(),
        );
      }
      const interfaces = (seen as { interfaces: { id: string; mac: string }[] }[]).flatMap(
        (microvm) => microvm.interfaces,
      );
      expect(interfaces.map(({ id, mac }) => `${id} ${mac}`)).toEqual(
        fleet.vms.flatMap((vm) => vm.nics.map(({ tap, mac }) => `${tap} ${mac}`)),
      );
      expect(isUnique(interfaces.map(({ mac }) => mac))).toBe(true);
    }
  }, 360_000);
});
