import { describe, expect, test } from 'vitest';
import { type ChosenOperation, operate } from '../../src/app/operate.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { Event } from '../../src/model/events.ts';
import type { Deployed } from '../../src/model/facts.ts';
import type { OperationKind, OperationResult } from '../../src/model/operation-result.ts';
import { stamping } from '../../src/model/stamp.ts';
import { Refusal } from '../deploy/fake-hypervisor.ts';
import { names, Overlapping, settle, yaml } from '../deploy/overlapping.ts';
import { unit } from '../plan/situation.ts';

/** web4 needs web3, which needs nobody. */
const chained = yaml.replace('address: 10.1.0.5', '$&, dependsOn: [web3]');

/** Each needs the one before it. */
const chain = [3, 4, 5].reduce(
  (text, n) => text.replace(`address: 10.1.0.${n}`, `$&, dependsOn: [web${n - 2}]`),
  yaml,
);

const inStore = (name: string) => `/nix/store/${name}`;
const outcomes = (results: readonly OperationResult[]) =>
  results.map(({ name, outcome, because = '' }) => `${name} ${outcome} ${because}`.trimEnd());

/** What `fleet KIND web*` does, of guests that all run or none does. */
class Operating extends Overlapping {
  /** Ms at which each was begun: its operation, or its step where it waited for a restart. */
  readonly begun: Map<string, number> = new Map();
  /** Ms that each takes, and a look. */
  takes = 0;
  lookTakes = 0;
  /** Ms before it begins at which facts were read. */
  age = 0;
  readonly told: Event[] = [];

  constructor(isUp: boolean, text = chained) {
    super(text);
    const off = { booted: undefined, unit: unit('inactive'), virtiofsd: unit('inactive') };
    const up = { unit: unit('active', { activeFor: 100 }) };
    for (const name of names) this.hv1.vm(name, isUp ? up : off);
    this.hv1.before = async (script, [first = '', , , vm = '']) => {
      if (script === 'health') {
        this.looks += 1;
        await this.virtual.sleep(this.lookTakes);
      }
      if (script === 'vm-set') this.begun.set(first, this.virtual.time);
      if (script !== 'operation') return;
      this.begun.set(vm, this.virtual.time);
      await this.virtual.sleep(this.takes);
    };
  }

  /** Something was built for it that nothing has booted yet. */
  waits(...names: string[]): this {
    const of = (name: string) => {
      const deployed = this.hv1.facts.deployed.get(name) as Deployed;
      return [name, { ...deployed, path: `/nix/store/new-${name}` }] as const;
    };
    this.hv1.facts = { ...this.hv1.facts, waiting: new Map(names.map(of)) };
    return this;
  }

  run(kind: OperationKind, chosen: readonly string[] = names) {
    const { hypervisors } = this.index.fleet;
    const vms = this.index.fleet.vms.filter(({ name }) => chosen.includes(name));
    const operation: ChosenOperation = {
      ...{ index: this.index, vms, close: () => {} },
      wish: { kind, isForced: false, isHeld: false, lockTimeout: 0, operator: 'ada@desk' },
      contacts: hypervisors.map((hypervisor) => ({
        ...{ hypervisor, host: this.hv1.connect() },
        facts: { ...this.hv1.facts, answers: this.#answers },
        seenAt: this.virtual.now() - this.age,
      })),
    };
    const emit = stamping((event) => this.told.push(event), this.virtual, null);
    const { signal } = this.interrupt;
    const ports = { ...this.ports, operator: 'ada@desk' };
    return this.virtual.during(operate(ports as Ports, operation, emit, signal));
  }

  /** Whether each answers, as was asked with the facts. */
  get #answers() {
    const isUp = (name: string) => this.hv1.facts.vms.get(name)?.unit.active === 'active';
    return new Map(
      this.index.fleet.vms.map(({ name, nics }) => [nics[0]?.address ?? '', isUp(name)]),
    );
  }

  /** Between the first that begins and the last. */
  get span(): number {
    const times = [...this.begun.values()];
    return Math.max(...times) - Math.min(...times);
  }
}

