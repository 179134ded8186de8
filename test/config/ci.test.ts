import { expect, test } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';

const fleet = (ssh: string) =>
  `version: 1\nname: x\nhypervisors:\n  hv1: { ssh: ${ssh}, system: x86_64-linux, stateVersion: "25.11" }\n`;
const found = (ssh: string, ci = true) => {
  const read = readFleet(fleet(ssh), 'fleet.yaml', { ci });
  return 'diagnostics' in read
    ? read.diagnostics.map(({ code, line, message, hint }) => [code, line, message, hint])
    : [];
};
const because = 'a runner has no ~/.ssh/config: write';
const address = (name: string) => `with the address if "${name}" is a Host of yours`;

test('a destination that only ~/.ssh/config completes is refused for a runner, with what to write', () => {
  expect(found('hv1')).toEqual([
    ['E510', 4, 'hv1: "hv1" does not say who logs in', `${because} root@hv1, ${address('hv1')}`],
  ]);
  expect(found('{ host: hv1, port: 22 }')).toHaveLength(1);
  expect(found('{ host: hv1, user: root, jump: "ops@a,bastion" }')).toEqual([
    [
      'E510',
      4,
      'hv1: jump host "bastion" does not say who logs in',
      `${because} jump: user@bastion, ${address('bastion')}`,
    ],
  ]);
});

test('it is right at a desk, and one that says all is right on a runner', () => {
  expect(found('hv1', false)).toEqual([]);
  for (const ssh of ['root@hv1', '"root@[2001:db8::1]:22"', '{ host: hv1, user: root, jump: a@b }'])
    expect(found(ssh)).toEqual([]);
});
