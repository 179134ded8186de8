import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { declaredProgram } from '../../src/cli/help/declared.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the manual that a build makes has every command and option, and the package names it', () => {
  const { man } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { man: [string] };
  const text = readFileSync(join(root, man[0]), 'utf8').replaceAll('\\-', '-');
  const program = declaredProgram();
  const shown = program.createHelp().visibleCommands(program);
  for (const command of shown.filter((one) => one.name() !== 'help')) {
    expect(text).toContain(`.SS fleet ${command.name()} `);
    for (const { flags, hidden } of [...command.options, ...program.options])
      if (!hidden) expect(text).toContain(`.B ${flags}\n`);
  }
  expect(text).not.toContain('fleet complete ');
});

const hasGroff = ['/usr/bin/groff', '/run/current-system/sw/bin/groff'].some(existsSync);

test.runIf(hasGroff)('groff has nothing to say against it', () => {
  const text = readFileSync(join(root, 'dist/fleet.1'));
  const { stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww'], {
    input: text,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const shown = execFileSync('groff', ['-man', '-Tascii', '-P-cbou'], {
    input: text,
    encoding: 'utf8',
  });
  expect(shown).toContain('fleet rollback web1');
});
