import { describe, expect, test } from 'vitest';
import { parseCleaned, parseLeftovers } from '../../src/host/answers/cleanup.ts';
import { parseHostParts } from '../../src/host/answers/incident.ts';
import type { Host } from '../../src/host/host.ts';
import { deleteLeftovers } from '../../src/host/hypervisor/leftovers.ts';
import { greeting } from '../../src/host/scripts.ts';

describe('what nobody owns', () => {
  test('is told with what is known of it, in the order of its kinds', () => {
    const { things, strangers } = parseLeftovers(
      [
        'thing\tvolumes\t20261128-1/web9\t2048\t1764400000\tstate of web9',
        'thing\tprocess\t4711-99\t0\t1764400000\tqemu\thas vm-web9 open',
        'stranger\ttap\tvm-\u00b7x',
      ].join('\n'),
    );
    expect(things).toEqual([
      { kind: 'process', id: '4711-99', since: 1_764_400_000, about: 'qemu has vm-web9 open' },
      {
        kind: 'volumes',
        id: '20261128-1/web9',
        kib: 2048,
        since: 1_764_400_000,
        about: 'state of web9',
      },
    ]);
    expect(strangers).toEqual([{ kind: 'tap', id: 'vm-·x' }]);
  });

  test.each([
    'thing\tsystem\tx\t0\t0\t',
    'thing\ttap\t\t0\t0\t',
    'thing\ttap\tvm a\t0\t0\t',
    'thing\ttap\t-x\t0\t0\t',
    'thing\ttap\tx\tmany\t0\t',
    'gone\ttap',
  ])('is unreadable as a whole where it cannot be: %j', (row) => {
    const read = row.startsWith('gone') ? parseCleaned : parseLeftovers;
    expect(() => read(row)).toThrow('cannot be read');
  });

  test('is given back by kind and name; what is not found again stays', async () => {
    let sent: unknown;
    const host = {
      name: 'hv1',
      run: async (_: string, args: readonly string[], { stdin }: { stdin: string }) => {
        sent = { args, stdin };
        return { code: 0, stdout: `${greeting('cleanup')}\ngone\ttap\tvm-a\n`, stderr: '' };
      },
    } as unknown as Host;
    const owned = { vms: ['web1'], taps: ['vm-web1'], bridges: ['br-front'] };
    const things = ['vm-a', 'vm-b'].map((id) => ({ kind: 'tap' as const, id, about: '' }));
    expect(await deleteLeftovers(host, owned, things)).toEqual({
      gone: [{ kind: 'tap', id: 'vm-a' }],
      kept: [{ kind: 'tap', id: 'vm-b', why: expect.stringContaining('by now') }],
    });
    expect(sent).toEqual({
      args: ['delete', 'vm:web1', 'tap:vm-web1', 'bridge:br-front'],
      stdin: 'tap\tvm-a\ntap\tvm-b\n',
    });
  });
});

test('parts of an incident are those that there are, whatever a hypervisor calls one', () => {
  const { parts, missing } = parseHostParts(
    [
      'links\t1: lo:\t<UP>',
      'links\t2: br-front',
      '../../etc/passwd\tx',
      'missing\tnft\tthere is no nft here',
      'missing\t../x\twhy',
      'nobody said so',
    ].join('\n'),
  );
  expect([...parts]).toEqual([['links', '1: lo:\t<UP>\n2: br-front\n']]);
  expect(missing).toEqual([{ part: 'nft', why: 'there is no nft here' }]);
});