describe.each(['start', 'restart'] as const)('a %s of several', (kind) => {
  test('settles them side by side: the next has its turn when the one before is healthy', async () => {
    const world = new Operating(kind === 'restart');
    Object.assign(world, { takes: 1000, lookTakes: 50 });
    const { exitCode, results } = await world.run(kind);
    expect(exitCode).toBe(0);
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(
      names.map((name) => `${name} done`),
    );
    expect([...world.begun.keys()]).toEqual(names);
    // maxParallelVms is 1: one after the other, and nobody's settle is waited for.
    expect(world.span).toBeGreaterThanOrEqual(3000);
    expect(world.span).toBeLessThan(settle);
    expect(world.virtual.time).toBeLessThan(2 * settle);
    // However many settle: who asks during a look gets the next.
    expect(world.looks).toBeLessThan((world.virtual.time / 1000) * 2.5);
  });
});

test('events of a vm carry the id by which its hypervisor remembers the operation', async () => {
  const world = new Operating(false);
  const { results } = await world.run('start');
  const own = world.told.filter((event) => event.type === 'step' || event.type === 'checks');
  for (const { id, name } of results) {
    const ofIt = own.filter((e) => ('target' in e ? e.target === name : e.step.endsWith(name)));
    expect(new Set(ofIt.map((event) => event.operationId))).toEqual(new Set([id]));
    expect(ofIt.map((event) => event.type)).toContain('step');
  }
  expect(world.told.at(-1)).not.toHaveProperty('operationId');
});

test('a start of one that is well takes no time, and asks for no operation', async () => {
  const world = new Operating(true);
  const { results } = await world.run('start');
  expect(results.map(({ outcome }) => outcome)).toEqual(names.map(() => 'already'));
  expect(world.virtual.time).toBe(0);
  expect(world.begun.size).toBe(0);
});

test('one that was well and falls keeps its turn until it is well again', async () => {
  const world = new Operating(false);
  world.hv1.boot('web1', '/nix/store/old-web1');
  const { before } = world.hv1;
  let wellAt = Number.POSITIVE_INFINITY;
  world.hv1.before = async (script, args) => {
    await before(script, args);
    if (script !== 'health') return;
    const { time } = world.virtual;
    const restarted = world.begun.get('web1');
    if (restarted === undefined && time >= 3000)
      world.hv1.vm('web1', { unit: unit('active', { invocation: 'again' }) });
    // After that it takes 5 s to answer.
    if (restarted !== undefined && time < restarted + 5000)
      world.hv1.mute.add('/nix/store/old-web1');
    else if (world.hv1.mute.delete('/nix/store/old-web1')) wellAt = time;
  };
  const { results } = await world.run('start', ['web1', 'web2']);
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
  expect(world.begun.get('web2')).toBeGreaterThanOrEqual(wellAt);
});

test('a start of one that had to wait for its turn looks at it anew', async () => {
  const world = new Operating(true);
  const off = { booted: undefined, unit: unit('inactive'), virtiofsd: unit('inactive') };
  world.hv1.vm('web1', off);
  world.takes = 2000;
  const { before } = world.hv1;
  world.hv1.before = async (script, args) => {
    await before(script, args);
    if (world.begun.size === 1) world.hv1.vm('web2', off);
  };
  const { results } = await world.run('start', ['web1', 'web2']);
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
  expect(results[1]?.because).toMatch(/^booted: nothing/);
});

test('a stop of one that somebody has started since stops it', async () => {
  const world = new Operating(false);
  const stopped = new Map([['web1', { isHeld: false, since: 0, operator: 'eve@desk' }]]);
  world.hv1.facts = { ...world.hv1.facts, stopped };
  expect(outcomes((await world.run('stop', ['web1'])).results)).toEqual(['web1 already']);
  world.age = 60_000;
  const { before } = world.hv1;
  world.hv1.before = async (script, args) => {
    await before(script, args);
    if (script === 'health' && world.begun.size === 0)
      world.hv1.boot('web1', '/nix/store/old-web1');
  };
  expect(outcomes((await world.run('stop', ['web1'])).results)).toEqual(['web1 done']);
});

test('a stop takes all at once, but for those that others need', async () => {
  const world = new Operating(true);
  world.takes = 20_000;
  const { exitCode } = await world.run('stop');
  expect(exitCode).toBe(0);
  const { web3, ...others } = Object.fromEntries(world.begun);
  expect(others).toEqual({ web1: 0, web2: 0, web4: 0 });
  expect(web3).toBe(20_000);
  expect(world.virtual.time).toBe(40_000);
});

