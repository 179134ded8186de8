import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockInputs, requireSound } from '../../src/host/flake-lock.ts';
import type { Host } from '../../src/host/host.ts';
import { readLock } from '../../src/model/flake-lock.ts';
import type { Input } from '../../src/model/fleet.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { here } from '../surroundings.ts';

const input = (name: string, url: string, more: Partial<Input> = {}): Input => ({
  name,
  url,
  flake: true,
  follows: name === 'nixpkgs' ? {} : { nixpkgs: 'nixpkgs' },
  ...more,
});
const inputs = [
  input('microvm', 'github:microvm-nix/microvm.nix'),
  input('nixpkgs', 'github:NixOS/nixpkgs/nixos-25.11'),
];

// biome-ignore lint/suspicious/noExplicitAny: a lock is changed anywhere.
type Changing = any;
const changed = (change: (lock: Changing) => void): string => {
  const lock = JSON.parse(sandboxLock);
  change(lock);
  return JSON.stringify(lock);
};
const faults = (text: string, of = inputs) => readLock(text, of).faults;

describe('a flake.lock', () => {
  it('is taken when it locks what flake.nix names', () => {
    expect(readLock(sandboxLock, inputs)).toEqual({
      faults: [],
      inputs: [
        { node: 'microvm', from: 'github:microvm-nix/microvm.nix', at: '5'.repeat(40) },
        { node: 'nixpkgs', from: 'github:NixOS/nixpkgs/nixos-25.11', at: '7'.repeat(40) },
      ],
    });
  });

  it.each([
    [
      'another owner',
      (n: Changing) => {
        n.nixpkgs.locked.owner = 'attacker';
      },
      'nixpkgs: locked.owner is "attacker", not "NixOS"',
    ],
    [
      'another owner in both',
      (n: Changing) => {
        n.nixpkgs.locked.owner = n.nixpkgs.original.owner = 'attacker';
      },
      'nixpkgs: original.owner',
    ],
    [
      'another branch',
      (n: Changing) => {
        n.nixpkgs.original.ref = 'evil';
      },
      'nixpkgs: original.ref',
    ],
    [
      'another host',
      (n: Changing) => {
        n.microvm.locked.host = 'git.attacker.example';
      },
      'microvm: locked.host',
    ],
    [
      'a tarball',
      (n: Changing) => {
        n.microvm.locked = { type: 'tarball', url: 'https://attacker.example/x.tar.gz' };
      },
      'microvm: locked.type is "tarball"',
    ],
    [
      'a url beside the owner',
      (n: Changing) => {
        n.microvm.locked.url = 'https://attacker.example/';
      },
      'microvm: locked.url',
    ],
    [
      'another folder of it',
      (n: Changing) => {
        n.microvm.locked.dir = 'evil';
      },
      'microvm: locked.dir',
    ],
    [
      'no revision',
      (n: Changing) => {
        n.microvm.locked.rev = 'refs/heads/evil';
      },
      'microvm: locked.rev is not a revision',
    ],
    [
      'one more input',
      (n: Changing) => {
        n.root.inputs.evil = 'nixpkgs';
      },
      'evil: flake.nix has no such input',
    ],
    [
      'one less',
      (n: Changing) => {
        delete n.root.inputs.microvm;
      },
      'microvm: it is in flake.nix',
    ],
    [
      'two that changed places',
      (n: Changing) => {
        n.root.inputs = { microvm: 'nixpkgs', nixpkgs: 'microvm' };
      },
      'microvm: original.owner',
    ],
    [
      'an input that follows no more',
      (n: Changing) => {
        n.microvm.inputs.nixpkgs = 'nixpkgs';
      },
      'microvm: its input nixpkgs does not follow',
    ],
    [
      'a branch in place of a revision',
      (n: Changing) => {
        delete n.nixpkgs.locked.rev;
        n.nixpkgs.locked.ref = 'evil';
      },
      'nixpkgs: locked.rev is not a revision',
    ],
    [
      'a branch beside the revision',
      (n: Changing) => {
        n.nixpkgs.locked.ref = 'refs/pull/1/head';
      },
      'nixpkgs: locked.ref is "refs/pull/1/head"',
    ],
    [
      'lines in a name',
      (n: Changing) => {
        n['x\nall is well'] = n.nixpkgs;
      },
      'is not a node name',
    ],
    [
      'a reference to nowhere',
      (n: Changing) => {
        n.microvm.inputs.x = ['nixpkgs', 'y'];
      },
      'microvm: its input x leads nowhere',
    ],
    [
      'an input that follows itself',
      (n: Changing) => {
        n.root.inputs.nixpkgs = ['nixpkgs'];
      },
      'nixpkgs: it is in flake.nix',
    ],
    [
      'an input of an input from elsewhere',
      (n: Changing) => {
        n.microvm.inputs.spectrum = 's';
        n.s = {
          original: { type: 'git', url: 'https://spectrum-os.org/git/spectrum' },
          locked: {
            type: 'git',
            url: 'https://attacker.example/git/spectrum',
            rev: 'a'.repeat(40),
          },
        };
      },
      's: locked.url',
    ],
    [
      'a registry name',
      (n: Changing) => {
        n.s = {
          original: { type: 'indirect', id: 'utils' },
          locked: { type: 'github', owner: 'a', repo: 'b' },
        };
      },
      's: utils is a registry name',
    ],
  ])('with %s is refused by the name of the node', (_, change, fault) => {
    const found = faults(changed((lock) => change(lock.nodes)));
    expect(found.join('\n')).toContain(fault);
  });

  const pinned = 'https://example.net/x.tar.gz?narHash=sha256-good';
  it.each([
    ['another hash than the one that is pinned', 'tarball', pinned, { narHash: 'sha256-evil' }],
    [
      'a commit that nobody signed',
      'git',
      'git+https://example.net/x?verifyCommit=1&publicKey=k',
      { rev: 'd'.repeat(40) },
    ],
    [
      'a merge request for a branch',
      'git',
      'git+https://example.net/x?ref=main',
      { ref: 'refs/merge-requests/7/head', rev: 'd'.repeat(40) },
    ],
    [
      'a merge request for no branch',
      'git',
      'git+https://example.net/x',
      { ref: 'refs/merge-requests/7/head', rev: 'd'.repeat(40) },
    ],
  ])('with %s is refused', (_, type, url, locked) => {
    const at = { type, url: url.replace(/^git\+|\?.*$/g, '') };
    const query = Object.fromEntries(new URL(url).searchParams);
    const original = { ...at, ...query, ...(query.verifyCommit && { verifyCommit: true }) };
    const nodes = {
      root: { inputs: { x: 'x' } },
      x: { original, locked: { ...at, ...locked } },
    };
    const text = JSON.stringify({ version: 7, root: 'root', nodes });
    expect(faults(text, [input('x', url)])).toHaveLength(url.includes('verify') ? 2 : 1);
  });

  it('whose inputs follow each other in a thousand ways takes no time', () => {
    const of: Record<string, unknown> = { a20: 'root' };
    for (let n = 0; n < 20; n++) of[`a${n}`] = Array(9).fill(`a${n + 1}`);
    const text = JSON.stringify({ version: 7, root: 'root', nodes: { root: { inputs: of } } });
    const began = performance.now();
    faults(text);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it.each([
    ['', 'it is not JSON'],
    ['{}', 'its version is undefined, not 7'],
    ['{"version":6,"root":"root","nodes":{"root":{}}}', 'its version is 6'],
    ['{"version":7,"root":"__proto__","nodes":{}}', 'it has no root node'],
    ['{"version":7,"root":"root","nodes":{"root":[]}}', 'root is not a node'],
    ['{"version":7,"root":"root","nodes":{"root":{"inputs":{"a":{}}}}}', 'root has inputs'],
  ])('that is none is refused: %s', (text, fault) => {
    expect(faults(text).join()).toContain(fault);
  });

  it.each([
    [
      'github:a/b?ref=x&dir=sub',
      { type: 'github', owner: 'a', repo: 'b', ref: 'x', dir: 'sub' },
      { type: 'github', owner: 'a', repo: 'b', dir: 'sub', rev: 'd'.repeat(40) },
    ],
    [
      `github:a/b/${'c'.repeat(40)}`,
      { type: 'github', owner: 'a', repo: 'b', rev: 'c'.repeat(40) },
      { type: 'github', owner: 'a', repo: 'b', rev: 'c'.repeat(40) },
    ],
    [
      'gitlab:a/b?host=git.example.net',
      { type: 'gitlab', owner: 'a', repo: 'b', host: 'git.example.net' },
      { type: 'gitlab', owner: 'a', repo: 'b', host: 'git.example.net', rev: 'd'.repeat(40) },
    ],
    [
      'git+ssh://git@example.net/a.git?ref=main',
      { type: 'git', url: 'ssh://git@example.net/a.git', ref: 'main' },
      { type: 'git', url: 'ssh://git@example.net/a.git', ref: 'main', rev: 'd'.repeat(40) },
    ],
    [
      'git+file:///srv/x',
      { type: 'git', url: 'file:///srv/x' },
      { type: 'git', url: 'file:///srv/x', rev: 'd'.repeat(40) },
    ],
    [
      'path:/srv/x',
      { type: 'path', path: '/srv/x' },
      { type: 'path', path: '/srv/x', narHash: 'sha256-x' },
    ],
    [
      'https://example.net/x.tar.gz',
      { type: 'tarball', url: 'https://example.net/x.tar.gz' },
      { type: 'tarball', url: 'https://example.net/x.tar.gz', narHash: 'sha256-x' },
    ],
    [
      'https://channels.nixos.org/nixos-25.11/nixexprs.tar.xz',
      { type: 'tarball', url: 'https://channels.nixos.org/nixos-25.11/nixexprs.tar.xz' },
      {
        type: 'tarball',
        url: 'https://releases.nixos.org/nixos/25.11/x/nixexprs.tar.xz',
        narHash: 'sha256-x',
      },
    ],
    [
      'https://flakehub.com/f/a/b/0.1.tar.gz',
      { type: 'tarball', url: 'https://flakehub.com/f/a/b/0.1.tar.gz' },
      {
        type: 'tarball',
        url: `https://api.flakehub.com/f/pinned/a/b/0.1.5/x/source.tar.gz?rev=${'d'.repeat(40)}`,
        narHash: 'sha256-x',
      },
    ],
    [
      'nixpkgs',
      { type: 'indirect', id: 'nixpkgs' },
      { type: 'github', owner: 'NixOS', repo: 'nixpkgs', rev: 'd'.repeat(40) },
    ],
    [
      'git+https://example.net/a?submodules=1&ref=main&verifyCommit=1&publicKey=k&lang=en',
      {
        ...{ type: 'git', url: 'https://example.net/a?lang=en', ref: 'main', submodules: true },
        ...{ verifyCommit: true, publicKey: 'k' },
      },
      {
        ...{ type: 'git', url: 'https://example.net/a?lang=en', ref: 'refs/heads/main' },
        ...{ verifyCommit: true, publicKey: 'k', submodules: true, rev: 'd'.repeat(40) },
      },
    ],
    [
      'https://example.net/snapshot?repo=a&format=.tar.gz',
      { type: 'tarball', url: 'https://example.net/snapshot?format=.tar.gz&repo=a' },
      {
        type: 'tarball',
        url: 'https://example.net/snapshot?format=.tar.gz&repo=a',
        narHash: 'sha256-x',
      },
    ],
    ['path:./sub', { type: 'path', path: './sub' }, { type: 'path', path: './sub' }],
  ])('is taken as Nix writes it for %s', (url, original, locked) => {
    const text = JSON.stringify({
      version: 7,
      root: 'root',
      nodes: { root: { inputs: { x: 'x' } }, x: { original, locked } },
    });
    expect(faults(text, [input('x', url)])).toEqual([]);
  });

  it.each([
    [
      'https://flakehub.com/f/a/b/0.1.tar.gz',
      'https://api.flakehub.com/f/pinned/evil/b/0.1.5/x/source.tar.gz',
    ],
    ['https://channels.nixos.org/x.tar.xz', 'https://releases.nixos.org.evil.example/x.tar.xz'],
    ['https://github.com/a/b/archive/main.tar.gz', 'https://github.com/evil/b/archive/main.tar.gz'],
    ['https://git.example/x.tar.gz?repo=good', 'https://git.example/x.tar.gz?repo=evil'],
  ])('from elsewhere than %s is refused', (url, elsewhere) => {
    const nodes = {
      root: { inputs: { x: 'x' } },
      x: {
        original: { type: 'tarball', url },
        locked: { type: 'tarball', url: elsewhere, narHash: 'sha256-x' },
      },
    };
    expect(
      faults(JSON.stringify({ version: 7, root: 'root', nodes }), [input('x', url)]),
    ).toHaveLength(1);
  });

  it('of a hypervisor is shown before it is used, and refused when it is not what was asked for', async () => {
    const { PATH } = process.env;
    const host = (stdout: string) =>
      ({ name: 'hv1', run: async () => ({ code: 0, stdout, stderr: '' }) }) as unknown as Host;
    const said: string[] = [];
    const lock = (made: string) =>
      lockInputs({ flake: '{ }\n', inputs, lock: undefined, renew: [] }, async () => host(made), {
        signal: new AbortController().signal,
        surroundings: here,
        say: (line) => said.push(line),
      });
    // A shell and no Nix.
    const folder = mkdtempSync(join(tmpdir(), 'fleet-no-nix-'));
    symlinkSync('/bin/sh', join(folder, 'sh'));
    process.env.PATH = folder;
    try {
      expect(await lock(sandboxLock)).toBe(sandboxLock);
      expect(said[0]).toBe(
        `flake.lock: microvm from github:microvm-nix/microvm.nix at ${'5'.repeat(40)}`,
      );
      const evil = changed((l) => {
        l.nodes.nixpkgs.locked.owner = 'attacker';
      });
      await expect(lock(evil)).rejects.toMatchObject({
        code: 'lock.not-as-declared',
        message: 'the flake.lock that hv1 made does not agree with flake.nix',
        detail: 'nixpkgs: locked.owner is "attacker", not "NixOS"',
      });
      expect(() => requireSound(evil, inputs, 'flake.lock')).toThrow('does not agree');
    } finally {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    }
  });
});
