import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseGenerations } from '../../src/host/answers/generations.ts';
import { parseHistory } from '../../src/host/answers/history.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import { script } from '../../src/host/scripts.ts';
import { timestamp } from '../../src/model/time.ts';

describe('what a hypervisor remembers is not read', () => {
  const deployment = (rows: string) => `deployment\t20260101-000000-abcd\n${rows}`;
  test.each([
    ['a time beyond dates', deployment('meta\tstarted\t1e300')],
    ['an id that does not show', 'deployment\t\u001b]0;x\u0007'],
    ['a commit that is an option', deployment('meta\tcommit\t--upload-pack=x')],
    ['a vm that is a path', deployment('before\tvm\t../x\t/nix/store/a')],
    ['a generation that is no path', deployment('after\trecord\tweb1\tf\tx')],
    ['a result that clears the screen', deployment('result\t\u001b[2J')],
  ])('with %s', (_, text) => {
    expect(() => parseHistory(text)).toThrow(
      expect.objectContaining({ code: 'history.unreadable' }),
    );
  });

  test.each([
    'journal\t1e300\t-\tend\tend\tdone',
    'journal\t99999999999999\t001\tbuild\tbegin',
    'journal\tNaN\t001\tbuild\tbegin',
  ])('a line of a journal beyond dates is left out: %s', (line) => {
    expect(parseHistory(deployment(line))).toMatchObject([{ steps: [], ended: undefined }]);
  });

  test.each([
    ['a number that is none', 'generation\tweb1\tNaN\t/nix/store/a\t1\tno'],
    ['a time beyond dates', 'generation\tweb1\t1\t/nix/store/a\t1e300\tno'],
    ['a path with an escape', 'generation\tweb1\t1\t/nix/store/\u001b[2J\t1\tno'],
    ['a name with an escape', 'generation\t\u001b[2J\t1\t/nix/store/a\t1\tno'],
  ])('with a generation of %s', (_, text) => {
    expect(() => parseGenerations(text)).toThrow(
      expect.objectContaining({ code: 'generations.unreadable' }),
    );
  });

  test('with a vm whose name does not show', () => {
    const text = 'vm\t\u202eweb\n== end\n';
    expect(() => parseRunners(text)).toThrow(
      expect.objectContaining({ code: 'runners.unreadable' }),
    );
  });
});

test.each([1e300, Number.NaN, Number.POSITIVE_INFINITY, -1])('%d is an unknown time', (seconds) => {
  expect(timestamp(seconds)).toBe('an unknown time');
});

describe('init', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fleet-forged-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const link = (path: string, to: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(to, join(root, path));
  };
  const runners = () => {
    const { stdout } = spawnSync('sh', ['-c', script('runners'), 'fleet'], {
      env: { PATH: process.env.PATH, FLEET_ROOT: root },
      encoding: 'utf8',
    });
    return { stdout, runners: parseRunners(stdout) };
  };

  test('reads runners in the store, and no file that a vm’s folder leads to', () => {
    write('etc/secret', 'a secret\n');
    write('elsewhere/bin/microvm-run', 'a secret\n');
    write('elsewhere/share/microvm/virtiofs/a/source', 'a secret\n');
    write('nix/store/true-web1/share/microvm/virtiofs/data/source', '/srv/data\nvm\tghost\n');
    link('var/lib/microvms/web1/current', `${root}/nix/store/true-web1`);
    link('var/lib/microvms/web2/current', `${root}/elsewhere`);
    link('var/lib/microvms/web2/flake', join(root, 'etc/secret'));
    write('var/lib/microvms/web2/x\nvm\tghost\tno', 'an image');
    const seen = runners();
    expect(seen.stdout).not.toContain('secret');
    expect(seen.runners.vms.map((vm) => vm.name)).toEqual(['web1', 'web2']);
    expect(seen.runners.vms[0]?.shares[0]?.source).toBe('/srv/data');
  });
});
