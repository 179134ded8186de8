import { describe, expect, test } from 'vitest';
import { requiredKiB } from '../../src/plan/resources.ts';
import { planText } from '../../src/report/plan-text.ts';
import { noStyle } from '../../src/report/style.ts';
import { changed, planHv1, twoHypervisors, withEntry } from './situation.ts';

const GiB = 1024 * 1024;
const memory = (totalKiB: number) => ({ totalKiB, availableKiB: GiB });
const bigger = twoHypervisors.replaceAll(', network: back', ', memory: 3GiB, network: back');
const withDisk = twoHypervisors.replace(
  'db1: { on: hv1',
  'db1: { volumes: [{ mount: /var, size: 20GiB }], on: hv1',
);
const firstLines = (problems: readonly string[]) => problems.map((p) => p.split('\n')[0]);

describe('what a hypervisor has, as facts report it', () => {
  test('is enough for its vms and for what runs them: nothing is said', () => {
    const facts = () => ({ processors: 1, memory: memory(2.25 * GiB) });
    expect(planHv1({ fingerprints: changed('web1'), facts }).problems).toEqual([]);
  });

  test('is too little: the plan has the numbers', () => {
    const facts = () => ({ memory: memory(3 * GiB) });
    const { problems } = planHv1({ yaml: bigger, fingerprints: changed('db1'), facts });
    expect(problems).toEqual([
      [
        '4352 MiB of memory asked for, 3 GiB to give: 1280 MiB too much',
        '  3200 MiB  db1',
        '  1152 MiB  web1',
        'with 128 MiB each for what runs a guest beside its memory (capacity.perVm): 256 MiB',
        'to give: 3 GiB',
        'Move or shrink vms, or set capacity of this hypervisor in fleet.yaml.',
      ].join('\n'),
    ]);
  });

  test('that fits the memory of its vms exactly is too little: what is beside it is told, and can be set', () => {
    const facts = () => ({ memory: memory(2 * GiB + 2048) });
    const { problems } = planHv1({ fingerprints: changed('web1'), facts });
    expect(problems[0]).toContain('254 MiB too much');
    expect(problems[0]).toContain('(capacity.perVm): 256 MiB');
    const yaml = twoHypervisors.replace('tags: [eu]', 'capacity: { perVm: 1MiB }');
    expect(planHv1({ yaml, fingerprints: changed('web1'), facts }).problems).toEqual([]);
  });

  test('counts four times over for vcpus', () => {
    const yaml = twoHypervisors.replace('web1: { on', 'web1: { vcpu: 8, on');
    const facts = () => ({ processors: 2 });
    const { problems } = planHv1({ yaml, fingerprints: changed('web1'), facts });
    expect(firstLines(problems)).toEqual(['9 vcpus asked for, 8 vcpus to give: 1 vcpu too many']);
  });

  test('does not count where fleet.yaml declares it', () => {
    const yaml = bigger.replace('tags: [eu]', 'capacity: { memory: 8GiB }');
    const facts = () => ({ memory: memory(GiB) });
    expect(planHv1({ yaml, fingerprints: changed('db1'), facts }).problems).toEqual([]);
  });

  test('counts with the reserve and overcommitment that fleet.yaml declares', () => {
    const yaml = twoHypervisors.replace('tags: [eu]', 'capacity: { reserve: { memory: 2GiB } }');
    const facts = () => ({ memory: memory(3 * GiB) });
    const { problems } = planHv1({ yaml, fingerprints: changed('web1'), facts });
    expect(problems[0]).toContain('to give: 3 GiB less 2 GiB in reserve');
  });

  test('is not asked for when nothing is to be done', () => {
    expect(planHv1({ facts: () => ({ memory: memory(1) }) }).problems).toEqual([]);
  });
});

