import { expect, test } from 'vitest';
import { publishedPort, replaceIn } from '../../src/model/export-text.ts';

const values = {
  address: () => '10.1.0.2',
  hypervisor: () => 'hv1',
  port: (from: string) => `P(${from})`,
};

test.each([
  ['https://127.0.0.1:6443', { '127.0.0.1': '{address}' }, 'https://10.1.0.2:6443'],
  ['a.b axb', { 'a.b': 'c' }, 'c axb'],
  ['here there', { here: 'there', there: 'here' }, 'there here'],
  ['x:1 x', { x: 'y', 'x:1': '{hypervisor}:{port}' }, 'hv1:P(x:1) y'],
  ['x', { x: '$& {other}' }, '$& {other}'],
  ['x', {}, 'x'],
])('%j with %j is %j', (text, replace, wanted) => {
  expect(replaceIn(text, replace, values)).toBe(wanted);
});

test('the port is the one that leads to the port which is replaced, else the only one', () => {
  const https = { protocol: 'tcp', port: 8443, to: 6443 } as const;
  const web = { protocol: 'tcp', port: 80, to: 8080 } as const;
  expect(publishedPort('127.0.0.1:6443', [web, https])).toBe(8443);
  expect(publishedPort('localhost:1', [web, https])).toBeUndefined();
  expect(publishedPort('localhost', [https])).toBe(8443);
  expect(publishedPort('localhost', [web, https])).toBeUndefined();
});
