import { expect, test } from 'vitest';
import type { Facts, Writer } from '../../src/model/facts.ts';
import { changed, openDeployment, planHv1 } from './situation.ts';

const running = (name: string): Writer => ({ name, kind: 'running' });
const installed = (name: string): Writer => ({ name, kind: 'installed' });
const lock = openDeployment('d1');

const plan = (writers: readonly Writer[], more: Partial<Facts> = {}, todo = ['web1']) =>
  planHv1({ fingerprints: changed(...todo), facts: () => ({ writers, ...more }) });
const drift = (of: ReturnType<typeof plan>) => of.drift.map((d) => `${d.code}: ${d.message}`);

test('a rebuild by somebody else stands in the way until it has ended', () => {
  expect(plan([running('nixos-rebuild')]).problems).toEqual([
    'nixos-rebuild is running there: wait for it, or stop it',
  ]);
  expect(plan([running('nixos-upgrade.service'), running('nixos-rebuild')]).problems).toEqual([
    'nixos-upgrade.service and nixos-rebuild are running there: wait for them, or stop them',
  ]);
});

test('it is told where nothing is to be done, too, and stops nothing there', () => {
  const seen = plan([running('microvm')], {}, []);
  expect(seen.problems).toEqual([]);
  expect(drift(seen)).toEqual([
    'second-writer: microvm is running: this plan may already be out of date',
  ]);
});

test('what will write some time is told with the option that turns it off', () => {
  const seen = plan([installed('nixos-upgrade.timer'), installed('comin.service')]);
  expect(seen.problems).toEqual([]);
  expect(drift(seen)).toEqual([
    'second-writer: nixos-upgrade.timer would replace what fleet deploys: system.autoUpgrade.enable = false',
    'second-writer: comin.service would replace what fleet deploys: services.comin.enable = false',
  ]);
});

test('programs of a deployment of fleet are not called a second writer; a unit of others is', () => {
  expect(plan([running('microvm'), running('switch-to-configuration')], { lock })).toMatchObject({
    problems: [],
    drift: [{ code: 'lock' }],
  });
  expect(plan([running('nixos-upgrade.service')], { lock }).problems).toHaveLength(1);
});

test('a garbage collection is no writer, but told', () => {
  const seen = plan([], { collecting: true });
  expect(seen.problems).toEqual([]);
  expect(drift(seen)).toEqual([
    'collecting: nix-collect-garbage runs: a build may have to wait for it',
  ]);
});
