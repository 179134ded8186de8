import { expect, test } from 'vitest';
import { livesOf, spoolOf } from './truth.ts';

const entry = (fields: object, at: number) =>
  JSON.stringify({ __REALTIME_TIMESTAMP: String(at * 1e6), ...fields });
const started = { MESSAGE_ID: '39f53479d3a045ac8e11786248231fbf', UNIT: 'microvm@web.service' };
const failed = { MESSAGE_ID: 'd9b373ed55a64feb8242e02dbe79a49c', UNIT: 'microvm@web.service' };
const succeeded = { MESSAGE_ID: '7ad2d189f7e94e70a38c781354912448', UNIT: 'microvm@web.service' };

test('lives are of guests alone, with the end that systemd tells', () => {
  const journal = [
    entry({ ...started, INVOCATION_ID: 'a' }, 10),
    entry({ ...started, UNIT: 'microvm-virtiofsd@web.service', INVOCATION_ID: 'x' }, 11),
    entry({ ...failed, INVOCATION_ID: 'a', UNIT_RESULT: 'signal' }, 20),
    entry({ ...started, INVOCATION_ID: 'b' }, 25),
    entry({ ...succeeded, INVOCATION_ID: 'b' }, 30),
    entry({ ...started, INVOCATION_ID: 'c' }, 40),
  ].join('\n');
  expect(livesOf(`${journal}\n`)).toEqual([
    { vm: 'web', invocation: 'a', began: 10, ended: 20, result: 'signal' },
    { vm: 'web', invocation: 'b', began: 25, ended: 30, result: 'success' },
    { vm: 'web', invocation: 'c', began: 40 },
  ]);
});

test('a line that is no event is set apart, and one that is on its way is not read yet', () => {
  const line = '{"v":1,"epoch":"001764450000-9f3c2a1b","seq":1,"at":5,"up":1,"kind":"host.booted"}';
  const { events, unreadable } = spoolOf([`${line}\n{"v":1,"ep\n{"v":1}\n`, `${line}\n{"v":`]);
  expect(events.map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, 'host.booted'],
    [1, 'host.booted'],
  ]);
  expect(unreadable).toEqual(['{"v":1,"ep', '{"v":1}']);
});
