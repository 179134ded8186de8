import { expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import type { ExportResult } from '../../src/model/export-result.ts';
import { exportEnv, exportText } from '../../src/report/export-text.ts';
import { noStyle } from '../../src/report/style.ts';

const result: ExportResult = {
  ...{ vm: 'kind', hypervisor: 'hv1', file: '/etc/kubernetes/admin.conf', outcome: 'written' },
  ...{ to: '/home/ada/.kube/config', context: 'kind' },
  unreplaced: ['https://a.name.that.is.not.in.the.file.at.all.example.org:6443'],
  behind: '/home/ada/somewhere/else/that/is/long/enough/config',
};

test('fits a terminal of 80 columns', () => {
  const failure = new FleetError('export.x', `it could not be read: ${'why and '.repeat(20)}more`, {
    hint: `${'Look at what the guest says of it. '.repeat(5)}Then: fleet export kind`,
  });
  const text = exportText([result, { ...result, outcome: 'failed', failure }], noStyle);
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(text).toContain('Then: fleet export kind\n');
});

test('kubectl is told only of what was merged: a file as the guest has it may name programs', () => {
  const { context: _, ...asItIs } = { ...result, to: '/home/ada/clusters/web' };
  const failed: ExportResult = { ...result, outcome: 'failed', failure: new FleetError('x', 'x') };
  expect(exportEnv([asItIs, failed])).toBe('');
  expect(exportEnv([asItIs, result])).toBe("export KUBECONFIG='/home/ada/.kube/config'\n");
});
