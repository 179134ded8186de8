import { describe, expect, test } from 'vitest';
import { parseDoctor } from '../../src/host/answers/doctor.ts';
import { parseRemote } from '../../src/host/answers/remote.ts';
import { FleetError } from '../../src/model/errors.ts';
import { deployedFacts, index } from '../plan/situation.ts';
import { factsText } from './facts-text.ts';

const facts = factsText(deployedFacts(index(), 'hv1'));
const said = [
  'nixos\t25.11.20251118.c1f4b2a (Xantusia)',
  'nix\tnix (Lix, like Nix) 2.91.1',
  'flakes\tyes',
  'missing\tflock',
  'shared\tyes',
  'kernel\tkvm',
  'kernel\ttun',
  'inodes\t/dev/mapper/a b 6553600 120 6553480 1% /',
  'inodes\ttank/nix 0 0 0 - /nix',
  'end\n',
].join('\n');

describe('what doctor asks', () => {
  test('is facts, and then what else there is', () => {
    const { facts: seen, condition } = parseDoctor(`${facts}${said}`);
    expect(seen.currentSystem).toBeDefined();
    expect(condition).toEqual({
      user: undefined,
      nixos: '25.11.20251118.c1f4b2a (Xantusia)',
      nix: [2, 91, 1],
      flakes: true,
      missingTools: ['flock'],
      isShared: true,
      isUnusable: false,
      kernel: new Set(['kvm', 'tun']),
      inodes: [{ mount: '/', total: 6_553_600, free: 6_553_480 }],
    });
  });

  test.each([
    ['nix (Nix) 2.28.3', [2, 28, 3]],
    ['nix (Determinate Nix 3.6.2) 2.29.0', [2, 29, 0]],
    ['nix (Nix) 2.32.0pre20251001_abcdef', [2, 32, 0]],
    ['nix', undefined],
    ['', undefined],
  ])('reads the version of %j', (text, version) => {
    expect(parseDoctor(`${facts}nix\t${text}\nend\n`).condition.nix).toEqual(version);
  });

  test('cut off anywhere is refused, never half believed', () => {
    const text = `${facts}${said}`;
    for (let end = 0; end < text.length - 2; end += 13)
      expect(() => parseDoctor(text.slice(0, end))).toThrow(FleetError);
  });

  test.each([
    ['a tool that shows as another', 'missing\tfl\u202eock'],
    ['a tool that is a command', 'missing\tx; rm -rf /'],
  ])('with %s is refused', (_, line) => {
    expect(() => parseDoctor(`${facts}${line}\nend\n`)).toThrow(
      expect.objectContaining({ code: 'doctor.unreadable' }),
    );
  });
});

describe('what a hypervisor sees of the remote', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  test('is a commit, or no branch', () => {
    expect(parseRemote(`commit\t${commit}\n`)).toBe(commit);
    expect(parseRemote('')).toBeUndefined();
  });
  test('that is something else is refused', () => {
    expect(() => parseRemote('commit\t--upload-pack=x\n')).toThrow(
      expect.objectContaining({ code: 'remote.unreadable' }),
    );
  });
});
