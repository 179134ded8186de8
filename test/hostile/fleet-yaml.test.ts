import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { isLike as isLikeLink } from '../../src/host/answers/network-files.ts';
import { isLike } from '../../src/model/glob.ts';
import { render } from '../../src/render/render.ts';

const head = 'version: 1\nname: t\n';
const hv = (more = '') =>
  `hypervisors:\n  hv1: { ssh: root@192.0.2.1, system: x86_64-linux, stateVersion: "25.11"${more} }\n`;
const network = 'networks:\n  n: { subnet: 10.1.0.0/24, nat: false }\n';
const codes = (text: string): string[] => {
  const read = readFleet(text, 'fleet.yaml');
  return 'diagnostics' in read ? read.diagnostics.map(({ code }) => code) : [];
};

/** Milliseconds that it takes. */
function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

describe('a selector', () => {
  it('with many stars takes no longer than one', () => {
    const pattern = `${'*a'.repeat(200)}*b`;
    expect(timed(() => expect(isLike('a'.repeat(10_000), pattern)).toBe(false))).toBeLessThan(200);
    const text = `${head}rollout: { canary: "*a*a*a*a*a*a*a*a*a*a*b" }\nhypervisors:\n  ${'a'.repeat(63)}: { ssh: h, system: x86_64-linux, stateVersion: "25.11" }\n`;
    expect(timed(() => expect(codes(text)).toContain('E306'))).toBeLessThan(2000);
  });

  it('with many stars in a file of a hypervisor takes no longer, either', () => {
    expect(isLikeLink('br-web', 'br-*')).toBe(true);
    expect(isLikeLink('br-web', '*?w*b')).toBe(true);
    expect(isLikeLink('br-web', '?r-we')).toBe(false);
    const glob = `${'*a'.repeat(19)}b`;
    expect(timed(() => isLikeLink('a'.repeat(15), glob))).toBeLessThan(200);
  });

  it('that no selector can be is refused for what it is', () => {
    for (const canary of ['x'.repeat(70_000), '[a', 'a b', '(', ',']) {
      expect(codes(`${head}rollout: { canary: ${JSON.stringify(canary)} }\n${hv()}`)).toContain(
        'E205',
      );
    }
  });
});

it('a name server of a hundred thousand colons is refused at once', () => {
  const text = head + hv(`, dns: { forwardTo: ["${':'.repeat(100_000)}"] }`);
  expect(timed(() => expect(codes(text)).toContain('E205'))).toBeLessThan(2000);
});

it('a private key in a field with a pattern of its own is a diagnostic', () => {
  const key = JSON.stringify('-----BEGIN OPENSSH PRIVATE KEY-----');
  expect(codes(`${head}${hv()}networks: { n: { subnet: ${key} } }\n`)).toEqual(['E115']);
  expect(codes(`${head}${hv(`, checkout: ${key}`)}`)).toEqual(['E115']);
});

describe('a character that does not show', () => {
  it.each(['\\ud800', '\\e[2J', '\\x9b', '\\u202e', '\\u2028'])(
    'is refused outside of config: %s',
    (written) => {
      const text = `${head}${hv(`, users: { a: { sshKeys: ["ssh-ed25519 AAAA ${written}"] } }`)}`;
      expect(codes(text)).toContain('E103');
      expect(codes(`${head}${hv()}profiles: { "a${written}": {} }\n`)).toContain('E103');
    },
  );

  it('is refused as it is, also in a comment', () => {
    expect(codes(`${head}# \u202e\n`)).toEqual(['E103']);
  });

  it('is written in Nix so that no terminal obeys it and a reader sees it', () => {
    const text = `${head}${hv()}${network}vms:\n  v:\n    on: hv1\n    network: n\n    config: { a.b: "one\\ntwo \\e[5A\\u202e", c: { "x\\x9b": 1 } }\n`;
    const read = readFleet(text, 'fleet.yaml');
    if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics));
    const file = render(read.fleet).get('hosts/v/config.nix') ?? '';
    expect(file).toMatch(/^[\P{C}\n]*$/u);
    expect(file).toContain('builtins.fromJSON "\\"\\\\u001b\\""');
  });
});

it('what a few lines of aliases stand for is counted for each vm', () => {
  const values = Array.from({ length: 100 }, (_, n) => `k${n}: 1`).join(', ');
  const aliases = Array.from({ length: 100 }, (_, n) => `m${n}: *a`).join(', ');
  const vms = Array.from(
    { length: 200 },
    (_, n) => `  v${n}: { on: hv1, network: n, address: 10.1.0.${n + 10} }\n`,
  );
  const text = `${head}${hv()}${network}defaults:\n  config: { x: &a { ${values} }, y: { ${aliases} } }\nvms:\n${vms.join('')}`;
  expect(codes(text)).toContain('E108');
});
