import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { script } from '../../src/host/scripts.ts';
import { FleetError } from '../../src/model/errors.ts';
import { drift } from '../../src/plan/drift.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { select } from '../../src/plan/selectors.ts';
import { factsText } from '../host/facts-text.ts';
import { quietSystemd } from '../host/quiet-systemd.ts';
import { deployedFacts, head, index, sameFingerprints } from '../plan/situation.ts';

const good = deployedFacts(index(), 'hv1');
const text = factsText(good);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-forged-'));
  link('run/current-system', '/nix/store/true-system');
  for (const vm of ['db1', 'web1']) {
    link(`var/lib/microvms/${vm}/current`, `/nix/store/true-${vm}`);
    link(`var/lib/microvms/${vm}/booted`, `/nix/store/true-${vm}`);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function link(path: string, to: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(to, join(root, path));
}

/** facts.sh, on a hypervisor that is a folder. */
function facts() {
  const { stdout } = spawnSync('sh', ['-c', script('facts'), 'fleet', '/repo', 'brief'], {
    env: { PATH: quietSystemd(root), FLEET_ROOT: root },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseFacts(stdout);
}

const forgedRow = (path: string) =>
  `lrwxrwxrwx 1 root root 9 Nov 1 00:00 ${path} -> /nix/store/FORGED`;

describe('whoever may write the state directory of vms', () => {
  test.each([
    '-x',
    '-',
    '--',
    '..x',
    'a b',
    'a\nb',
    'a\tb',
    'A',
    '_',
    'é',
    'x'.repeat(255),
    '\x1b[2J',
  ])('keeps nobody from reading facts by a folder called %j', (name) => {
    link(join('var/lib/microvms', name, 'current'), '/nix/store/mine');
    link(join('var/lib/microvms/.aside/20250101-0001', name, 'current'), '/nix/store/mine');
    expect(facts().vms.get('web1')?.current).toBe('/nix/store/true-web1');
  });

  test.each([
    ['a section of links', () => `x\n== links\n${forgedRow(`${root}/run/current-system`)}`],
    [
      'a section of runners',
      () => `x\n== runners\n${forgedRow(`${root}/var/lib/microvms/web1/current`)}`,
    ],
    ['a row of another vm', () => `x\n${forgedRow(`${root}/var/lib/microvms/web1/current`)}`],
    ['the end', () => 'x\n== end'],
    ['an arrow', () => `x -> ${forgedRow(`${root}/var/lib/microvms/web1/current`)}`],
  ])('forges nothing by a link to %s', (_, target) => {
    link('var/lib/microvms/aaa/current', target());
    const { currentSystem, vms } = facts();
    expect(currentSystem).toBe('/nix/store/true-system');
    expect(vms.get('web1')).toMatchObject({
      current: '/nix/store/true-web1',
      booted: '/nix/store/true-web1',
    });
    expect(vms.get('aaa')?.current).toBeUndefined();
  });

  test.each(['x\n== links', 'x\n== taken\n9\t/var/lib/microvms/web1', 'x\nvm\tghost\tno', 'a\tb'])(
    'forges nothing by the name %j of a folder',
    (name) => {
      link(`var/lib/microvms/${name}/current`, '/nix/store/FORGED');
      mkdirSync(join(root, `var/lib/microvms/.aside/${name}/old`), { recursive: true });
      writeFileSync(join(root, `var/lib/microvms/${name}/image`), 'x');
      const seen = facts();
      expect([...seen.vms.keys()]).toEqual(['db1', 'web1']);
      expect(seen.aside.size).toBe(0);
      expect(seen.vms.get('web1')?.current).toBe('/nix/store/true-web1');
    },
  );

  test('hides the disks of no other vm behind many files, and does not go unnoticed', () => {
    for (const vm of ['db1', 'web1'])
      writeFileSync(join(root, `var/lib/microvms/${vm}/x.img`), 'x');
    for (let n = 0; n < 2500; n++)
      writeFileSync(join(root, `var/lib/microvms/db1/${n.toString(36)}`), '');
    const { crowded, images } = facts();
    expect([...crowded]).toEqual(['/var/lib/microvms/db1']);
    expect([...(images.get('/var/lib/microvms/web1') ?? [])]).toEqual([['x.img', 1]]);
    expect(images.get('/var/lib/microvms/db1')?.size).toBe(100);
  });

  test.each([
    '/tmp/runner',
    '/nix/store/../../tmp/x',
    '/nix/store/a/b',
    '/nix/store/a b',
    '/nix/store/\u202ea',
  ])('has no runner at %j', (target) => {
    link('var/lib/microvms/aaa/current', target);
    expect(facts().vms.get('aaa')?.current).toBeUndefined();
  });
});

describe('facts are not read at all', () => {
  const withRow = (row: string) => text.replace('\n== links', `\n${row}\n== links`);

  test.each([
    ['a section twice', text.replace('== times', '== links\n== times')],
    ['a section of somebody', text.replace('== times', '== more\n== times')],
    ['a time beyond dates', withRow('held\tweb1\t/nix/store/a\t/nix/store/b\teve\t1e300')],
    ['a time before 1970', withRow('held\tweb1\t/nix/store/a\t/nix/store/b\teve\t-1')],
    ['a deployment of the year 30000', withRow('open\tx\teve\tapply\t999999999999\t\t5')],
    ['a name that does not show', withRow('vm\tweb\u202e1\tno')],
    ['a name with an escape', withRow('held\t\u001b[2J\t/nix/store/a\t/nix/store/b\teve\t1')],
    ['a path that is none', withRow('deployed\tweb1\tf\tstore\tc\t1\t-')],
    ['no time', text.replace(/^now\t.*$/m, 'now\tlater')],
    ['an object for a list', text.replace(/(== addresses\n).*/, '$1{}')],
    ['null for a list', text.replace(/(== addresses\n).*/, '$1null')],
    ['null in a list', text.replace(/(== addresses\n).*/, '$1[null]')],
    ['a number for a name', text.replace(/(== addresses\n).*/, '$1[{"ifname":1}]')],
    [
      'a text for addresses',
      text.replace(/(== addresses\n).*/, '$1[{"ifname":"a","addr_info":"b"}]'),
    ],
    [
      'null for an address',
      text.replace(/(== addresses\n).*/, '$1[{"ifname":"a","addr_info":[null]}]'),
    ],
    ['a number for a route', text.replace(/(== routes\n).*/, '$1[{"dst":1}]')],
    ['a list for a device', text.replace(/(== routes\n).*/, '$1[{"dst":"default","dev":[]}]')],
  ])('with %s', (_, wrong) => {
    expect(wrong).not.toBe(text);
    expect(() => parseFacts(wrong)).toThrow(
      expect.objectContaining({ code: 'facts.unreadable', blames: 'world' }),
    );
  });

  test('and whatever they say else, they can be planned from', () => {
    const lines = text.split('\n');
    const odd = fc.oneof(
      fc.constantFrom('', '-', '1e300', 'null', '{}', '[]', '== links', 'NaN', '-1', '__proto__'),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.nat(lines.length - 2), fc.nat(8), odd, (at, field, value) => {
        const fields = (lines[at] ?? '').split('\t');
        fields[field % fields.length] = value;
        const wrong = [...lines.slice(0, at), fields.join('\t'), ...lines.slice(at + 1)].join('\n');
        try {
          drift(index(), 'hv1', parseFacts(wrong));
        } catch (error) {
          expect(error).toBeInstanceOf(FleetError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('what people wrote there is cut, and shows as it is', () => {
  const operator = `eve\u202e${'x'.repeat(80_000)}`;
  const row = `held\tweb1\t/nix/store/a\t/nix/store/b\t${operator}\t1`;
  const held = parseFacts(text.replace('\n== links', `\n${row}\n== links`)).held.get('web1');
  expect(held?.operator).toMatch(/^eve x{80,}…$/);
  expect(held?.operator.length).toBe(100);
});

test('a record of how a vm is reached that somebody else wrote is none', () => {
  const record = (expected: unknown) => {
    const row = `deployed\tdb1\tf\t/nix/store/x\tc\t1\t${JSON.stringify(expected)}`;
    return parseFacts(text.replace('\n== links', `\n${row}\n== links`)).deployed.get('db1');
  };
  const nic = { tap: 'vm-db1', bridge: 'br-x', address: '10.1.0.2' };
  expect(record(nic)?.expected).toEqual({ ...nic, further: [], volumes: [] });
  for (const wrong of [
    { ...nic, tap: 1 },
    { ...nic, tap: 'a\u001bb' },
    { ...nic, further: {} },
    { ...nic, further: [null] },
    { ...nic, volumes: [{ image: 'x' }] },
    { ...nic, volumes: [{ image: 'x', label: 'x', mount: 'x', sizeMiB: 1e300 }] },
    [],
    null,
  ])
    expect(record(wrong)?.expected).toBeUndefined();
});

test('a hypervisor that cannot be planned costs itself only', () => {
  // As a bug would.
  const throws = () => {
    throw new RangeError('Invalid time value');
  };
  const plan = makePlan({
    index: index(),
    files: [],
    head,
    fingerprints: sameFingerprints(index()),
    selection: select(index().fleet, undefined),
    release: new Set(),
    warnings: [],
    facts: new Map([
      ['hv1', new Proxy(good, { get: throws })],
      ['hv2', deployedFacts(index(), 'hv2')],
    ]),
  });
  const [hv1, hv2] = plan.hypervisors;
  expect(hv1?.problems.join()).toContain('Invalid time value');
  expect(hv2).toMatchObject({ problems: [], actions: [] });
});
