import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundled, read } from '../../scripts/run-time.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { playDemo, processesOf } from '../cli/play-demo.ts';
import { sandboxWorld } from '../sandbox/world.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Installation } from './installation.ts';

const installation = new Installation();
beforeAll(async () => {
  // The build of the binary takes it away, and need not make it.
  if (!existsSync('dist/experimental.d.ts'))
    execFileSync(process.execPath, ['scripts/build-library.mjs']);
  await installation.make();
}, 360_000);
afterAll(() => installation.remove());

describe('the package', () => {
  test('has what fleet needs, its docs and schemas, and nothing else', () => {
    const paths = installation.packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !/^(dist|docs|examples|schemas)\//.test(path)).sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'fleet.yaml',
      'package.json',
    ]);
    const strange = paths.filter(
      (path) => !/\.(d\.ts|js|json|md|svg|LICENSE|1)$|LICENSE$/.test(path),
    );
    const others =
      /^(dist\/(host\/scripts|sandbox\/tools)\/|examples\/.*\.(nix|yaml)$|fleet\.yaml$)/;
    expect(strange.filter((path) => !others.test(path))).toEqual([]);
    for (const path of ['docs/security.md', 'schemas/fleet.schema.json', 'dist/fleet.1'])
      expect(paths).toContain(path);
    for (const name of bundled) expect(paths).toContain(`dist/${name}.LICENSE`);
  });

  test('has nothing that publint or attw finds wrong', { timeout: 360_000 }, async () => {
    const { buffer } = readFileSync(installation.tarball);
    const { messages } = await publint({ strict: true, pack: { tarball: buffer as ArrayBuffer } });
    expect(messages).toEqual([]);
    // Throws with what it says.
    const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js';
    execFileSync(process.execPath, [attw, installation.tarball, '--profile', 'esm-only']);
  });
});

describe('fleet, installed from its package without any install script', () => {
  test('says its version and its commands, and prints its schema', async () => {
    const { version } = read('package.json');
    expect(await installation.run('fleet', '--version')).toBe(`${version}\n`);
    expect(await installation.run('fleet', '--help')).toMatch(/^Usage: fleet /);
    expect(JSON.parse(await installation.run('fleet', 'schema'))).toEqual(
      read('schemas/fleet.schema.json'),
    );
  });

  test('has a manual page where man looks', () => {
    const page = join(installation.prefix, 'share/man/man1/fleet.1');
    expect(realpathSync(page)).toBe(join(installation.package, 'dist/fleet.1'));
    expect(readFileSync(page, 'utf8')).toMatch(/^\.TH FLEET 1/im);
  });

  test('has no native part', () => {
    const native = join(installation.package, 'node_modules/ssh2/lib/protocol/crypto/build');
    expect(existsSync(join(installation.package, 'node_modules/ssh2'))).toBe(true);
    expect(existsSync(native)).toBe(false);
  });

  test.runIf(process.platform === 'linux')(
    'plays its demo to the end; what it keeps can be broken and mended, and Ctrl-C ends it',
    async () => {
      const { env, home: cwd, temporary } = installation;
      let tried = '';
      const { code, said } = await playDemo(['fleet'], ['fleet rollback --list'], {
        env,
        cwd,
        options: ['--keep'],
        first: (text) => {
          const lines = text.slice(text.indexOf('export FLEET_SSH_CONFIG'));
          const script = lines.replaceAll('fleet apply', 'fleet apply --yes');
          tried = execFileSync('bash', ['-O', 'expand_aliases', '-c', script], {
            env,
            cwd,
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          });
        },
      });
      const told = [
        'microvm@web1 is inactive (dead)',
        'web1 started',
        'bridge br-ops: expected up',
        'hv3 repaired (bridge br-ops is down)',
        'hv2  failed, rolled back',
        'db answers: expected ping, seen no answer',
      ];
      let at = 0;
      for (const one of told) {
        at = tried.indexOf(one, at);
        expect(at, `${one} in\n${tried}`).toBeGreaterThan(-1);
      }
      expect(said).toContain('Interrupted: the demo ends, and its folder is removed.');
      expect(code).toBe(0);
      expect(readdirSync(temporary)).toEqual([]);
      expect(processesOf(temporary)).toEqual([]);
    },
    900_000,
  );
});

describe('the library', () => {
  let consumer: string;
  beforeAll(() => {
    consumer = join(installation.folder, 'consumer');
    mkdirSync(join(consumer, 'node_modules'), { recursive: true });
    symlinkSync(installation.package, join(consumer, 'node_modules/microvm-fleet'));
    symlinkSync(resolve('node_modules/@types'), join(consumer, 'node_modules/@types'));
    const example = (page: string) =>
      /```ts\n(.*?)```/s.exec(readFileSync(page, 'utf8'))?.[1] ?? expect.fail(page);
    writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }\n');
    writeFileSync(join(consumer, 'deploy.ts'), example('docs/library.md'));
    writeFileSync(join(consumer, 'read.ts'), example('docs/json.md'));
  });

  test('has types, and so have documents: by them the examples of their pages are right and a mistake is not', {
    timeout: 180_000,
  }, () => {
    const text = readFileSync(join(consumer, 'deploy.ts'), 'utf8');
    writeFileSync(join(consumer, 'wrong.ts'), text.replace('word: {}', "word: { force: 'yes' }"));
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node'];
    const args = [
      resolve('node_modules/typescript/bin/tsc'),
      ...options,
      'deploy.ts',
      'read.ts',
      'wrong.ts',
    ];
    const { stdout } = spawnSync(process.execPath, args, { cwd: consumer, encoding: 'utf8' });
    expect(stdout).toMatch(
      /^wrong\.ts\(13,\d+\): error TS2322: Type 'string' is not assignable to type 'boolean[^\n]*\n$/,
    );
  });

  test('deploys from a program outside of the checkout, and says how that went', async () => {
    const world = await sandboxWorld(1);
    const fleet = emptyFleet(world);
    const desk = new Desk(world, 'library', fleet);
    try {
      await desk.open(sandboxLock);
      const program = () =>
        promisify(execFile)(process.execPath, [join(consumer, 'deploy.ts')], {
          cwd: desk.folder,
          env: { ...installation.env, ...world.env, HOME: world.home, EMAIL: 'ada@example.org' },
        });
      const first = await program();
      expect(first.stdout).toBe('hv1: done\n');
      const events = first.stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(events[0]).toEqual({ type: 'phase', phase: 'survey' });
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'deployment', operation: 'apply' }),
      );
      expect((await program()).stdout).toBe('');

      desk.edit((d) => {
        d.nonsense = true;
      });
      await expect(program()).rejects.toMatchObject({
        code: 65,
        stderr: expect.stringContaining('config.invalid: 1 error in fleet.yaml'),
      });
    } finally {
      desk.close();
      await world.stop();
    }
  }, 180_000);
});

test.each(['cyclonedx', 'spdx'])('the bill of materials as %s has every package', (format) => {
  const text = execFileSync(process.execPath, ['scripts/sbom.mjs', format], { encoding: 'utf8' });
  const { components, packages } = JSON.parse(text);
  const names = (components ?? packages).map(({ name }: { name: string }) => name);
  const page = readFileSync('docs/licences.md', 'utf8').matchAll(/^\| ([\w@/.-]+) \| \d/gm);
  const listed = [...page].map(([, name]) => name);
  expect(new Set(names.filter((name: string) => name !== 'microvm-fleet'))).toEqual(
    new Set(listed),
  );
  expect(listed.length).toBeGreaterThan(bundled.length);
});
