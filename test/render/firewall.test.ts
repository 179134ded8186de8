import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Fleet, Hypervisor, Network } from '../../src/model/fleet.ts';
import { firewallTable } from '../../src/render/firewall-rules.ts';
import { render } from '../../src/render/render.ts';
import { describeWithNix } from '../nix/instantiate.ts';
import { network } from './build.ts';
import { evaluated } from './evaluated.ts';
import { themes } from './themes.ts';

const networking = themes.networking!;

/** The files that differ once the networks or hypervisors of the theme are changed. */
function changedFiles(change: {
  networks?: (network: Network) => Partial<Network>;
  hypervisors?: (hypervisor: Hypervisor) => Partial<Hypervisor>;
  fleet?: Partial<Fleet>;
}): string[] {
  const after = render({
    ...networking,
    networks: networking.networks.map((n) => ({ ...n, ...change.networks?.(n) })),
    hypervisors: networking.hypervisors.map((h) => ({ ...h, ...change.hypervisors?.(h) })),
    ...change.fleet,
  });
  const before = render(networking);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}

describe('a change of who reaches whom', () => {
  it.each<[string, Parameters<typeof changedFiles>[0]]>([
    ['egress', { networks: () => ({ egress: [] }) }],
    ['isolation', { networks: ({ isolated }) => ({ isolated: !isolated }) }],
    ['allow', { networks: () => ({ allow: ['web'] }) }],
    ['metadata', { networks: ({ metadata }) => ({ metadata: !metadata }) }],
    ['a published port', { fleet: { vms: networking.vms.map((v) => ({ ...v, publish: [] })) } }],
  ])('%s is a change of the firewall alone', (_, change) => {
    expect(changedFiles(change)).toEqual(['hosts/hv1/firewall.nix']);
  });

  it('other name servers are a change of the forwarder alone', () => {
    const files = changedFiles({ hypervisors: () => ({ nameservers: ['9.9.9.9'] }) });
    expect(files).toEqual(['hosts/hv1/dns.nix']);
  });

  it('whether there is a forwarder at all changes no guest', () => {
    const files = changedFiles({ hypervisors: () => ({ nameservers: [] }) });
    expect(files).toEqual(['hosts/hv1/default.nix', 'hosts/hv1/dns.nix']);
  });

  it('the tailnet changes no guest and no bridge', () => {
    const files = changedFiles({
      hypervisors: () => ({ tailscale: { enable: true, advertiseRoutes: false } }),
    });
    expect(files).toEqual(['hosts/hv1/firewall.nix', 'hosts/hv1/tailscale.nix']);
  });
});

const plain = { targets: [], uplink: 'eth0', advertised: false };

describe('a table', () => {
  const table = (networks: readonly Network[]) => firewallTable({ ...plain, networks });

  it('has an element for a network more, and nothing else changes', () => {
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    const one = lines(table([network('a', 1, 'hv')]));
    const two = lines(table([network('a', 1, 'hv'), network('b', 2, 'hv')]));
    const added = two.filter((line) => !one.includes(line));
    expect(added.every((line) => line.includes('br-b') || line.includes('10.2.0.0'))).toBe(true);
    expect(one.filter((line) => !two.includes(line))).toEqual([]);
  });

  it('takes no name of an interface that would be code', () => {
    expect(() => table([network('a', 1, 'hv', { bridge: 'br" accept' })])).toThrow(
      'is not an interface name',
    );
  });
});

/** As any user: in a network of its own, where nothing is loaded. */
const nft = (input: string) =>
  spawnSync('unshare', ['--map-root-user', '--net', '--', 'nft', '--check', '--file', '-'], {
    encoding: 'utf8',
    input,
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });

describeWithNix('the real nft', () => {
  const present = nft('table inet fleet {}').status === 0;
  if (!present) {
    if (process.env.FLEET_LAB === 'required')
      throw new Error('FLEET_LAB=required, but nft does not run');
    process.stderr.write('\n*** no nft: the rendered tables are not checked by it ***\n\n');
  }

  it.skipIf(!present).each(Object.entries(themes))('takes the tables of %s', (_, theme) => {
    for (const [path, file] of Object.entries(evaluated(theme).files)) {
      if (!path.endsWith('/firewall.nix')) continue;
      const { tables } = (file.networking as { nftables: { tables: Tables } }).nftables;
      const text = `table ${tables.fleet.family} fleet {\n${tables.fleet.content}}\n`;
      const run = nft(text);
      expect(run.stderr).toBe('');
      expect(run.status).toBe(0);
    }
  });

  it.skipIf(!present)('takes an element of somebody else’s before and after', () => {
    const content = firewallTable({ ...plain, networks: [network('a', 1, 'hv')] });
    const own = 'set allowed { type ifname . ifname; elements = { "wg0" . "br-a" }; }';
    for (const body of [`${own}\n${content}`, `${content}\n${own}\n`])
      expect(nft(`table inet fleet {\n${body}}\n`).stderr).toBe('');
  });
});

interface Tables {
  readonly fleet: { readonly family: string; readonly content: string };
}
