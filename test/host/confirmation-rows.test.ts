import { expect, test } from 'vitest';
import { confirmationRows } from '../../src/host/hypervisor/confirmation-rows.ts';

test('what is confirmed is rows for the hypervisor, with a last line that says that it is whole', () => {
  const rows = confirmationRows({
    fleet: 'example',
    recorded: [
      {
        name: 'web1',
        fingerprint: 'print',
        path: '/nix/store/new',
        before: '/nix/store/old',
        commit: 'c0ffee',
        generation: 'new',
        expected: 'tap=vm-web1',
      },
      {
        name: 'system.',
        fingerprint: '-',
        path: '/nix/store/past',
        before: undefined,
        commit: '-',
        generation: 'return',
        expected: undefined,
      },
    ],
    released: ['db1'],
    held: [{ name: 'web2', from: '/nix/store/a', to: '/nix/store/b', operator: 'ada@desk' }],
    healthy: new Map([['web1', '/nix/store/new']]),
  });
  expect(rows).toBe(
    [
      'fleet\texample',
      'record\tweb1\tprint\t/nix/store/new\t/nix/store/old\tc0ffee\tnew\ttap=vm-web1',
      'record\tsystem.\t-\t/nix/store/past\t-\t-\treturn\t-',
      'healthy\tweb1\t/nix/store/new',
      'release\tdb1',
      'hold\tweb2\t/nix/store/a\t/nix/store/b\tada@desk',
      'end\n',
    ].join('\n'),
  );
});
