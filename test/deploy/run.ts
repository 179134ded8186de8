import { deploying, type Source } from '../../src/deploy/deployment.ts';
import type { Ports } from '../../src/deploy/ports.ts';
import { type RolloutInput, rollOut } from '../../src/deploy/rollout.ts';
import { Session } from '../../src/deploy/session.ts';
import type { EventBody } from '../../src/model/events.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import type { FleetIndex } from '../../src/model/index.ts';
import type { HypervisorResult } from '../../src/model/result.ts';
import type { Clock } from '../../src/model/time.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { HypervisorPlan, Plan } from '../../src/plan/plan.ts';
import { select } from '../../src/plan/selectors.ts';
import { noteText } from '../../src/report/event-text.ts';
import { head, index, sameFingerprints } from '../plan/situation.ts';
import { FakeHypervisor } from './fake-hypervisor.ts';

/** Time that passes only while somebody sleeps. */
export class FakeClock implements Clock {
  time: number = 0;
  now(): number {
    return this.time;
  }
  async sleep(ms: number): Promise<void> {
    this.time += ms;
  }
}

/** Some hypervisors in memory, and an `apply` of whatever the plan for them is. */
export class World {
  index: FleetIndex;
  readonly clock = new FakeClock();
  readonly hypervisors: ReadonlyMap<string, FakeHypervisor>;
  readonly events: EventBody[] = [];
  readonly interrupt = new AbortController();
  readonly id = '20260101-000000-abcd';
  readonly newHead = 'b'.repeat(40);
  /** Targets whose hold is lifted. */
  release: ReadonlySet<string> = new Set();
  /** What a first switch may take away. */
  dropped: ReadonlySet<string> = new Set();
  /** What `--on` says. */
  on: string | undefined;
  /** How the commit is sent, where hypervisors have no access to the remote. */
  bundle: Source['bundle'];
  /** Called when the commit is made and pushed. */
  publish: () => void = () => {};
  published = 0;

  constructor(yaml?: string) {
    this.index = index(yaml);
    this.hypervisors = new Map(
      this.index.fleet.hypervisors.map((h) => [h.name, new FakeHypervisor(this.index, h.name)]),
    );
  }

  host(name: string): FakeHypervisor {
    return this.hypervisors.get(name) as FakeHypervisor;
  }

  get hv1(): FakeHypervisor {
    return this.host('hv1');
  }

  get hv2(): FakeHypervisor {
    return this.host('hv2');
  }

  /** A session of this run with one hypervisor, over a fresh connection. */
  session(name: string): Session {
    return new Session(
      this.index.hypervisors.get(name) as Hypervisor,
      { id: this.id, ...this.index.fleet.rollout },
      this.host(name).connect(),
      this.ports,
      (event) => this.events.push(event),
    );
  }

  get ports(): Ports {
    return {
      clock: this.clock,
      connector: { connect: async ({ name }) => this.host(name).connect() },
    };
  }

  /** The plan when these targets changed and there is a new commit. */
  plan(changed: readonly string[], facts?: ReadonlyMap<string, Facts>): Plan {
    const fingerprints = sameFingerprints(this.index);
    for (const name of changed) fingerprints.set(name, 'changed');
    return makePlan({
      index: this.index,
      files: [{ path: 'fleet.yaml', kind: 'change', diff: '' }],
      head,
      fingerprints,
      facts: facts ?? new Map([...this.hypervisors].map(([name, h]) => [name, h.facts])),
      selection: select(this.index.fleet, this.on),
      release: this.release,
      warnings: [],
    });
  }

  /** Builds of `changed` give new store paths; those hypervisors are deployed that have something to do. */
  async apply(
    changed: readonly string[],
    only: readonly string[] = ['hv1'],
    more: Partial<RolloutInput> = {},
  ): Promise<HypervisorResult[]> {
    return rollOut({ ...this.input(changed, only), ...more });
  }

  input(changed: readonly string[], only: readonly string[] = ['hv1']): RolloutInput {
    for (const h of this.hypervisors.values()) {
      for (const name of changed)
        if (!h.builds.has(name)) h.builds.set(name, `/nix/store/new-${name}`);
    }
    const planned = this.plan(changed).hypervisors.filter((h) => only.includes(h.name));
    const { canary, onFailure } = this.index.fleet.rollout;
    return {
      deployment: { id: this.id, operator: 'ada@desk', operation: 'apply' },
      index: this.index,
      members: planned.map(({ name, actions }) => ({
        hypervisor: name,
        host: this.host(name).connect(),
        facts: this.host(name).facts,
        vms: [...new Set(actions.map((a) => a.target).filter((target) => target !== name))],
      })),
      canary: canary === undefined ? new Set() : select(this.index.fleet, canary).hypervisors,
      onFailure,
      ports: this.ports,
      emit: (event) => this.events.push(event),
      signal: this.interrupt.signal,
      plan: async (before) => {
        const { hypervisors } = this.plan(changed, before);
        this.published += 1;
        this.publish();
        const source = {
          commit: this.newHead,
          branch: 'main',
          url: 'https://git.example/infra.git',
          ...(this.bundle && { bundle: this.bundle }),
        };
        const fingerprints = sameFingerprints(this.index);
        const work = (plan: HypervisorPlan) =>
          deploying({ plan, source, fingerprints, release: this.release, dropped: this.dropped });
        return new Map(hypervisors.map((plan) => [plan.name, work(plan)]));
      },
    };
  }

  get notes(): string[] {
    return this.events.flatMap((event) => noteText(event) ?? []);
  }
}

/** Hypervisors hv1, hv2, … with a vm each: web1, web2, … */
export function manyHypervisors(count: number, rollout = '{}'): string {
  const lines = (line: (n: number) => string) =>
    Array.from({ length: count }, (_, i) => `  ${line(i + 1)}\n`).join('');
  const hypervisor = (n: number) =>
    `hv${n}: { ssh: root@192.0.2.${n}, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }`;
  return [
    `version: 1\nname: example\nrollout: ${rollout}\n`,
    `hypervisors:\n${lines(hypervisor)}`,
    `networks:\n${lines((n) => `net${n}: { subnet: 10.${n}.0.0/24 }`)}`,
    `vms:\n${lines((n) => `web${n}: { on: hv${n}, network: net${n}, address: 10.${n}.0.2 }`)}`,
  ].join('');
}

/** First words of what ran: `build`, `vm-update web1`, `switch test`. */
export const words = (log: readonly string[]): string[] =>
  log.map((line) => {
    const [name = '', ...args] = line.split(' ');
    if (name.startsWith('vm-')) return `${name} ${args[name === 'vm-aside' ? 1 : 0]}`;
    if (name === 'switch' || name === 'back' || name === 'end') return `${name} ${args[1]}`;
    return name;
  });
