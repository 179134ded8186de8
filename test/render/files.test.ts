import { describe, expect, it } from 'vitest';
import { reconcile } from '../../src/render/files.ts';
import { isRendered, marker } from '../../src/render/marker.ts';
import { pathFrom } from '../../src/render/paths.ts';

const ours = (text = ''): string => `${marker}\n${text}`;

const changes = (rendered: Record<string, string>, existing: Record<string, string>): object =>
  reconcile(new Map(Object.entries(rendered)), new Map(Object.entries(existing)));

describe('the work tree', () => {
  it('gets what is new or different, loses what is rendered no more, keeps the rest', () => {
    expect(
      changes(
        {
          'flake.nix': ours('1'),
          'hosts/a/default.nix': ours('2'),
          'hosts/b/default.nix': ours('3'),
        },
        {
          'flake.nix': ours('1'),
          'hosts/a/default.nix': ours('old'),
          'hosts/c/default.nix': ours('4'),
          'hosts/c/hardware-configuration.nix': '{ }',
          'modules/mine.nix': '{ }',
        },
      ),
    ).toEqual({
      write: ['hosts/a/default.nix', 'hosts/b/default.nix'],
      remove: ['hosts/c/default.nix'],
      conflicts: [],
      unchanged: 1,
    });
  });

  it('keeps a file of the user where fleet wants one', () => {
    const mine = { 'flake.nix': '{ }', 'hosts/a/default.nix': `\n${marker}\n` };
    expect(changes({ 'flake.nix': ours(), 'hosts/a/default.nix': ours() }, mine)).toMatchObject({
      write: [],
      conflicts: ['flake.nix', 'hosts/a/default.nix'],
    });
  });

  it('keeps a file of the user where fleet wants a folder, or below what fleet wants', () => {
    expect(changes({ 'hosts/a/default.nix': ours() }, { 'hosts/a': 'mine' })).toMatchObject({
      conflicts: ['hosts/a'],
    });
    expect(changes({ 'flake.nix': ours() }, { 'flake.nix/x': 'mine' })).toMatchObject({
      conflicts: ['flake.nix/x'],
    });
    expect(changes({ 'hosts/a/default.nix': ours() }, { 'hosts/a': ours() })).toMatchObject({
      write: ['hosts/a/default.nix'],
      remove: ['hosts/a'],
      conflicts: [],
    });
  });

  it('is rewritten where a checkout turned line ends', () => {
    const windows = ours('{ }\n').replaceAll('\n', '\r\n');
    expect(changes({ 'flake.nix': ours('{ }\n') }, { 'flake.nix': windows })).toMatchObject({
      write: ['flake.nix'],
      conflicts: [],
    });
  });
});

describe('the marker', () => {
  it.each([
    [ours(), true],
    [marker, true],
    [`${marker}\r\n`, true],
    [`${marker} Or here.\n`, false],
    [`{ }\n${marker}\n`, false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(isRendered(text)).toBe(expected);
  });
});

describe('a path as seen from machine a', () => {
  it.each([
    ['hosts/a/x.nix', './x.nix'],
    ['hosts/a/sub/x.nix', './sub/x.nix'],
    ['hosts/ab/x.nix', '../../hosts/ab/x.nix'],
    ['modules/x.nix', '../../modules/x.nix'],
    ['x.nix', '../../x.nix'],
  ])('%s is %s', (target, expected) => {
    expect(pathFrom('hosts/a/default.nix', target).text).toBe(expected);
  });
});
