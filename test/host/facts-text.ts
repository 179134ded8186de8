import { formatExpected } from '../../src/model/expected.ts';
import type { Facts, OpenDeployment, Writer } from '../../src/model/facts.ts';
import type { UnitFacts } from '../../src/model/guest-facts.ts';
import type { Interface, Route } from '../../src/model/network-facts.ts';

const roots = '/nix/var/nix/gcroots/fleet';
const parts = ['kernel', 'initrd', 'kernel-modules'];

/** Facts as facts.sh prints them: what `parseFacts` reads. */
export function factsText(facts: Facts): string {
  return [
    ...records(facts),
    '== links',
    ...links(facts).map(([path, to]) => `lrwxrwxrwx 1 root kvm 51 Jan  1 00:00 ${path} -> ${to}`),
    '== runners',
    ...runners(facts).map(([path, to]) => `lrwxrwxrwx 1 root kvm 51 Jan  1 00:00 ${path} -> ${to}`),
    '== times',
    ...times(facts).map(([path, since]) => `${since} ${path}`),
    '== disks',
    'Filesystem 1024-blocks Used Available Capacity Mounted on',
    ...[...facts.freeKiB].map(([disk, free]) => `/dev/vda1 99999999 1 ${free} 1% ${disk}`),
    '== taken',
    ...[...facts.takenKiB].map(([vm, kib]) => `${kib}\t/var/lib/microvms/${vm}`),
    '== images',
    ...[...facts.images].flatMap(([folder, own]) =>
      [...own].map(([file, bytes]) => `${bytes} ${folder}/${file}`),
    ),
    ...[...facts.crowded].map((folder) => `cut ${folder}`),
    '== checkout',
    ...checkout(facts),
    '== units',
    ...[...facts.vms.values()].flatMap((vm) => [
      ...unitLines(`microvm@${vm.name}.service`, vm.unit, vm.unit.queued ?? vm.lingers),
      ...unitLines(`microvm-virtiofsd@${vm.name}.service`, vm.virtiofsd),
    ]),
    ...(facts.plumbing.dnsmasq === undefined
      ? []
      : unitLines('dnsmasq.service', { active: facts.plumbing.dnsmasq, sub: '', invocation: '' })),
    ...facts.writers.filter(isUnit).flatMap(writerUnit),
    ...atWork(facts).flatMap((id) => unitLines(`fleet-back-${id}.timer`, waiting)),
    '== processes',
    ...facts.writers.filter((w) => !isUnit(w)).map((w) => w.name.slice(0, 15)),
    ...(facts.collecting ? ['nix-collect-gar'] : []),
    '== failed',
    ...facts.failedUnits.map((u) => `${u} loaded failed failed Something`),
    '== addresses',
    JSON.stringify([...facts.interfaces.values()].map(ipAddress)),
    '',
    '== routes',
    JSON.stringify(facts.routes.filter((route) => !isIpv6(route)).map(ipRoute)),
    '',
    '== routes6',
    JSON.stringify(facts.routes.filter(isIpv6).map(ipRoute)),
    '',
    '== answers',
    ...[...facts.answers].map(([address, yes]) => `${yes ? 'yes' : 'no'} ${address}`),
    '== end',
    '',
  ].join('\n');
}

/** The part of them that health.sh prints: what `parseHealth` reads. */
export function healthText(facts: Facts): string {
  const text = factsText(facts);
  const isTold = (line: string) => /^(boot|root|uptime|vm)\t/.test(line);
  const records = text.split('\n').filter(isTold);
  const sections = text.split(/^(?=== )/m).slice(1);
  const isHealth = (section: string) => /^== (runners|units|addresses|answers|end)\n/.test(section);
  return [...records, `system\t${facts.currentSystem ?? ''}`, ...sections.filter(isHealth)].join(
    '\n',
  );
}

const isIpv6 = ({ destination }: Route): boolean => destination.includes(':');

const ipRoute = ({ destination, device, connected }: Route) => ({
  dst: destination,
  dev: device,
  ...(connected ? { scope: 'link' } : { gateway: 'fe80::1' }),
});

function version({ unknownState }: Facts): (string | number)[] {
  return unknownState ? [unknownState.version ?? '?', unknownState.reads] : [1, 1];
}

function records(facts: Facts): string[] {
  const { lock } = facts;
  const rows: (readonly (string | number | undefined)[])[] = [
    ['root', ''],
    ['now', facts.now],
    ['uptime', uptime],
    ['machine', facts.machine],
    [
      'client',
      facts.clientAddress &&
        `${facts.clientAddress} 50000 ${facts.ownAddress ?? '192.0.2.1'} ${facts.sshdPort}`,
    ],
    ['boot', facts.bootId],
    ['version', ...version(facts)],
    ...(facts.fleet === undefined ? [] : [['fleet', facts.fleet]]),
    ...(facts.otherVms ?? []).map((name) => ['other', name]),
    ...facts.missingTools.map((tool) => ['missing', tool]),
    ...(lock ? [deployment('lock', lock)] : []),
    ...[...facts.deployed].map(([name, d]) => {
      const expected = d.expected ? formatExpected(d.expected) : '-';
      return ['deployed', name, d.fingerprint, d.path, d.commit, d.since, expected];
    }),
    ...[...facts.gone].map((name) => ['gone', name]),
    ...[...facts.lost].flatMap(([name, links]) => links.map((link) => ['lost', name, link])),
    ...[...facts.held].map(([name, h]) => ['held', name, h.from, h.to, h.operator, h.since]),
    ...[...facts.waiting].map(([name, w]) => [
      ...['waiting', name, w.fingerprint, w.path, w.commit, w.since],
      w.expected ? formatExpected(w.expected) : '-',
    ]),
    ...[...facts.stopped].map(([name, s]) => [
      ...['stopped', name, s.operator, s.since],
      s.isHeld ? 'held' : 'apply',
    ]),
    ...[...facts.aside].flatMap(([name, folders]) => folders.map((f) => ['aside', name, f])),
    ...facts.open.map((open) => deployment('open', open)),
    ...[...facts.vms.values()].map((vm) => ['vm', vm.name, vm.declarative ? 'yes' : 'no']),
    ...[...facts.freeKiB.keys()].map((disk) => ['disk', disk]),
    ...(facts.memory
      ? [
          ['memory', 'MemTotal', facts.memory.totalKiB],
          ['memory', 'MemAvailable', facts.memory.availableKiB],
        ]
      : []),
    ...plumbing(facts),
    ...(facts.ended ? [['ended', facts.ended.id, facts.ended.result]] : []),
    ...(facts.processors === undefined ? [] : [['processors', `0-${facts.processors - 1}`]]),
  ];
  return rows.map((row) => row.map((field) => field ?? '').join('\t'));
}

