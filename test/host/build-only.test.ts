import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildOnly, systemsOf } from '../../src/host/hypervisor/build-only.ts';
import { localShell } from '../../src/host/local/shell.ts';
import type { Surroundings } from '../../src/model/surroundings.ts';
import { openRepo } from '../../src/repo/open.ts';
import { here } from '../surroundings.ts';

/** A build on the machine that fleet runs on, with a nix that shows what it was given. */
let root: string;
let surroundings: Surroundings;
const nix = `#!/bin/sh
case $1$3 in *show-config) cat "$FLEET_ROOT/settings" && exit ;; esac
for last; do :; done
flake=\${last%%#*} name=\${last#*nixosConfigurations.}
name=\${name%%.*} folder=\${flake#git+file://}
case $name in
bad) echo "error: $name is wrong" >&2 && exit 1 ;;
slow) echo begun >&2 && touch "$FLEET_ROOT/begun" && exec sleep 60 ;;
esac
git -C "$folder" log --format='%an %ad %P|' --date=short >&2
(cd "$folder" && ls -A . && cat fleet.yaml) >&2
ln -s "$FLEET_ROOT/nix/store/$name" "$4"
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-build-only-'));
  for (const path of ['bin', 'tmp', 'nix/store', 'infra'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'bin/nix'), nix);
  chmodSync(join(root, 'bin/nix'), 0o755);
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
  surroundings = { ...here, env: { ...env, FLEET_ROOT: root, TMPDIR: join(root, 'tmp') } };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A clone whose HEAD has `committed` in fleet.yaml, and what it would have with `now`. */
async function snapshot(committed: string, now: string): Promise<Buffer> {
  const infra = join(root, 'infra');
  const git = (...args: string[]) => execFileSync('git', ['-C', infra, ...args]);
  git('init', '-q');
  writeFileSync(join(infra, 'fleet.yaml'), committed);
  git('add', '.');
  git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'x');
  const before = String(git('for-each-ref')) + String(git('status', '--porcelain'));
  const bundle = await (await openRepo(infra, here)).snapshot(new Map([['fleet.yaml', now]]));
  expect(String(git('for-each-ref')) + String(git('status', '--porcelain'))).toBe(before);
  return bundle;
}

async function build(
  names: readonly string[],
  bundle: Buffer,
  signal = new AbortController().signal,
) {
  const lines: string[] = [];
  const tried = await buildOnly(localShell(surroundings, 'this machine'), {
    ...{ bundle, jobs: 1, limitMs: 30_000, signal },
    wanted: names.map((name) => ({ kind: 'vm', name })),
    onLine: (line) => lines.push(line),
  });
  return { ...tried, lines };
}

test('builds what would be committed, as a commit of its own without what was before, and leaves nothing', async () => {
  const { paths, failed, lines } = await build(['good', 'bad'], await snapshot('old\n', 'new\n'));
  expect(paths).toEqual(new Map([['good', join(root, 'nix/store/good')]]));
  expect([...failed]).toEqual([['bad', ['error: bad is wrong']]]);
  expect(lines).toEqual(expect.arrayContaining(['fleet 2000-01-01 |', 'fleet.yaml', 'new']));
  expect(readdirSync(join(root, 'tmp'))).toEqual([]);
});

test('ends with whoever waits for it', async () => {
  const stop = new AbortController();
  const ended = build(['slow'], await snapshot('a', 'b'), stop.signal);
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await until(() => existsSync(join(root, 'begun')));
  stop.abort();
  await expect(ended).rejects.toThrow('interrupted');
  await until(() => readdirSync(join(root, 'tmp')).length === 0);
}, 60_000);

test('knows the systems that Nix builds for, itself or elsewhere, and that there may be no Nix', async () => {
  const systems = () => systemsOf(localShell(surroundings, 'x'), new AbortController().signal);
  const own = 'system = x86_64-linux\nextra-platforms = i686-linux\n';
  writeFileSync(join(root, 'settings'), `${own}builders = \n`);
  expect(await systems()).toEqual(['i686-linux', 'x86_64-linux']);
  writeFileSync(join(root, 'machines'), '# mine\nssh://mac aarch64-linux,armv7l-linux - 4\n');
  writeFileSync(join(root, 'settings'), `${own}builders = @${join(root, 'machines')}\n`);
  expect(await systems()).toEqual(['aarch64-linux', 'armv7l-linux', 'i686-linux', 'x86_64-linux']);
  writeFileSync(join(root, 'settings'), `${own}builders = ssh://a aarch64-linux ; ssh://b\n`);
  expect(await systems()).toEqual(['aarch64-linux', 'i686-linux', 'x86_64-linux']);
  // A PATH without it.
  mkdirSync(join(root, 'without'));
  for (const tool of ['cat', 'sed', 'sh', 'sort', 'tr'])
    symlinkSync(`/bin/${tool}`, join(root, 'without', tool));
  surroundings = { ...surroundings, env: { ...surroundings.env, PATH: join(root, 'without') } };
  expect(await systems()).toEqual([]);
});