describe('the end state is looked at, not what changes now', () => {
  test('--on does not hide the vms that it leaves out', () => {
    const { problems } = planHv1({
      yaml: bigger,
      on: 'web1',
      fingerprints: changed('web1', 'db1'),
      facts: () => ({ memory: memory(3 * GiB) }),
    });
    expect(problems[0]).toContain('3200 MiB  db1');
  });

  test('a vm that is being stopped asks for no memory, one that starts does', () => {
    const stopped = bigger.replace('web1: { on', 'web1: { state: stopped, on');
    const facts = () => ({ memory: memory(3.125 * GiB) });
    expect(planHv1({ yaml: stopped, facts }).problems).toEqual([]);
  });
});

describe('disk', () => {
  const free = (kib: number) => new Map([['/var/lib/microvms', kib]]);
  const create = (more: object) =>
    planHv1({
      yaml: withDisk,
      facts: (f) => ({
        vms: withEntry(f.vms, 'db1', undefined),
        deployed: withEntry(f.deployed, 'db1', undefined),
        ...more,
      }),
    }).problems;

  test('for a new volume has to be free', () => {
    expect(create({ freeKiB: free(20 * GiB) })).toEqual([]);
    expect(firstLines(create({ freeKiB: free(19 * GiB) }))).toEqual([
      '20 GiB of disk asked for, 19 GiB to give: 1 GiB too much',
    ]);
  });

  test('of a stopped vm counts too', () => {
    const yaml = withDisk.replace(
      'web1: { on',
      'web1: { state: stopped, volumes: [{ mount: /x, size: 1GiB }], on',
    );
    const facts = () => ({ freeKiB: free(requiredKiB.state) });
    expect(firstLines(planHv1({ yaml, fingerprints: changed('db1'), facts }).problems)).toEqual([]);
    const seen = () => ({
      freeKiB: free(requiredKiB.state),
      takenKiB: new Map([
        ['db1', 20 * GiB],
        ['web1', 0],
      ]),
    });
    expect(planHv1({ yaml, fingerprints: changed('db1'), facts: seen }).problems[0]).toContain(
      '21 GiB of disk asked for, 20.1 GiB to give',
    );
  });

  test('that a deployed volume takes is there, and what it may still grow has to be free', () => {
    const seen = (taken: number) =>
      planHv1({
        yaml: withDisk,
        fingerprints: changed('db1'),
        facts: () => ({ freeKiB: free(5 * GiB), takenKiB: new Map([['db1', taken]]) }),
      }).problems;
    expect(seen(15 * GiB)).toEqual([]);
    expect(firstLines(seen(14 * GiB))).toEqual([
      '20 GiB of disk asked for, 19 GiB to give: 1 GiB too much',
    ]);
  });

  test('of volumes whose real size is not told is what they may take', () => {
    const facts = () => ({ freeKiB: free(requiredKiB.state) });
    expect(planHv1({ yaml: withDisk, fingerprints: changed('db1'), facts }).problems).toEqual([]);
  });

  test('that df could not tell is not looked at', () => {
    expect(create({ freeKiB: free(Number.NaN) })).toEqual([]);
  });
});

test('a plan with the longest names fits into 80 columns', () => {
  const long = (n: number) => `${'n'.repeat(61)}${n}`;
  const vms = Array.from(
    { length: 9 },
    (_, i) =>
      `  ${long(i)}: { on: hv1, network: back, address: 10.2.0.${i + 3}, memory: ${99_000 - i}GiB }\n`,
  );
  const plan = planHv1({
    yaml: twoHypervisors + vms.join(''),
    facts: () => ({ memory: memory(1_048_575 * 1024) }),
  });
  const one = { ...plan, actions: [], drift: [] };
  const text = planText(
    { version: 1, fleet: 'example', files: [], hypervisors: [one], problems: [], warnings: [] },
    noStyle,
    { diffs: false, offline: false },
  );
  expect(text).toContain('6 more vms');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('what vms take is said to be unknown where counting it took too long', () => {
  const { drift } = planHv1({ facts: () => ({ takenCut: true }) });
  const message = expect.stringContaining('is unknown (du did not finish within 5 s)');
  expect(drift).toContainEqual({ target: 'hv1', code: 'uncounted', message });
  expect(planHv1().drift).not.toContainEqual(expect.objectContaining({ code: 'uncounted' }));
});
