import { expect, test } from 'vitest';
import { parseEntry } from '../../src/host/answers/journal.ts';

const entry = (more: object = {}) =>
  parseEntry(
    JSON.stringify({
      __CURSOR: 's=8df5;i=3;b=44a5;m=c177;t=6616;x=7ab7',
      __REALTIME_TIMESTAMP: '1795941842260671',
      _SYSTEMD_UNIT: 'microvm@web.service',
      SYSLOG_IDENTIFIER: 'microvm@web',
      _TRANSPORT: 'stdout',
      PRIORITY: '6',
      _PID: '17',
      _UID: '990',
      MESSAGE: 'hello',
      ...more,
    }),
  );

test('a line of the journal is whose the journal says', () => {
  expect(entry()).toEqual({
    cursor: 's=8df5;i=3;b=44a5;m=c177;t=6616;x=7ab7',
    at: 1_795_941_842_260_671,
    unit: 'microvm@web.service',
    isAbout: false,
    isOutput: true,
    by: 'microvm@web',
    priority: 6,
    text: 'hello',
  });
});

test('only systemd speaks of other units, and only root of what was dumped', () => {
  const UNIT = 'microvm@db.service';
  expect(entry({ UNIT })).toMatchObject({ unit: 'microvm@web.service', isAbout: false });
  expect(entry({ UNIT, _PID: '1' })).toMatchObject({ unit: UNIT, isAbout: true });
  expect(entry({ COREDUMP_UNIT: UNIT })).toMatchObject({ isAbout: false });
  expect(entry({ COREDUMP_UNIT: UNIT, _UID: '0' })).toMatchObject({ unit: UNIT, isAbout: true });
});

test('what is not printable comes as bytes, and is shown without orders to a terminal', () => {
  const bytes = (text: string) => ({ MESSAGE: [...Buffer.from(text)] });
  expect(entry(bytes('[\u001b[0;32m  OK  \u001b[0m] é\r')).text).toBe('[  OK  ] é');
  expect(entry(bytes('\u001b]0;title\u0007a\u001b[2Jb')).text).toBe('ab');
  expect(entry(bytes('bell\u0007, half an order \u001b[')).text).toBe('bell·, half an order ·[');
  expect(entry({ MESSAGE: [98, 255, 120] }).text).toBe('b\ufffdx');
});

test('a message may be missing, too long for the journal, or given twice', () => {
  expect(entry({ MESSAGE: null }).text).toBe('');
  expect(entry({ MESSAGE: undefined }).text).toBe('');
  expect(entry({ MESSAGE: ['one', [116, 119, 111], null] }).text).toBe('one two');
  expect(entry({ MESSAGE: 'x'.repeat(100_000) }).text).toHaveLength(2000);
});

test('who wrote it is a stranger’s word: short, on one line, printable', () => {
  expect(entry({ SYSLOG_IDENTIFIER: `a\n\u001b[2J${'b'.repeat(100)}` }).by).toMatch(/^a ·\[2Jb+…$/);
  expect(entry({ PRIORITY: '9' }).priority).toBeUndefined();
  expect(entry({ PRIORITY: undefined }).priority).toBeUndefined();
});

test('a line without its place or time is refused', () => {
  for (const more of [
    { __CURSOR: undefined },
    { __CURSOR: "';reboot" },
    { __CURSOR: '-x' },
    { __REALTIME_TIMESTAMP: 'now' },
    { __REALTIME_TIMESTAMP: '-1' },
  ])
    expect(() => entry(more), JSON.stringify(more)).toThrow('cannot be read');
  for (const line of ['{', 'null', '[]', '3', ''])
    expect(() => parseEntry(line), line).toThrow('cannot be read');
});
