import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
const path = (name: string) => join(root, name);
const id = '20251121-0001';

function sh(text: string): string {
  const libraries = ['lib', 'spool', 'deployments'].map((name) =>
    readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
  );
  const env = { PATH: `${path('bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  return execFileSync('sh', ['-c', `${libraries.join('\n')}\n${text}`], { env, encoding: 'utf8' });
}
const events = () =>
  readdirSync(path('var/lib/fleet/events')).flatMap((file) =>
    readFileSync(path(`var/lib/fleet/events/${file}`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind !== 'spool.epoch'),
  );

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-spool-'));
  for (const folder of ['bin', `var/lib/fleet/deployments/${id}`, 'var/lib/fleet/stopped'])
    mkdirSync(path(folder), { recursive: true });
  for (const tool of ['systemctl', 'sync'])
    writeFileSync(path(`bin/${tool}`), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(
    path(`var/lib/fleet/deployments/${id}/meta`),
    'operator\tada@desk\noperation\trollback\nstarted\t1\n',
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a hold is an event when it begins and when it ends, however often it is recorded', () => {
  const after = path(`var/lib/fleet/deployments/${id}/after`);
  writeFileSync(after, 'hold\tweb\t/new\t/old\tada@desk\nhold\tsystem.\t/a\t/b\tada@desk\nend\n');
  sh(`finish ${id}; finish ${id}`);
  writeFileSync(after, 'release\tweb\nrelease\tdb\nend\n');
  sh(`finish ${id}; finish ${id}`);
  expect(events().map(({ kind, vm, operator }) => [kind, vm, operator])).toEqual([
    ['hold.began', 'web', 'ada@desk'],
    ['hold.began', undefined, 'ada@desk'],
    ['hold.ended', 'web', undefined],
  ]);
});

test('the end of a deployment is an event, with whose it was and how it ended', () => {
  sh(`end_deployment ${id} rolled-back`);
  expect(events()).toMatchObject([
    {
      kind: 'deployment.ended',
      id,
      operator: 'ada@desk',
      operation: 'rollback',
      result: 'rolled-back',
    },
  ]);
});

test('without jq, or with a full disk, a deployment ends all the same, and nothing is said', () => {
  const end = `end_deployment ${id} done; cat "$deployments/${id}/result"`;
  expect(sh(`command() { [ "$2" != jq ]; }\n${end}`)).toBe('done\n');
  rmSync(path(`var/lib/fleet/deployments/${id}/result`));
  expect(sh(`spool_append() { return 1; }\n${end}`)).toBe('done\n');
});
