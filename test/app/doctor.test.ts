import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { examineConfig } from '../../src/app/doctor/config.ts';
import { examineAgents, examineTailnet } from '../../src/app/doctor/machine.ts';
import { doctor } from '../../src/app/doctor.ts';
import type { DoctorPorts } from '../../src/app/ports.ts';
import { schemaText } from '../../src/app/schema.ts';
import type { DeskTools, Way } from '../../src/host/desk.ts';
import { Examination } from '../../src/model/examined.ts';
import type { Facts } from '../../src/model/facts.ts';
import { complete } from '../cli/fleet.ts';
import { here } from '../surroundings.ts';

const way = (hostname: string, isProxied = false): Way => ({
  hostname,
  user: 'root',
  port: 22,
  jump: undefined,
  isProxied,
  agentSocket: undefined,
});
const reached = (ownAddress: string) => ({ ownAddress }) as Facts;

/** What is said of hv1, which goes this way. */
async function said(
  to: Way | undefined,
  facts: Facts | undefined,
  tailscale: string | undefined,
  addresses: readonly string[] = [],
): Promise<string[]> {
  const found = new Examination('this machine');
  const desk = {
    addressesOf: async () => addresses,
    tailscale: async () => tailscale,
  } as unknown as DeskTools;
  const ways = new Map(to ? [['hv1', to] as const] : []);
  await examineTailnet(found, desk, ways, [{ name: 'hv1', facts }]);
  return found.all.map(({ state, seen }) => `${state} ${seen}`.trim());
}

test('a hypervisor that is reached tells by its own address whether a tailnet was in use', async () => {
  expect(await said(way('hv1'), reached('100.101.1.2'), undefined)).toEqual(['ok']);
  expect(await said(way('hv1'), reached('fd7a:115c:a1e0::1'), undefined)).toEqual(['ok']);
  expect(await said(way('hv1'), reached('203.0.113.20'), 'Stopped')).toEqual([]);
});

test.each([
  ['by its name', way('hv1.tail1234.ts.net'), []],
  ['by its address', way('100.64.0.9'), []],
  ['by what its name resolves to', way('hv1'), ['100.64.0.9']],
])('one that is silent is in a tailnet %s: tailscale is asked', async (_, to, addresses) => {
  const who = 'hv1 is in a tailnet and not reached';
  expect(await said(to, undefined, 'Running', addresses)).toEqual(['ok']);
  expect(await said(to, undefined, 'Stopped', addresses)).toEqual([
    `wrong ${who}: tailscale here is Stopped`,
  ]);
  expect(await said(to, undefined, undefined, addresses)).toEqual([
    `note ${who}; whether this machine is in it cannot be told: no tailscale command here says so`,
  ]);
});

test.each([
  ['whose name says nothing', way('hv1')],
  ['behind a jump host', way('hv1', true)],
  ['of which ssh_config makes no sense', undefined],
])('of one %s it is said that it cannot be told', async (_, to) => {
  expect(await said(to, undefined, 'Running')).toEqual([
    'note whether hv1 is in a tailnet cannot be told: not reached, and the name says nothing here',
  ]);
});

test('of one with another address nothing is said', async () => {
  expect(await said(way('203.0.113.20'), undefined, 'Stopped')).toEqual([]);
  expect(await said(way('hv1'), undefined, 'Stopped', ['203.0.113.20'])).toEqual([]);
});

const by = (agentSocket: string): Way => ({ ...way('hv1'), agentSocket });

/** What is said of agents where these hypervisors ask those. */
async function ofAgents(
  ways: Readonly<Record<string, Way>>,
  refused: { readonly hypervisors?: readonly string[]; readonly git?: boolean } = {},
): Promise<string[]> {
  const found = new Examination('this machine');
  const desk = {
    agentKeys: async (socket: string) => ({ '/full': 2, '/empty': 0 })[socket],
  } as unknown as DeskTools;
  const surroundings = { ...here, env: { SSH_AUTH_SOCK: '/gone' } };
  const { hypervisors = [], git = false } = refused;
  await examineAgents(found, { desk, surroundings }, new Map(Object.entries(ways)), {
    ...{ hypervisors: new Set(hypervisors), git },
  });
  return found.all.map(({ check, state, seen }) => `${state} ${seen || check}`);
}

