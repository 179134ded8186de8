import { describe, expect, test } from 'vitest';
import { changed, planHv1, withEntry } from './situation.ts';

const volume = { image: 'data.img', label: 'data', mount: '/data', sizeMiB: 1024, fs: 'ext4' };

/** hv1, whose web1 was deployed with one volume, and what fleet.yaml says of it now. */
function planWith(now: string) {
  return planHv1({
    fingerprints: changed('web1'),
    yaml: now,
    facts: (f) => {
      const deployed = f.deployed.get('web1');
      if (!deployed?.expected) throw new Error('web1 was not deployed');
      return {
        deployed: withEntry(f.deployed, 'web1', {
          expected: { ...deployed.expected, volumes: [volume] },
        }),
      };
    },
  });
}

const fleet = (volumes: string) => `version: 1
name: volumes
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24 }
vms:
  web1: { on: hv1, network: front, address: 10.1.0.2, volumes: [${volumes}] }
`;

describe('a volume that was deployed', () => {
  test('may not get another mount: its guest would not find it by its label', () => {
    const { problems } = planWith(fleet('{ mount: /srv, image: data.img, size: 1GiB }'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('data.img was made for /data (label data), fleet.yaml says /srv');
  });

  test('may not get another file system: its guest could not mount it', () => {
    const { problems } = planWith(fleet('{ mount: /data, image: data.img, size: 1GiB, fs: xfs }'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('data.img was made as ext4, fleet.yaml says xfs');
  });

  test('does not grow, and the plan says so', () => {
    const plan = planWith(fleet('{ mount: /data, image: data.img, size: 2GiB }'));
    expect(plan.problems).toEqual([]);
    expect(plan.actions.find((a) => a.target === 'web1')?.why).toContain(
      'data.img stays at 1024 MiB',
    );
  });

  test('may be taken out, and the plan says that it stays', () => {
    const plan = planWith(fleet(''));
    expect(plan.problems).toEqual([]);
    expect(plan.actions.find((a) => a.target === 'web1')?.why).toContain(
      'data.img stays, but is not mounted any more',
    );
  });

  test('and one that takes its place as another image is named: it may be empty', () => {
    const plan = planWith(fleet('{ mount: /data/17, size: 1GiB }'));
    expect(plan.actions.find((a) => a.target === 'web1')?.why).toMatch(
      /data\.img stays, but .*; data-17\.img is another disk, and empty if it is new/,
    );
  });
});

test('a full /boot is found before a switch, not by it', () => {
  const { problems } = planHv1({
    fingerprints: changed('hv1'),
    facts: () => ({ freeKiB: new Map([['/boot', 10 * 1024]]) }),
  });
  expect(problems[0]).toContain('/boot has 10 MiB free');
});
