import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  defaultAddress,
  formatAddress,
  formatSubnet,
  gateway,
  overlaps,
  parseAddress,
  parseSubnet,
} from '../../src/model/addresses.ts';
import {
  formatAddress6,
  formatSubnet6,
  isAddress6,
  isUniqueLocal,
  overlaps6,
  parseAddress6,
  parseSubnet6,
} from '../../src/model/addresses6.ts';
import {
  type Expected,
  formatExpected,
  nicsOf,
  parseExpected,
  sameWiring,
} from '../../src/model/expected.ts';
import { macAddress, tapName } from '../../src/model/names.ts';
import { shareTag } from '../../src/model/shares.ts';
import { parseSshTarget } from '../../src/model/ssh-target.ts';
import { parseDuration, parseSize } from '../../src/model/units.ts';
import { imageName, volumeLabel } from '../../src/model/volumes.ts';

describe('addresses', () => {
  const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });

  test('read as they are written', () => {
    fc.assert(fc.property(address, (n) => parseAddress(formatAddress(n)) === n));
  });

  test.each(['10.1', '010.0.0.1', '1.2.3.256', '::1', ''])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('a subnet contains its own and drops host bits', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 8, max: 30 }), (n, prefix) => {
        const subnet = parseSubnet(`${formatAddress(n)}/${prefix}`)!;
        expect(contains(subnet, n)).toBe(true);
        expect(parseSubnet(formatSubnet(subnet))).toEqual(subnet);
        expect(contains(subnet, defaultAddress(subnet))).toBe(true);
        expect(defaultAddress(subnet)).toBeLessThan(subnet.broadcast);
        expect(defaultAddress(subnet)).toBe(gateway(subnet) + 1);
      }),
    );
  });

  test('subnets overlap when one contains the other', () => {
    const [wide, inside, beside] = ['10.0.0.0/8', '10.9.0.0/24', '11.0.0.0/24'].map(
      (text) => parseSubnet(text)!,
    );
    expect([overlaps(wide!, inside!), overlaps(wide!, beside!)]).toEqual([true, false]);
  });

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', 'x/8'])(
    '%j is no subnet',
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );
});