test('an agent that has ended, or holds no key, is a note where something else lets us in', async () => {
  const ways = { hv1: by('/gone'), hv2: by('/gone'), hv3: by('/full'), hv4: by('/empty') };
  const [gone, full, empty] = [
    'note no ssh-agent answers at /gone: only key files are tried',
    'ok agent with 2 keys',
    'note the ssh-agent at /empty holds no key: only key files are tried',
  ];
  expect(await ofAgents(ways)).toEqual([gone, full, empty]);
  expect(await ofAgents(ways, { hypervisors: ['hv3'] })).toEqual([gone, full, empty]);
  expect(await ofAgents({})).toEqual([gone]);
  expect(await ofAgents({ hv1: way('hv1') })).toEqual([]);
});

test('and a finding where nothing does', async () => {
  const ways = { hv1: by('/gone'), hv2: by('/gone'), hv3: by('/full') };
  const gone = 'wrong no ssh-agent answers at /gone, and no key file lets us in:';
  expect((await ofAgents(ways, { hypervisors: ['hv2'] }))[0]).toBe(`${gone} hv2 refuses us`);
  expect(await ofAgents({ hv3: by('/full') }, { git: true })).toEqual([
    'ok agent with 2 keys',
    `${gone} the git remote refuses us`,
  ]);
});

/** A folder with this fleet.yaml, and a git that says who it is and then waits. */
function folderWith(fleetYaml: string | undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'fleet-doctor-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = (name: string) => join(directory, name);
  if (fleetYaml !== undefined) writeFileSync(file('fleet.yaml'), fleetYaml);
  writeFileSync(file('git'), `#!/bin/sh\necho $$ >'${file('waits')}'\nexec sleep 60\n`);
  chmodSync(file('git'), 0o755);
  const env = { PATH: `${directory}:${process.env.PATH}`, HOME: directory };
  const ports = { cwd: directory, surroundings: { ...here, env } } as unknown as DoctorPorts;
  return { file, ports, where: { directory, config: 'fleet.yaml' } };
}

test.each([
  ['the schema of another fleet', './old.json', schemaText().replace('"title"', '"titel"'), 'old'],
  ['no schema', './old.json', undefined, 'old'],
  ['a schema outside of the repository', '../../.bashrc', undefined, 'fleet.schema'],
  ['a schema among the files of git', '.git/x.json', undefined, 'fleet.schema'],
  ['its schema', './old.json', schemaText(), undefined],
])('%s beside fleet.yaml keeps nothing from being deployed', async (_, path, text, renew) => {
  const named = `# yaml-language-server: $schema=${path}\n${complete}`;
  const { file, ports, where } = folderWith(named);
  if (text !== undefined) writeFileSync(file('old.json'), text);
  const { found } = await examineConfig(ports, where);
  const seen = found.all.find(({ check }) => check === 'schema');
  expect(seen?.state).toBe(renew === undefined ? 'ok' : 'note');
  expect(seen?.fix?.split('\n')[0]).toBe(renew && `fleet schema > ${renew}.json`);
});

test.each([
  ['the clone', complete],
  ['the last usable fleet.yaml', undefined],
])('git that is asked for %s ends with the work', async (_, fleetYaml) => {
  const { file, ports, where } = folderWith(fleetYaml);
  const desk = {
    sshVersion: async () => 'OpenSSH',
    wayTo: async () => way('hv1'),
  } as unknown as DeskTools;
  const connector = { connect: () => new Promise<never>(() => {}) };
  const stop = new AbortController();
  const examined = doctor({ ...ports, desk, connector, node: '24' }, { where }, stop.signal);
  const waits = await vi.waitUntil(
    () => existsSync(file('waits')) && readFileSync(file('waits'), 'utf8').trim(),
    5000,
  );
  stop.abort();
  await expect(examined).rejects.toMatchObject({ code: 'interrupted' });
  await vi.waitUntil(() => !existsSync(`/proc/${waits}`), 5000);
});