test.each([
  ['start', [], ['web1']],
  ['stop', [], ['web4']],
  ['restart', ['web1'], ['web1']],
] as const)(
  'once somebody asks to stop a %s nothing else is begun',
  async (kind, waiting, only) => {
    const world = new Operating(kind !== 'start', chain).waits(...waiting);
    world.takes = 1000;
    const before = world.hv1.before;
    world.hv1.before = async (script, args) => {
      if (script === 'operation' || script === 'vm-set') world.interrupt.abort();
      await before(script, args);
    };
    await expect(world.run(kind)).rejects.toMatchObject({ code: 'interrupted' });
    await world.virtual.during(world.virtual.sleep(100_000));
    expect([...world.begun.keys()]).toEqual(only);
  },
);

test('a restart goes by dependencies, whatever of it waits for a restart', async () => {
  const world = new Operating(true, chain).waits('web2', 'web4');
  const { exitCode, results } = await world.run('restart');
  expect(outcomes(results)).toEqual(names.map((name) => `${name} done`));
  expect(exitCode).toBe(0);
  expect([...world.begun.keys()]).toEqual(names);
  const booted = names.map((name) => world.hv1.facts.vms.get(name)?.booted);
  expect(booted).toEqual(['old-web1', 'new-web2', 'old-web3', 'new-web4'].map(inStore));
});

test('what waits for a restart and needs nobody goes first, in one deployment', async () => {
  const world = new Operating(true).waits('web2', 'web4');
  const { results } = await world.run('restart', ['web1', 'web2', 'web4']);
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
  expect([...world.begun.keys()]).toEqual(['web2', 'web4', 'web1']);
  expect(world.hv1.log.filter((line) => line.startsWith('begin '))).toHaveLength(1);
});

describe('where one fails', () => {
  test('a start leaves alone what needs it', async () => {
    const world = new Operating(false, chain.replace('[web3]', '[web2]'));
    world.hv1.mute.add('/nix/store/old-web2');
    const { exitCode, results } = await world.run('start');
    const because = 'web2, which it needs, failed';
    expect(outcomes(results)).toEqual([
      ...['web1 done', 'web2 failed'],
      ...[`web3 untouched ${because}`, `web4 untouched ${because}`],
    ]);
    expect(exitCode).toBe(1);
    expect([...world.begun.keys()]).toEqual(['web1', 'web2']);
    const notes = world.told.flatMap((event) => (event.type === 'note' ? event.text : []));
    expect(notes).toContain(`web3 untouched: ${because}`);
  });

  test('a stop leaves alone what it needs; somebody else at work there is exit code 5', async () => {
    const world = new Operating(true, chain);
    const holder = ['20260101-000000-beef', 'grace@laptop', 'restart web3', '0'].join('\t');
    world.hv1.instead.set('operation', ([, , , vm]) =>
      vm === 'web3' ? new Refusal('lock.held', holder) : undefined,
    );
    const { exitCode, results } = await world.run('stop');
    const because = 'web3, which needs it, is locked';
    expect(outcomes(results)).toEqual([
      ...[`web1 untouched ${because}`, `web2 untouched ${because}`],
      ...['web3 locked', 'web4 done'],
    ]);
    expect(exitCode).toBe(5);
    expect([...world.begun.keys()]).toEqual(['web4', 'web3']);
  });

  test('a restart leaves alone what needs it, whichever of them waits for a restart', async () => {
    const world = new Operating(true, chain).waits('web2', 'web4');
    world.hv1.mute.add('/nix/store/new-web2');
    const { exitCode, results } = await world.run('restart');
    const because = 'web2, which it needs, failed';
    expect(outcomes(results)).toEqual([
      ...['web1 done', 'web2 failed'],
      ...[`web3 untouched ${because}`, `web4 untouched ${because}`],
    ]);
    expect(exitCode).toBe(1);
    expect(world.hv1.facts.vms.get('web2')?.booted).toBe('/nix/store/old-web2');
  });
});

test('a stop waits for who needs it through one that is not named', async () => {
  const world = new Operating(
    true,
    yaml
      .replace('address: 10.1.0.4', '$&, dependsOn: [web2]')
      .replace('address: 10.1.0.5', '$&, dependsOn: [web3]'),
  );
  world.takes = 20_000;
  await world.run('stop', ['web2', 'web4']);
  expect(Object.fromEntries(world.begun)).toEqual({ web4: 0, web2: 20_000 });
});
