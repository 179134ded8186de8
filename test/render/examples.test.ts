import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { render } from '../../src/render/render.ts';
import { evaluate, withFiles } from '../nix/instantiate.ts';

const examples = join(import.meta.dirname, '../../examples');
const names = readdirSync(examples);
const read = (...path: string[]) => readFileSync(join(examples, ...path), 'utf8');

function fleetOf(example: string) {
  const found = readFleet(read(example, 'fleet.yaml'), 'fleet.yaml');
  if (!('fleet' in found)) throw new Error(JSON.stringify(found.diagnostics));
  return found;
}

describe.each(names)('examples/%s', (example) => {
  it('is right, and names only files that it has', () => {
    const { fleet, warnings } = fleetOf(example);
    expect(warnings).toEqual([]);
    expect(render(fleet).size).toBeGreaterThan(5);
    const modules = [...fleet.hypervisors, ...fleet.vms].flatMap((machine) => machine.modules);
    for (const path of modules) expect(read(example, path)).not.toBe('');
  });

  it('has a page that says what it is', () => {
    expect(read(example, 'README.md')).toMatch(/^# /);
  });
});

const nixpkgsLib = process.env.FLEET_NIXPKGS_LIB;
const microvm = process.env.FLEET_MICROVM;
// upstream.test.ts says so when they are not there.
const whenThere = nixpkgsLib && microvm ? describe : undefined;

whenThere?.('microvm.nix takes the guests of', () => {
  it.each(names)('examples/%s', (example) => {
    const { fleet } = fleetOf(example);
    const own = [...fleet.hypervisors, ...fleet.vms].flatMap((machine) => machine.modules);
    const files = [...render(fleet), ...own.map((path) => [path, read(example, path)] as const)];
    withFiles(files, (dir) => {
      const file = join(import.meta.dirname, 'upstream.nix');
      const args = `{ nixpkgsLib = ${nixpkgsLib}; microvm = ${microvm}; root = ${dir}; }`;
      for (const vm of fleet.vms) {
        const system = fleet.hypervisors.find(({ name }) => name === vm.on)?.system;
        const call = `(import ${file} ${args}).guest "${vm.name}" "${system}"`;
        const value = withFiles([['call.nix', call]], (other) => evaluate(join(other, 'call.nix')));
        expect(value).toMatchObject({ failed: [], warnings: [] });
      }
    });
  });
});
