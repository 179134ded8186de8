import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { FleetStatus, HypervisorStatus, Standing, VmStatus } from '../../src/model/status.ts';
import { noStyle, type Style } from '../../src/report/style.ts';
import { watchText } from '../../src/report/watch-text.ts';

const now = 1_760_000_000;
const hypervisor = (name: string, more: Partial<HypervisorStatus> = {}): HypervisorStatus => ({
  ...{ name, standing: 'well', reachable: true, findings: [], checks: [], now },
  ...{ rebootFor: [], load: [], ...more },
});
const vm = (name: string, standing: Standing, more: Partial<VmStatus> = {}): VmStatus => ({
  ...{ name, hypervisor: 'hv1', standing, state: 'Ready', wanted: 'running', health: 'ok' },
  ...{ findings: [], checks: [], now, use: {}, address: '10.1.0.2', memoryMiB: 1024, vcpu: 2 },
  ...more,
});
const many = (n: number, standing: Standing, more: Partial<VmStatus> = {}) =>
  Array.from({ length: n }, (_, i) => vm(`${standing}${i}`, standing, more));
const hundred = Array.from({ length: 100 }, (_, i) => hypervisor(`hv${i}`));
const failed: Partial<VmStatus> = {
  state: 'Failed',
  findings: [{ code: 'no-answer', message: 'does not answer: fleet restart it', wrong: true }],
};
const screen = { rows: 24, columns: 80 };
const shown = (more: Partial<FleetStatus>, at = '2025-10-09 08:53:20 UTC') => {
  const seen = { fleet: 'big', ok: true, hypervisors: hundred, vms: [], ...more };
  const lines = watchText(seen, noStyle, screen, at).split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  return lines;
};

describe('status on a screen of 24 × 80', () => {
  test('of a small fleet is all of it', () => {
    const lines = shown({ hypervisors: hundred.slice(0, 2), vms: many(3, 'well') });
    expect(lines[0]).toBe('2025-10-09 08:53:20 UTC');
    expect(lines.filter((line) => line.startsWith('well'))).toHaveLength(3);
  });

  test('of a hundred hypervisors shows what is wrong with its reason, and what moves; the rest is counted', () => {
    const lines = shown({
      ok: false,
      hypervisors: [hypervisor('sick', { standing: 'wrong', reachable: false }), ...hundred],
      vms: [
        ...many(2, 'wrong', failed),
        ...many(1, 'moving', { state: 'Starting' }),
        ...many(300, 'well'),
      ],
    });
    expect(lines.slice(1)).toEqual([
      'big: 1 of 101 hypervisors and 2 of 303 vms are not well, 1 changing.',
      '',
      'sick  no answer',
      'wrong0 on hv1  does not answer: fleet restart it',
      'wrong1 on hv1  does not answer: fleet restart it',
      'moving0 on hv1  Starting',
      '',
      'Not shown: 100 hypervisors and 300 vms well.',
      '',
    ]);
  });

  test('neither pushes the other out where there are more than rows', () => {
    const lines = shown({ ok: false, vms: [...many(200, 'wrong', failed), ...many(50, 'moving')] });
    expect(lines.filter((line) => line.startsWith('wrong'))).toHaveLength(13);
    expect(lines).toContain('and 187 more  (fleet status)');
    expect(lines.filter((line) => line.startsWith('moving'))).toHaveLength(3);
    expect(lines).toContain('and 47 more  (fleet status)');
  });

  test('cuts what is too long for it', () => {
    const lines = shown({
      vms: many(1, 'wrong', {
        findings: [{ code: 'x', message: 'very '.repeat(40), wrong: true }],
      }),
    });
    expect(lines[3]).toMatch(/^wrong0 on hv1 {2}very .*…$/);
  });
});

describe('with a command that no screen may break', () => {
  const nft = `nft insert rule inet filter forward iifname "br-lan" oifname "br-lan" accept comment "${'x'.repeat(53)}"`;
  const message = 'another table drops what it forwards';
  const seen: FleetStatus = {
    ...{ fleet: 'three', ok: false },
    hypervisors: [
      hypervisor('hv1', {
        ...{ standing: 'wrong' },
        findings: [{ code: 'forward', message, hint: `Try: ${nft}`, wrong: true }],
      }),
      ...hundred.slice(2, 4),
    ],
    vms: [vm('ein-名前', 'wrong', failed), ...many(5, 'well')],
  };
  const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });
  /** What a terminal makes of it: one that begins a new line after the last column. */
  const rowsTaken = (text: string, columns: number) =>
    text.split('\n').reduce((sum, line) => {
      const shown = stripVTControlCharacters(line).replaceAll(/[名前]/g, 'xx').length;
      return sum + 1 + Math.floor(shown / columns);
    }, 0);
  const at = '2025-10-09 08:53:20 UTC';

  test.each([60, 80, 200])('at %i columns no more rows are drawn than there are', (columns) => {
    expect(`Try: ${nft}`.length).toBe(145);
    const whole = watchText(seen, coloured, { rows: 1000, columns }, at);
    expect(whole).toContain(nft);
    const lines = whole.split('\n').length;
    const need = rowsTaken(whole, columns);
    expect(need > lines).toBe(columns < 145);
    for (const rows of [need, need - 1, lines, 8, 3]) {
      const drawn = watchText(seen, coloured, { rows, columns }, at);
      expect(rowsTaken(drawn, columns)).toBeLessThanOrEqual(rows);
      expect(drawn === whole).toBe(rows >= need);
      expect(drawn).toContain('are not well');
    }
  });
});