function plumbing({ plumbing: seen, stateMount }: Facts): string[][] {
  const tables = { 'as deployed': ['1', '1'], changed: ['2', '1'], missing: ['', '1'] } as const;
  return [
    ...[...seen.closed4].map((name) => ['closed4', name]),
    ...(seen.forwards6 === undefined ? [] : [['forwards6', seen.forwards6 ? '1' : '0']]),
    ...(seen.table === undefined ? [] : [['table', ...tables[seen.table]]]),
    ...seen.drops.map(({ chain, names }) => ['drops', chain, names.join(' ')]),
    ...(stateMount
      ? [['mounted', stateMount.folder, stateMount.type, stateMount.othersKept ? 'yes' : 'no']]
      : []),
  ];
}

function deployment(kind: 'lock' | 'open', of: OpenDeployment) {
  return [kind, of.id, of.owner, of.operation, of.since, of.decided, of.left];
}

const waiting: UnitFacts = { active: 'active', sub: 'waiting', invocation: 'i1' };

/** Deployments whose way back is armed. */
function atWork({ lock, open }: Facts): string[] {
  const all = [...(lock ? [lock] : []), ...open];
  return [...new Set(all.filter((d) => d.atWork).map((d) => d.id))];
}

function links(facts: Facts): [string, string][] {
  const profiles = '/nix/var/nix/profiles';
  const all: [string, string | undefined][] = [
    [`${profiles}/system`, facts.systemProfile && 'system-42-link'],
    [`${profiles}/system-42-link`, facts.systemProfile],
    ['/run/current-system', facts.currentSystem],
    ['/run/booted-system', facts.bootedSystem],
    ...parts.map((part): [string, string] => [`/run/current-system/${part}`, `/nix/store/${part}`]),
    ...parts.map((part): [string, string] => {
      const then = facts.rebootFor.includes(part) ? 'older-' : '';
      return [`/run/booted-system/${part}`, `/nix/store/${then}${part}`];
    }),
    ...[...facts.deployed]
      .filter(([name]) => !facts.unrooted.has(name))
      .map(([name, { path }]): [string, string] => [`${roots}/deployed-${name}`, path]),
  ];
  return all.filter((link): link is [string, string] => link[1] !== undefined);
}

function times(facts: Facts): [string, number][] {
  const all: [string, number | undefined][] = [
    ['/nix/var/nix/profiles/system', facts.systemProfileSince],
    ['/run/current-system', facts.currentSystemSince],
    ...[...facts.vms.values()].map(({ name, currentSince }): [string, number | undefined] => [
      `/var/lib/microvms/${name}/current`,
      currentSince,
    ]),
  ];
  return all.filter((time): time is [string, number] => time[1] !== undefined);
}

function runners(facts: Facts): [string, string][] {
  const all = [...facts.vms.values()].flatMap(
    ({ name, current, booted }): [string, string | undefined][] => [
      [`/var/lib/microvms/${name}/current`, current],
      [`/var/lib/microvms/${name}/booted`, booted],
    ],
  );
  return all.filter((link): link is [string, string] => link[1] !== undefined);
}

function checkout({ checkout: seen }: Facts): string[] {
  if (!seen) return [];
  return [
    `# branch.oid ${seen.commit ?? '(initial)'}`,
    ...(seen.branch ? [`# branch.head ${seen.branch}`] : []),
    ...Array.from({ length: seen.dirty }, (_, n) => `? file ${n}`),
  ];
}

/** Seconds since the hypervisor came up. */
const uptime = 1_000_000;

function unitLines(name: string, unit: UnitFacts, queued = false): string[] {
  return [
    `Id=${name}`,
    `ActiveState=${unit.active}`,
    `SubState=${unit.sub}`,
    `InvocationID=${unit.invocation}`,
    `ActiveEnterTimestampMonotonic=${unit.activeFor === undefined ? 0 : (uptime - unit.activeFor) * 1e6}`,
    ...(queued ? ['Job=4711'] : []),
    '',
  ];
}

const isUnit = ({ name }: Writer) => name.includes('.');

/** A timer that waits, or a service that works. */
function writerUnit({ name, kind }: Writer): string[] {
  const active = kind === 'running' ? 'activating' : 'active';
  return unitLines(name, {
    active,
    sub: kind === 'running' ? 'start' : 'waiting',
    invocation: '',
  });
}

function ipAddress({ name, up, master, addresses }: Interface) {
  return {
    ifname: name,
    flags: up ? ['BROADCAST', 'UP'] : ['BROADCAST'],
    ...(master !== undefined && { master }),
    addr_info: addresses.map((a) => {
      const [local = '', prefix] = a.split('/');
      return { family: 'inet', local, prefixlen: Number(prefix) };
    }),
  };
}
