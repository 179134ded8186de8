import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scriptNames } from '../../src/host/scripts.ts';
import { guestUnits } from '../../src/model/guest-units.ts';

const src = new URL('../../src/', import.meta.url);
const scripts = readdirSync(new URL('host/scripts/', src));

test('every script that can be named is there, and the other way round', () => {
  const libraries = [
    'lib.sh',
    'spool.sh',
    'guests.sh',
    'guest-ssh.sh',
    'deployments.sh',
    'guest-state.sh',
    'ends.sh',
    'dump.sh',
    'vmm.sh',
    'before.sh',
    'locks.sh',
    'images.sh',
    'evaluate.sh',
  ];
  expect(new Set(scriptNames.map((name) => `${name}.sh`))).toEqual(
    new Set(scripts.filter((file) => !libraries.includes(file))),
  );
});

test('no file outside of src/host speaks of a script by its name', () => {
  const own = new RegExp(String.raw`(?<![\w./-])(${scripts.join('|')})\b|host/scripts`);
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.ts$/.test(file) && !/^host\/|\.generated\.ts$/.test(file),
  );
  expect(files.length).toBeGreaterThan(200);
  expect(files.filter((file) => own.test(readFileSync(new URL(file, src), 'utf8')))).toEqual([]);
});

test('the scripts and the desk know the same units of a guest', () => {
  const library = readFileSync(new URL('host/scripts/lib.sh', src), 'utf8');
  const [, helpers = ''] = /^guest_helpers='([^']*)'$/m.exec(library) ?? [];
  expect(['microvm', ...helpers.split(' ')]).toEqual(Object.keys(guestUnits));
});