describe('IPv6 addresses', () => {
  const address = fc.bigInt({ min: 1n << 120n, max: (1n << 128n) - 1n });

  test('are written as everybody else writes them', () => {
    fc.assert(
      fc.property(address, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (n, mask) => {
        // Zeros are what is written in more than one way.
        const text = formatAddress6(n & (mask | (0xffn << 120n)));
        expect(text).toBe(new SocketAddress({ address: text, family: 'ipv6' }).address);
        expect(parseAddress6(text)).toBe(n & (mask | (0xffn << 120n)));
      }),
    );
  });

  test('are what node:net says they are', () => {
    const almost = fc.string({
      unit: fc.constantFrom(...'0125fF:.%x[]@/ \n', '::', '255', '1.2.3.4', 'ffff:'),
      maxLength: 24,
    });
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.ipV4Extended(), almost), (text) => {
        expect(isAddress6(text)).toBe(isIPv6(text));
        expect(parseAddress(text) !== undefined).toBe(isIPv4(text));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['FD00:0:0:9:0:0:0:1', 'fd00:0:0:9::1'],
    ['::', '::'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
  ])('%s is %s', (text, canonical) => {
    expect(formatAddress6(parseAddress6(text)!)).toBe(canonical);
  });

  test.each(['10.1.0.2', 'fd00:::', 'fe80::1%eth0', '::1.2.3.4', ''])('%j is none', (text) => {
    expect(parseAddress6(text)).toBeUndefined();
  });

  test.each(['fd00::', 'fd00::/129', 'fd00::/-1', 'fd00::/064', 'x/64'])(
    '%j is no subnet',
    (text) => {
      expect(parseSubnet6(text)).toBeUndefined();
    },
  );

  test('a subnet drops host bits, and knows what it overlaps with', () => {
    const [wide, inside, beside] = ['fd00::5/56', 'fd00:0:0:7::/64', 'fd01::/64'].map(
      (text) => parseSubnet6(text)!,
    );
    expect(formatSubnet6(wide!)).toBe('fd00::/56');
    expect([overlaps6(wide!, inside!), overlaps6(wide!, beside!)]).toEqual([true, false]);
    expect([wide!, parseSubnet6('2001:db8::/64')!].map(isUniqueLocal)).toEqual([true, false]);
  });
});

describe('what is remembered of a vm', () => {
  const first = { tap: 'vm-a', bridge: 'br-n1', address: '10.1.0.2' };
  const second = { tap: 'vm-a12345', bridge: 'br-n2', address: '10.2.0.2' };
  const expected = (more: Partial<Expected> = {}): Expected => ({
    ...first,
    further: [],
    volumes: [],
    ...more,
  });

  test('is read as it was written', () => {
    const both = expected({ further: [second] });
    expect(parseExpected(formatExpected(both))).toEqual(both);
    expect(nicsOf(both)).toEqual([first, second]);
  });

  test('a record from before there were further NICs has one', () => {
    expect(parseExpected(JSON.stringify(first))).toEqual(expected());
  });

  test('the wiring is another with a NIC more, or in another bridge, and not in another order', () => {
    const both = expected({ further: [second] });
    expect(sameWiring(both, expected())).toBe(false);
    expect(sameWiring(expected(), both)).toBe(false);
    expect(sameWiring(both, expected({ further: [{ ...second, bridge: 'br-n3' }] }))).toBe(false);
    expect(sameWiring(both, { ...second, further: [first], volumes: [] })).toBe(true);
    expect(sameWiring(both, expected({ address: '10.1.0.9', further: [second] }))).toBe(true);
  });
});

describe('names of interfaces', () => {
  test('a TAP has the whole name while it fits', () => {
    expect(tapName('web1')).toBe('vm-web1');
    expect(tapName('twelve-chars')).toBe('vm-twelve-chars');
    expect(tapName('thirteen-char')).toMatch(/^vm-thirtee[0-9a-f]{5}$/);
  });

  test('a further NIC is named after vm and network, whatever fits', () => {
    expect(tapName('web1', 'backend')).toMatch(/^vm-web1[0-9a-f]{5}$/);
    expect(tapName('thirteen-char', 'backend')).toMatch(/^vm-thirtee[0-9a-f]{5}$/);
    expect(tapName('web1', 'backend')).not.toBe(tapName('web1', 'front'));
    expect(macAddress('web1', 'backend')).not.toBe(macAddress('web1'));
  });

  test('a MAC comes from the name and is locally administered', () => {
    expect(macAddress('web1')).toBe('02:65:9a:7f:b2:af');
    expect(macAddress('web1')).toBe(macAddress('web1'));
  });
});

describe('sizes and durations', () => {
  test.each([
    ['512MiB', 512],
    ['3GiB', 3072],
    ['1TiB', 1048576],
    ['3GB', undefined],
    ['3', undefined],
    ['1constructor', undefined],
  ])('%s is %s MiB', (text, mebibytes) => {
    expect(parseSize(text)).toBe(mebibytes);
  });

  test.each([
    ['250ms', 250],
    ['15s', 15_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1 s', undefined],
  ])('%s is %s ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});

describe('volumes', () => {
  test.each([
    ['/var', 'ext4', 'var.img', 'var'],
    ['/var/lib/x', 'ext4', 'var-lib-x.img', 'var-lib-x'],
    ['/', 'ext4', 'root.img', 'root-8a5ed'],
    ['/var/lib/postgresql', 'ext4', 'var-lib-postgresql.img', 'var-lib-po-c3507'],
    ['/var/lib/postgresql', 'btrfs', 'var-lib-postgresql.img', 'var-lib-postgresql'],
    ['/boot-data', 'vfat', 'boot-data.img', 'BOOT--8F3D2'],
    ['/data', 'vfat', 'data.img', 'DATA'],
    ['/data.d', 'vfat', 'data.d.img', 'DATA_-95C4E'],
    ['/a:b', 'vfat', 'a:b.img', 'A_B-0568D'],
  ])('%s as %s', (mount, fs, image, label) => {
    expect(imageName(mount)).toBe(image);
    expect(volumeLabel(mount, fs)).toBe(label);
  });

  test('a label fits its file system, and different mounts have different ones', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
    const mounts = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      { maxLength: 10 },
    );
    const room = { ext4: 16, xfs: 12, vfat: 11 };
    fc.assert(
      fc.property(mounts, fc.constantFrom('ext4', 'xfs', 'vfat'), (all, fs) => {
        const labels = all.map((mount) => volumeLabel(mount, fs));
        expect(new Set(labels).size).toBe(all.length);
        for (const label of labels) expect(label.length).toBeLessThanOrEqual(room[fs]);
        // mkfs.vfat refuses dots and much else.
        if (fs === 'vfat') for (const label of labels) expect(label).toMatch(/^[A-Z0-9_-]+$/);
      }),
    );
  });
});

describe('ssh destinations', () => {
  test.each([
    ['web', { host: 'web' }],
    ['root@203.0.113.20', { user: 'root', host: '203.0.113.20' }],
    ['root@host:2222', { user: 'root', host: 'host', port: 2222 }],
    ['root@[fd00::1]:22', { user: 'root', host: 'fd00::1', port: 22 }],
    ['[::1]', { host: '::1' }],
  ])('%s', (text, target) => {
    expect(parseSshTarget(text)).toEqual(target);
  });

  test.each([
    '',
    '@',
    'root@',
    '@host',
    '-o@host',
    'root@-host',
    'host:',
    'host:0',
    'host:65536',
    'host:x',
    'fd00::1',
    '[fd00::1',
    '[host]',
    'a b',
    'ssh://host',
  ])('not %j', (text) => {
    expect(parseSshTarget(text)).toHaveProperty('problem');
  });
});

describe('tags of shares', () => {
  const mount = fc.stringMatching(/^(\/[A-Za-z0-9_@+:-][A-Za-z0-9._@+:-]{0,40}){1,4}$/);

  test('are readable when they fit', () => {
    expect(shareTag('/srv/media')).toBe('srv-media');
  });

  test('differ where mounts do, and leave room for a socket of the longest host name', () => {
    fc.assert(
      fc.property(mount, mount, (a, b) => {
        fc.pre(a !== b);
        expect(shareTag(a)).not.toBe(shareTag(b));
        expect(`${'x'.repeat(63)}-virtiofs-${shareTag(a)}.sock`.length).toBeLessThan(108);
        expect(shareTag(a)).toMatch(/^[A-Za-z0-9_.-]+$/);
      }),
    );
  });

  test.each(['/ro/store', '/ro-store', '/fleet/keys', '/fleet-keys'])(
    '%s is not taken for what fleet has of its own',
    (path) => {
      expect(['ro-store', 'fleet-keys']).not.toContain(shareTag(path));
    },
  );
});
