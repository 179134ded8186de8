import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseRunners } from '../../src/host/runners.ts';
import { type ScriptName, script } from '../../src/host/scripts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-init-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A program of the host's, that says this. */
function program(name: string, output: string): void {
  write(`said/${name}`, output);
  write(`bin/${name}`, `#!/bin/sh\ncat '${join(root, 'said', name)}'\n`);
  chmodSync(join(root, 'bin', name), 0o755);
}

function read(name: ScriptName): string {
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  return execFileSync('sh', ['-s'], { input: script(name), env, encoding: 'utf8' });
}

describe('rules of NAT are read', () => {
  const rules = () => parseRunners(read('runners')).natRules;
  const iptables = '-A POSTROUTING -o eth0 -j MASQUERADE';
  beforeEach(() => {
    program('nft', '');
    program('iptables-save', `*nat\n:POSTROUTING ACCEPT [0:0]\n${iptables}\nCOMMIT\n`);
  });

  test('as nft says them, but for those of IPv6', () => {
    program(
      'nft',
      `table ip nixos-nat {
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 443 dnat to 10.1.0.5:8443
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "eth0" snat to 203.0.113.5
		oifname "eth1" masquerade
	}
}
table ip6 nixos-nat {
	chain post {
		oifname "eth0" masquerade
	}
}
table inet fleet {
	chain forward {
		ct status dnat accept
		meta nfproto ipv4 dnat ip to 10.1.0.3
	}
}
`,
    );
    expect(rules()).toEqual([
      'tcp dport 443 dnat to 10.1.0.5:8443',
      'oifname "eth0" snat to 203.0.113.5',
      'oifname "eth1" masquerade',
      'meta nfproto ipv4 dnat ip to 10.1.0.3',
    ]);
  });

  test('as iptables says them, where nft knows of none', () => {
    expect(rules()).toEqual([iptables]);
  });

  test('as both say them, where nft cannot say all', () => {
    program('nft', 'table ip nat {\n\tchain post {\n\t\toif "lo" masquerade\n\t}\n}\n');
    expect(rules()).toEqual(['oif "lo" masquerade']);
    write('proc/net/ip_tables_names', 'filter\nnat\n');
    expect(rules()).toEqual(['oif "lo" masquerade', iptables]);
    rmSync(join(root, 'proc'), { recursive: true });
    program(
      'nft',
      'table ip nat {\n\tchain post {\n\t\tmasquerade\n\t\txt target "MASQUERADE"\n\t}\n}\n',
    );
    expect(rules()).toEqual(['masquerade', iptables]);
  });

  test('as none, where there is neither', () => {
    program('iptables-save', '');
    expect(rules()).toEqual([]);
  });
});
