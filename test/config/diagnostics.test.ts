import { describe, expect, test } from 'vitest';
import { codes } from '../../src/config/codes.ts';
import { readFleet } from '../../src/config/read-fleet.ts';
import { diagnosticsText } from '../../src/report/diagnostics-text.ts';
import { fixture, wrongFixtures } from './fixtures.ts';

const diagnose = (text: string) => {
  const read = readFleet(text, 'fleet.yaml');
  return 'fleet' in read ? read.warnings : read.diagnostics;
};

describe('a mistake is shown where it was made', () => {
  test.each(wrongFixtures())('$name', ({ name, text, expected }) => {
    const found = diagnose(text);
    expect(found.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual(expected);
    expect(expected.join()).toContain(name.split('-')[0]);
  });
});

test('what people read for each mistake', async () => {
  const rendered = wrongFixtures().map(({ name, text }) => {
    const shown = diagnosticsText(diagnose(text), text, { color: false });
    return `══ ${name}\n${shown}`;
  });
  await expect(rendered.join('\n')).toMatchFileSnapshot('../fixtures/config/wrong.txt');
});

test('nothing is wider than 80 columns', () => {
  const wide = wrongFixtures().flatMap(({ text }) =>
    diagnosticsText(diagnose(text), text, { color: false })
      .split('\n')
      .filter((line) => [...line].length > 80),
  );
  expect(wide).toEqual([]);
});

test('every code has a fixture', () => {
  const shown = new Set(
    wrongFixtures().flatMap(({ expected }) => expected.map((e) => e.split(' ')[1]!)),
  );
  // Those of files that are no text worth keeping (hostile.test.ts), of a runner (ci.test.ts), and of a repository with
  // modules (lacking.test.ts).
  const elsewhere = ['E100', 'E103', 'E109', 'E510', 'W506', 'W507'];
  expect(
    Object.keys(codes).filter((code) => !shown.has(code) && !elsewhere.includes(code)),
  ).toEqual([]);
});

test('docs/diagnostics.md lists every code as the table has it', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(new URL('../../docs/diagnostics.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([EW]\d+)` \| (.*) \|$/gm)].map(([, code, text]) => [
    code,
    text,
  ]);
  expect(Object.fromEntries(rows)).toEqual(codes);
});

test('the example file, which has every field, is right', () => {
  expect(diagnose(fixture('example.yaml'))).toEqual([]);
});

test('mistakes of all kinds are reported at once', () => {
  const text = [
    'version: 1',
    'name: test',
    'hypervisors: { hv1: { ssh: root@h, system: x86_64-linux, stateVersion: "25.11", uplink: e } }',
    'networks: { n1: { subnet: 10.1.0.0/24 } }',
    'vms:',
    '  a: { on: hv1, network: n1, vcpus: 2 }',
    '  b: { on: hv9, network: n1, address: 10.1.0.3 }',
    '  b: {}',
  ].join('\n');
  expect(diagnose(text).map(({ code }) => code)).toEqual(['E201', 'E301', 'E104']);
});

test('a vm on a broken network is not blamed for it', () => {
  const text = [
    'version: 1',
    'name: test',
    'hypervisors: { hv1: { ssh: root@h, system: x86_64-linux, stateVersion: "25.11", uplink: e } }',
    'networks: { n1: { subnet: nonsense } }',
    'vms: { a: { on: hv1, network: n1, address: 10.1.0.2 } }',
  ].join('\n');
  expect(diagnose(text).map(({ code }) => code)).toEqual(['E205']);
});
