import { describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseHealth } from '../../src/host/answers/health.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { Facts, Health } from '../../src/model/facts.ts';
import { deployedFacts, index, unit, withEntry } from '../plan/situation.ts';
import { factsText, healthText } from './facts-text.ts';

const deployed = deployedFacts(index(), 'hv1');
const facts: Facts = {
  ...deployed,
  vms: withEntry(deployed.vms, 'web1', {
    unit: unit('inactive', { queued: true }),
    virtiofsd: unit('inactive'),
    lingers: true,
  }),
  answers: new Map([
    ['10.1.0.2', true],
    ['10.2.0.2', false],
  ]),
};
const text = healthText(facts);

/** The part of facts that health is. */
function healthOf({ bootId, currentSystem, interfaces, answers, vms }: Facts): Health {
  const narrow = [...vms].map(([name, { currentSince, declarative, ...guest }]) => {
    expect([currentSince, declarative]).toBeDefined();
    return [name, guest] as const;
  });
  return { bootId, currentSystem, interfaces, answers, vms: new Map(narrow) };
}

describe('health', () => {
  test('says of guests what facts say', () => {
    expect(parseHealth(text)).toEqual(healthOf(facts));
    expect(parseHealth(text)).toEqual(healthOf(parseFacts(factsText(facts))));
  });

  test('cut off anywhere is refused, never half believed', () => {
    for (let end = 0; end < text.length - 1; end += 7)
      expect(() => parseHealth(text.slice(0, end))).toThrow(FleetError);
  });

  test.each([
    ['a section of somebody else', text.replace('== end', '== links\n== end')],
    ['a section twice', text.replace('== end', '== answers\n== end')],
    ['a vm that shows as another', text.replace('vm\tweb1', 'vm\tweb\u202e1')],
  ])('with %s is refused', (_, wrong) => {
    expect(() => parseHealth(wrong)).toThrow(
      expect.objectContaining({ code: 'health.unreadable' }),
    );
  });
});
