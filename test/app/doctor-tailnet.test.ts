import { expect, test } from 'vitest';
import { examineTailnet } from '../../src/app/doctor/machine.ts';
import type { DeskTools, Way } from '../../src/host/desk.ts';
import { Examination } from '../../src/model/examined.ts';
import type { Facts } from '../../src/model/facts.ts';

const way = (hostname: string, isProxied = false): Way => ({
  hostname,
  user: 'root',
  port: 22,
  jump: undefined,
  isProxied,
  agentSocket: undefined,
});
const reached = (ownAddress: string) => ({ ownAddress }) as Facts;

/** What is said of hv1, which goes this way. */
async function said(
  to: Way | undefined,
  facts: Facts | undefined,
  tailscale: string | undefined,
  addresses: readonly string[] = [],
): Promise<string[]> {
  const found = new Examination('this machine');
  const desk = {
    addressesOf: async () => addresses,
    tailscale: async () => tailscale,
  } as unknown as DeskTools;
  const ways = new Map(to ? [['hv1', to] as const] : []);
  await examineTailnet(found, desk, ways, [{ name: 'hv1', facts }]);
  return found.all.map(({ state, seen }) => `${state} ${seen}`.trim());
}

test('a hypervisor that is reached tells by its own address whether a tailnet was in use', async () => {
  expect(await said(way('hv1'), reached('100.101.1.2'), undefined)).toEqual(['ok']);
  expect(await said(way('hv1'), reached('fd7a:115c:a1e0::1'), undefined)).toEqual(['ok']);
  expect(await said(way('hv1'), reached('203.0.113.20'), 'Stopped')).toEqual([]);
});

test.each([
  ['by its name', way('hv1.tail1234.ts.net'), []],
  ['by its address', way('100.64.0.9'), []],
  ['by what its name resolves to', way('hv1'), ['100.64.0.9']],
])('one that is silent is in a tailnet %s: tailscale is asked', async (_, to, addresses) => {
  const who = 'hv1 is in a tailnet and not reached';
  expect(await said(to, undefined, 'Running', addresses)).toEqual(['ok']);
  expect(await said(to, undefined, 'Stopped', addresses)).toEqual([
    `wrong ${who}: tailscale here is Stopped`,
  ]);
  expect(await said(to, undefined, undefined, addresses)).toEqual([
    `note ${who}; whether this machine is in it cannot be told: no tailscale command here says so`,
  ]);
});

test.each([
  ['whose name says nothing', way('hv1')],
  ['behind a jump host', way('hv1', true)],
  ['of which ssh_config makes no sense', undefined],
])('of one %s it is said that it cannot be told', async (_, to) => {
  expect(await said(to, undefined, 'Running')).toEqual([
    'note whether hv1 is in a tailnet cannot be told: not reached, and the name says nothing here',
  ]);
});

test('of one with another address nothing is said', async () => {
  expect(await said(way('203.0.113.20'), undefined, 'Stopped')).toEqual([]);
  expect(await said(way('hv1'), undefined, 'Stopped', ['203.0.113.20'])).toEqual([]);
});
