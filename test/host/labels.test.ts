import { expect, test } from 'vitest';
import { parseRunners } from '../../src/host/answers/runners.ts';
import { unlabelled } from '../../src/host/labels.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { select } from '../../src/plan/selectors.ts';
import { deployedFacts, index, withEntry } from '../plan/situation.ts';

const fleet = index(`
version: 1
name: x
hypervisors:
  hv1: { ssh: root@192.0.2.1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks: { front: { subnet: 10.1.0.0/24 } }
vms:
  db: { on: hv1, network: front, volumes: [{ mount: /var/lib/pg, size: 1GiB, image: data.img }] }
`);
const runners = (...records: readonly string[]) =>
  parseRunners(
    [
      'vm\tdb',
      ...records,
      "run\t  if [ ! -e 'data.img' ]; then",
      "run\t    truncate -s 1024M 'data.img'",
      "run\t    mkfs.ext4    'data.img'",
      '== end',
      '',
    ].join('\n'),
  );
const before = deployedFacts(fleet, 'hv1');
const handedOver = { ...before, deployed: withEntry(before.deployed, 'db', undefined) };
const seen = (...records: readonly string[]) =>
  unlabelled(fleet, 'hv1', handedOver, runners(...records));

test('an image that is there needs the label that its guest looks for', () => {
  const label = fleet.vms.get('db')!.volumes[0]!.label;
  expect(seen('image\tdata.img')[0]?.text).toContain(
    `looks for the label ${label}, and data.img has none: stop it, then on the hypervisor: e2label /var/lib/microvms/db/data.img ${label}`,
  );
  expect(seen('image\tdata.img', 'label\tdata.img\tpgdata')[0]?.text).toContain(
    'data.img has pgdata',
  );
  expect(seen('image\tdata.img', `label\tdata.img\t${label}`)).toEqual([]);
  expect(seen()).toEqual([]);
  expect(unlabelled(fleet, 'hv1', before, runners('image\tdata.img'))).toEqual([]);
});

test('the plan has it as a problem of the vm that is handed over', () => {
  const plan = () =>
    makePlan({
      index: fleet,
      files: [],
      head: undefined,
      fingerprints: new Map(),
      facts: new Map([['hv1', handedOver]]),
      selection: select(fleet.fleet, undefined),
      release: new Set(),
      warnings: [],
      obstacles: new Map([['hv1', seen('image\tdata.img')]]),
    }).hypervisors[0]?.problems;
  expect(plan()).toContainEqual(expect.stringContaining('db: its guest looks for the label'));
});
