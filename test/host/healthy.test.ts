import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScriptName, script } from '../../src/host/scripts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-healthy-'));
  // A systemd that runs nothing; Nix is not there.
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/systemctl'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function run(name: ScriptName, ...args: string[]): void {
  execFileSync('sh', ['-c', script(name), 'fleet', ...args], {
    env: { PATH: `${root}/bin:/usr/bin:/bin`, FLEET_ROOT: root },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

const state = (...path: string[]): string => join(root, 'var/lib/fleet', ...path);
const healthy = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(state('healthy')).map((name) => [
      name,
      readFileSync(state('healthy', name), 'utf8'),
    ]),
  );

/** Ends a deployment with what was confirmed in it. */
function end(id: string, result: string, rows: string): void {
  mkdirSync(state('deployments', id), { recursive: true });
  writeFileSync(state('deployments', id, 'after'), `${rows}end\n`);
  run('end', id, result);
}

test('a confirmed deployment writes down who was well on which runner, and forgets who was not', () => {
  end('1', 'done', 'healthy\tweb1\t/nix/store/a\nhealthy\tdb1\t/nix/store/b\n');
  expect(healthy()).toEqual({ web1: '/nix/store/a\n', db1: '/nix/store/b\n' });
  end('2', 'done', 'healthy\tweb1\t-\nhealthy\tdb1\t/nix/store/c\nhealthy\tnew1\t-\n');
  expect(healthy()).toEqual({ db1: '/nix/store/c\n' });
});

test('no other deployment writes it down', () => {
  for (const [id, result] of [
    ['1', 'rolled-back'],
    ['2', 'done'],
  ] as const) {
    end(id, result, `healthy\tweb1\t/nix/store/${id}\n`);
    expect(existsSync(state('healthy'))).toBe(result === 'done');
  }
  expect(healthy()).toEqual({ web1: '/nix/store/2\n' });
});

test('what is known of a vm goes with it when it is set aside', () => {
  mkdirSync(join(root, 'var/lib/microvms/web1'), { recursive: true });
  end('0', 'done', 'healthy\tweb1\t/nix/store/a\n');
  run('vm-aside', '1', 'web1');
  expect(healthy()).toEqual({});
  expect(readFileSync(state('aside/1/web1.healthy'), 'utf8')).toBe('/nix/store/a\n');
});
