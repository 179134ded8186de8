import { expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import { buildText } from '../../src/report/build-text.ts';
import { noStyle } from '../../src/report/style.ts';

test('why a machine does not build is told once, by the line that says it', () => {
  const message = 'web1: nixpkgs has no package htpo';
  const hint = "Did you mean 'htop'?";
  const shown = buildText(
    {
      ok: false,
      machines: [
        {
          ...{ name: 'web1', kind: 'vm', hypervisor: 'hv1', at: 'here', attribute: 'a.b' },
          failure: new FleetError('build.no-package', message, { hint, detail: 'the last line' }),
        },
        {
          ...{ name: 'web2', kind: 'vm', hypervisor: 'hv1', at: 'here', attribute: 'a.c' },
          failure: new FleetError('ssh.lost', 'no answer', { hint: 'Look at the cable.' }),
        },
      ],
      diagnostics: [
        {
          ...{ code: 'build.no-package', severity: 'error', message, hint, file: 'fleet.yaml' },
          ...{ line: 1, column: 1, length: 4, path: 'vms.web1' },
        },
      ],
      source: { text: 'htpo', file: 'fleet.yaml' },
    },
    noStyle,
    false,
  );
  expect(shown.split(message)).toHaveLength(2);
  expect(shown.split(hint)).toHaveLength(2);
  expect(shown).toContain('the last line');
  expect(shown).toContain('no answer\n  Look at the cable.');
});
