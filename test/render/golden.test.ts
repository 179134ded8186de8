import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { render } from '../../src/render/render.ts';
import { fixtures, themes, themeTexts } from './themes.ts';

/** What is the same in every fleet that has it is golden once. */
const constants = join(fixtures, '../render-constant');
const isConstant = (path: string): boolean =>
  /^modules\/((guest|guest-agent|guest-checks|guest-exports|guest-host-key|guest-own-store|hypervisor|layers|watch)\.nix|(host\/)?\w[\w-]*\.(sh|jq))$/.test(
    path,
  );

/** FLEET_UPDATE=1 writes what is rendered now: read the diff before committing it. */
const update = process.env.FLEET_UPDATE === '1';

/** The rendered files in a folder, which may have its fleet.yaml beside them. */
function readFolder(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (e) => e.name !== 'fleet.yaml',
  );
  const files = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')]),
  );
}

function writeFolder(folder: string, files: Iterable<readonly [string, string]>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

it.each(Object.entries(themes))('%s renders to its golden files', (theme, fleet) => {
  const folder = join(fixtures, theme);
  const files = [...render(fleet)];
  const own = files.filter(([path]) => !isConstant(path));
  const common = files.filter(([path]) => isConstant(path));
  if (update) {
    rmSync(folder, { recursive: true, force: true });
    const text = themeTexts[theme];
    writeFolder(folder, text === undefined ? own : [...own, ['fleet.yaml', text]]);
    writeFolder(constants, common);
  }
  expect(Object.fromEntries(own)).toEqual(readFolder(folder));
  expect(readFolder(constants)).toMatchObject(Object.fromEntries(common));
  // It has those that its files name, and no others.
  const named = (path: string) => files.some(([, text]) => text.includes(`/${basename(path)}`));
  const wanted = Object.keys(readFolder(constants)).filter(named);
  expect(common.map(([path]) => path)).toEqual(wanted);
});

it('each constant file is rendered by some theme', () => {
  const rendered = new Set(Object.values(themes).flatMap((fleet) => [...render(fleet).keys()]));
  expect(Object.keys(readFolder(constants)).filter((path) => !rendered.has(path))).toEqual([]);
});

// Golden files of the hostile theme are no Nix that a person would write.
const plain = Object.keys(themes).filter((theme) => theme !== 'hostile');
const nixfmt = spawnSync('nixfmt', ['--version'], { encoding: 'utf8' });

/** Older versions format another style. */
if (/\b1\./.test(nixfmt.stdout ?? '')) {
  it('nixfmt has nothing to change', () => {
    const folders = [constants, ...plain.map((theme) => join(fixtures, theme))];
    const files = folders.flatMap((dir) => Object.keys(readFolder(dir)).map((f) => join(dir, f)));
    expect(spawnSync('nixfmt', ['--check', ...files], { encoding: 'utf8' }).stderr).toBe('');
  });
} else {
  process.stderr.write(
    '\n*** no nixfmt 1.x on PATH: the layout of rendered files is not checked ***\n\n',
  );
}
