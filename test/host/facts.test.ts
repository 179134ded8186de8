import { describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { VmFacts } from '../../src/model/guest-facts.ts';
import { systemName } from '../../src/model/names.ts';
import {
  deployedFacts,
  emptyFacts,
  index,
  openDeployment,
  unit,
  withEntry,
} from '../plan/situation.ts';
import { factsText } from './facts-text.ts';

const deployed = deployedFacts(index(), 'hv1');
const full: Facts = {
  ...deployed,
  currentSystemSince: 1_759_000_001,
  systemProfileSince: 1_759_000_002,
  rebootFor: ['kernel'],
  missingTools: ['microvm'],
  writers: [
    { name: 'nixos-upgrade.timer', kind: 'installed' },
    { name: 'nixos-upgrade.service', kind: 'running' },
    { name: 'microvm', kind: 'running' },
    { name: 'switch-to-configuration', kind: 'running' },
  ],
  collecting: true,
  gone: new Set(['web1']),
  lost: new Map([['Web_1', ['current', 'booted']]]),
  unrooted: new Set([systemName]),
  vms: withEntry(deployed.vms, 'web1', { currentSince: 1_759_000_003 }),
  lock: openDeployment('d2', { decided: 'confirmed' }),
  held: new Map([
    [systemName, { from: '/nix/store/b', to: '/nix/store/a', operator: 'eve', since: 1 }],
  ]),
  stopped: new Map([
    ['web1', { operator: 'eve@desk', since: 1_759_000_004, isHeld: true }],
    ['web2', { operator: 'eve@desk', since: 1_759_000_005, isHeld: false }],
  ]),
  aside: new Map([['old', ['/var/lib/fleet/aside/1/old', '/var/lib/fleet/aside/2/old']]]),
  open: [
    openDeployment('d1', { atWork: false, left: -3 }),
    openDeployment('d2', { decided: 'back' }),
  ],
  failedUnits: ['nginx.service'],
  routes: [
    { destination: 'default', device: 'eth0', connected: false },
    { destination: '10.1.0.0/24', device: 'br-front', connected: true },
  ],
  answers: new Map([
    ['10.1.0.2', true],
    ['10.2.0.2', false],
  ]),
  plumbing: {
    closed4: new Set(['all', 'br-front']),
    forwards6: false,
    table: 'changed',
    drops: [{ chain: 'ip filter FORWARD', names: ['docker0', '172.17.0.0/16'] }],
    dnsmasq: 'failed',
  },
  stateMount: { folder: '/', type: 'tmpfs', othersKept: true },
  images: new Map([
    ['/var/lib/microvms/db1', new Map([['data.img', 10_737_418_240]])],
    ['/var/lib/microvms/.aside/1/old', new Map([['data.img', 1]])],
  ]),
  crowded: new Set(['/var/lib/microvms/db1']),
  ended: { id: 'd0', result: 'rolled-back' },
};
const text = factsText(full);

/** The text with one section's lines replaced. */
const withSection = (name: string, body: string) =>
  text.replace(new RegExp(`(== ${name}\n)[\\s\\S]*?(?=\n== )`), (_, head: string) => head + body);

describe('facts', () => {
  test('are all read', () => {
    expect(parseFacts(text)).toEqual(full);
    expect(parseFacts(factsText(emptyFacts))).toEqual(emptyFacts);
  });

  test('cut off anywhere are refused, never half believed', () => {
    for (let end = 0; end < text.length - 1; end += 7) {
      expect(() => parseFacts(text.slice(0, end))).toThrow(FleetError);
    }
  });

  test.each([
    ['chatter after the last', `${text}logout\n`],
    ['nothing', ''],
  ])('with %s are refused with a hint', (_, wrong) => {
    expect(() => parseFacts(wrong)).toThrow(
      expect.objectContaining({
        code: 'facts.unreadable',
        hint: expect.stringContaining('start-up file'),
      }),
    );
  });

  test.each([
    ['of a time before there were any', 'version\t\t1', undefined],
    ['that is read', 'version\t1\t1', undefined],
    ['that is newer', 'version\t12\t1', { version: 12, reads: 1 }],
    ['that its file does not say', 'version\t?\t1', { version: undefined, reads: 1 }],
  ])('tell of a version of the state %s', (_, line, told) => {
    expect(parseFacts(text.replace('version\t1\t1', line)).unknownState).toEqual(told);
  });

  test('that a newer fleet writes otherwise are refused with what to do', () => {
    const other = text.replace('version\t1\t1', 'version\t2\t1\ndeployed\tweb1\tx\tno path');
    expect(() => parseFacts(other)).toThrow(
      expect.objectContaining({
        code: 'facts.unreadable',
        hint: 'A newer fleet wrote /var/lib/fleet there (version 2): update fleet.',
      }),
    );
  });

  test('take a unit that systemd has not loaded for a stopped one', () => {
    const vm = parseFacts(withSection('units', '')).vms.get('web1');
    expect(vm?.unit).toMatchObject({
      active: 'inactive',
      sub: 'dead',
      invocation: '',
    });
    expect(vm?.virtiofsd.active).toBe('inactive');
  });

  test('tell a vm that never booted, or has no runner, from one that runs', () => {
    const never = parseFacts(text.replace(/^.*web1\/booted -> .*\n/m, '')).vms.get('web1');
    expect(never).toMatchObject({ current: '/nix/store/old-web1', booted: undefined });
    const none = parseFacts(text.replace(/^.*web1\/(booted|current) -> .*\n/gm, '')).vms.get(
      'web1',
    );
    expect(none).toMatchObject({ current: undefined, booted: undefined });
  });

  test('count dirty files, whatever their names are', () => {
    const dirty = '1 .M N... 100644 100644 100644 a b my file\n? a\tb\n? == units\n';
    const facts = parseFacts(text.replace('\n== units', `\n${dirty}== units`));
    const edited = ['my file', 'a'];
    expect(facts.checkout).toMatchObject({ branch: 'fleet', dirty: 3, edited });
    expect(facts.vms.get('web1')?.unit.active).toBe('active');
  });

  test('know a checkout without commits', () => {
    const facts = parseFacts(
      factsText({ ...emptyFacts, checkout: { commit: undefined, branch: 'fleet', dirty: 0 } }),
    );
    expect(facts.checkout).toEqual({ commit: undefined, branch: 'fleet', dirty: 0 });
  });

  test('know a lock without an owner yet as a lock', () => {
    expect(parseFacts(text.replace(/^lock\t.*$/m, 'lock')).lock).toMatchObject({
      owner: 'somebody',
    });
    expect(parseFacts(text.replace(/^lock\t.*\n/m, '')).lock).toBeUndefined();
  });
});

describe('ip -j', () => {
  test('prints {} for interfaces that a filter left out', () => {
    const facts = parseFacts(
      withSection('addresses', '[{},{"ifname":"lo","flags":["UP"],"addr_info":[{}]},{}]'),
    );
    expect([...facts.interfaces.keys()]).toEqual(['lo']);
  });

  test.each(['', '\n', '[]', '[ ]'])('may print %j', (json) => {
    const facts = parseFacts(withSection('addresses', json));
    expect(facts.interfaces.size).toBe(0);
    expect(parseFacts(withSection('routes', json)).routes).toEqual([]);
  });

  test('may print over several lines', () => {
    const json = JSON.stringify([{ ifname: 'br-x', flags: [], master: 'bond0' }], null, 1);
    expect(parseFacts(withSection('addresses', json)).interfaces.get('br-x')).toEqual({
      name: 'br-x',
      up: false,
      master: 'bond0',
      addresses: [],
    });
  });

  test('may leave out the device of a route', () => {
    const facts = parseFacts(
      withSection('routes', '[{"type":"blackhole","dst":"10.9.0.0/16"},{}]'),
    );
    expect(facts.routes).toEqual([{ destination: '10.9.0.0/16', device: '', connected: false }]);
  });

  test('tells no scope of IPv6: what has no gateway is on the wire; link-local is nobody’s', () => {
    const routes = [
      { dst: '2001:db8:1::/64', dev: 'eth0', protocol: 'ra' },
      { dst: '2001:db8:2::/64', dev: 'eth0', gateway: 'fe80::1' },
      { dst: 'default', dev: 'eth0', nexthops: [] },
      { dst: 'fe80::/64', dev: 'eth0' },
    ];
    const facts = parseFacts(withSection('routes6', JSON.stringify(routes)));
    expect(facts.routes.slice(-3)).toEqual([
      { destination: '2001:db8:1::/64', device: 'eth0', connected: true },
      { destination: '2001:db8:2::/64', device: 'eth0', connected: false },
      { destination: 'default', device: 'eth0', connected: false },
    ]);
  });

  test('that is cut short is refused as facts are, not as a bug', () => {
    expect(() => parseFacts(withSection('addresses', '[{"ifname":"lo"'))).toThrow(FleetError);
    expect(() => parseFacts(withSection('routes', '[{"dst":'))).toThrow(FleetError);
  });
});

describe('links', () => {
  test('are read below the root that the hypervisor says it has', () => {
    const moved = text
      .replace('root\t', 'root\t/srv/pretend')
      .replaceAll(' /var/lib', ' /srv/pretend/var/lib');
    expect(parseFacts(moved).vms.get('web1')?.current).toBe('/nix/store/old-web1');
    expect(parseFacts(moved).currentSystem).toBeUndefined();
  });

  test('tell a reboot that is needed only where something was booted differently', () => {
    const facts = parseFacts(text.replace(/^.*booted-system\/initrd -> .*\n/m, ''));
    expect(facts.rebootFor).toEqual(['kernel']);
  });
});

describe('second writers', () => {
  const writers = (units: string, processes: string[] = []) =>
    parseFacts(
      withSection('units', units).replace(
        /(== processes\n)[\s\S]*?(?=== )/,
        (_, head: string) => `${head}${processes.map((p) => `${p}\n`).join('')}`,
      ),
    );
  const unitText = (id: string, active: string) =>
    `Id=${id}\nActiveState=${active}\nSubState=dead\nInvocationID=\n\n`;

  test('are not seen in units that are not loaded, or failed, or only wait', () => {
    const idle =
      unitText('nixos-upgrade.timer', 'inactive') +
      unitText('nixos-upgrade.service', 'failed') +
      unitText('comin.service', 'inactive');
    expect(writers(idle).writers).toEqual([]);
  });

  test('beside guests do not hide them', () => {
    const units = `${unitText('microvm@web1.service', 'active')}${unitText('comin.service', 'active')}`;
    const facts = writers(units);
    expect(facts.vms.get('web1')?.unit.active).toBe('active');
    expect(facts.writers).toEqual([{ name: 'comin.service', kind: 'installed' }]);
  });

  test('are called by their whole names, each once', () => {
    const cut = [
      '.nixos-rebuild-',
      'nixos-rebuild-n',
      'nixos-rebuild',
      '.switch-to-conf',
      'microvm',
    ];
    const facts = writers('', cut);
    expect(facts.writers.map((w) => w.name)).toEqual([
      'microvm',
      'nixos-rebuild',
      'switch-to-configuration',
    ]);
    expect(facts.collecting).toBe(false);
  });

  test('are not the garbage collector', () => {
    expect(writers('', ['nix-collect-gar'])).toMatchObject({ writers: [], collecting: true });
  });
});

describe('resources', () => {
  test('are not known where a disk has no line: whose the others are cannot be told', () => {
    const one =
      'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 9 1 5 1% /boot';
    const two = text.replace('\n== links', '\ndisk\t/boot\n== links');
    expect(parseFacts(two.replace(/(== disks\n)[\s\S]*?(?=\n== )/, `$1${one}`)).freeKiB.size).toBe(
      0,
    );
  });

  test('may be missing, or cut', () => {
    const facts = parseFacts(text.replace(/^(memory\tMemAvailable|processors)\t.*\n/gm, ''));
    expect(facts).toMatchObject({ memory: undefined, processors: undefined });
  });

  test.each([
    ['0', 1],
    ['0-7', 8],
    ['0-3,8,10-11', 7],
    ['many', undefined],
  ])('count the processors of %s', (list, count) => {
    expect(parseFacts(text.replace(/^processors\t.*$/m, `processors\t${list}`)).processors).toBe(
      count,
    );
  });
});

test('the time of a link is not read from anything but a line with one', () => {
  const odd = '  File: "/run/current-system"\n    ID: 0 Namelen: 255\n?Y /run/current-system';
  expect(parseFacts(withSection('times', odd))).toMatchObject({
    currentSystemSince: undefined,
    systemProfileSince: undefined,
  });
});

test('a unit that restarts is not taken for a running one', () => {
  const crashing = unit('activating', { sub: 'auto-restart' });
  const vms = new Map(full.vms).set('web1', {
    ...(full.vms.get('web1') as VmFacts),
    unit: crashing,
  });
  expect(parseFacts(factsText({ ...full, vms })).vms.get('web1')?.unit).toEqual(crashing);
});
