import { expect, test } from 'vitest';
import { type Asker, answers } from '../../src/cli/init-questions.ts';

/** A person with these answers, and what was said to them. */
function person(...lines: string[]) {
  const heard: string[] = [];
  const asker: Asker = {
    canAsk: true,
    ask: async (question) => {
      heard.push(question);
      return lines.shift() ?? 'nobody';
    },
    say: (text) => void heard.push(text),
  };
  return { asker, heard };
}

test('an answer that does not do is asked for again, with what to write, and the others are kept', async () => {
  const { asker, heard } = person('x86_64-linux', 'abc', '', '25.11');
  const found = await answers(asker, ['system', 'stateVersion'], {});
  expect(found).toEqual({ system: 'x86_64-linux', stateVersion: '25.11' });
  expect(heard.filter((text) => text.startsWith('its system.stateVersion'))).toHaveLength(3);
  expect(heard[2]).toMatch(/25\.11/);
  expect(heard[4]).toBe('this needs an answer\n');
});

test.each([
  ['name', 'HV 1', 'hv1'],
  ['ssh', 'root@', 'root@hv1'],
  ['uplink', 'far-too-long-a-name', 'eth0'],
  ['system', 'mips', 'aarch64-linux'],
] as const)('%s: not %j', async (key, wrong, right) => {
  const { asker, heard } = person(wrong, right);
  expect(await answers(asker, [key], {})).toEqual({ [key]: right });
  expect(heard).toHaveLength(3);
});

test('what a flag says is not asked for, and what the host says is offered', async () => {
  const { asker, heard } = person('', 'eno1');
  const usual = { uplink: 'eth0', stateVersion: '24.11' };
  const found = await answers(asker, ['system', 'stateVersion', 'uplink'], { system: 'x' }, usual);
  expect(found).toEqual({ system: 'x', stateVersion: '24.11', uplink: 'eno1' });
  expect(heard[0]).toContain('[24.11]: ');
});
