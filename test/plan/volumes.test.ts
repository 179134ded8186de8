import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
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

describe('what a plan says of disks that are there', () => {
  const yaml = fleet('{ mount: /data, image: data.img, size: 1GiB }');
  const gib = 1024 ** 3;
  const why = (facts: (f: Facts) => Partial<Facts>, of = 'web1') =>
    planHv1({ yaml, fingerprints: changed('web1'), facts }).actions.find((a) => a.target === of)
      ?.why;
  const images = (folder: string, bytes: number) =>
    new Map([[folder, new Map([['data.img', bytes]])]]);

  test('is their real size, not the one that was written down', () => {
    const deployed = (f: Facts) => {
      const expected = f.deployed.get('web1')?.expected;
      if (!expected) throw new Error('web1 was not deployed');
      return withEntry(f.deployed, 'web1', { expected: { ...expected, volumes: [volume] } });
    };
    const folder = '/var/lib/microvms/web1';
    const said = (bytes: number) =>
      why((f) => ({ deployed: deployed(f), images: images(folder, bytes) }));
    expect(said(10 * gib)).toBe('its configuration changed; data.img stays at 10240 MiB');
    expect(said(gib)).toBe('its configuration changed');
  });

  test('is that files in a folder of somebody else become disks', () => {
    const said = why((f) => ({
      deployed: withEntry(f.deployed, 'web1', undefined),
      images: images('/var/lib/microvms/web1', 10 * gib),
    }));
    expect(said).toBe(
      'not deployed by fleet yet; data.img is there (10240 MiB, not the 1024 MiB of fleet.yaml) and becomes its disk for /data',
    );
  });

  test('is that not all files of a crowded folder were looked at', () => {
    const said = why(() => ({ crowded: new Set(['/var/lib/microvms/web1']) }));
    expect(said).toMatch(/web1 has so many files that not all were looked at: see what is there$/);
  });

  test.each(['/var/lib/microvms/.aside/1/old', '/var/lib/microvms/db1'])(
    'is that a new vm does not get the one in %s, which had another name',
    (folder) => {
      const said = why((f) => ({
        vms: withEntry(f.vms, 'web1', undefined),
        deployed: withEntry(f.deployed, 'web1', undefined),
        images: images(folder, gib),
      }));
      expect(said).toBe(`new; it starts with an empty data.img; the one in ${folder} stays there`);
    },
  );
});
