import { expect, test } from 'vitest';
import type { SpoolEvent } from '../../src/model/spool-event.ts';
import { happenedTo } from '../../src/plan/happened.ts';

let seq = 0;
const event = (kind: string, vm?: string, fields: SpoolEvent['fields'] = {}): SpoolEvent => ({
  ...{ epoch: '001764405663-9f3c2a1b', seq: ++seq, at: 1, up: 1, kind, vm, fields },
});

test('of a vm are its own events, those of its wires, and incidents that it was part of; the last twenty', () => {
  const its = [
    event('guest.unhealthy', 'web1'),
    event('network.broken', undefined, { what: 'vm-web1 is in no bridge, not in br-lan' }),
    event('network.repaired', undefined, { what: 'br-lan has no 10.1.0.1/24' }),
    event('network.broken', undefined, { what: 'the kernel forwards no IPv4 from anywhere' }),
    event('incident.began', undefined, { what: '2 of 3 guests', vms: 'db1 web1' }),
    event('incident.ended'),
  ];
  const others = [
    event('guest.unhealthy', 'web10'),
    event('network.broken', undefined, { what: 'vm-web10 is down' }),
    event('incident.began', undefined, { what: 'all', vms: 'web10' }),
    event('incident.ended'),
    event('host.booted'),
  ];
  const wired = new Set(['vm-web1', 'br-lan']);
  // What is asked for apart comes apart.
  expect(happenedTo('web1', wired, [...others, ...its.toReversed()])).toEqual(its);
  const many = Array.from({ length: 30 }, () => event('guest.ready', 'web1'));
  expect(happenedTo('web1', wired, [...its, ...many])).toEqual(many.slice(10));
});
