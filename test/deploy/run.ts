import type { DeployEvent } from '../../src/deploy/events.ts';
import type { Clock, Ports } from '../../src/deploy/ports.ts';
import type { HypervisorResult } from '../../src/deploy/put-back.ts';
import { type RolloutInput, rollOut } from '../../src/deploy/rollout.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { FleetIndex } from '../../src/model/index.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { HypervisorPlan, Plan } from '../../src/plan/plan.ts';
import { select } from '../../src/plan/selectors.ts';
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
  readonly events: DeployEvent[] = [];
  readonly interrupt = new AbortController();
  readonly newHead = 'b'.repeat(40);
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

  get ports(): Ports {
    return {
      clock: this.clock,
      connector: {
        connect: async ({ name }) => {
          if (this.host(name).unreachable)
            throw new FleetError('ssh.timed-out', `${name}: no answer`);
          return this.host(name);
        },
      },
    };
  }

  /** The plan when these targets changed and there is a new commit. */
  plan(changed: readonly string[], facts?: ReadonlyMap<string, FakeHypervisor['facts']>): Plan {
    const fingerprints = sameFingerprints(this.index);
    for (const name of changed) fingerprints.set(name, 'changed');
    return makePlan({
      index: this.index,
      files: [{ path: 'fleet.yaml', kind: 'change', diff: '' }],
      head,
      fingerprints,
      facts: facts ?? new Map([...this.hypervisors].map(([name, h]) => [name, h.facts])),
      selection: select(this.index.fleet, undefined),
      release: new Set(),
      warnings: [],
    });
  }

  /** Builds of `changed` give new store paths; those hypervisors are deployed that have something to do. */
  async apply(
    changed: readonly string[],
    only: readonly string[] = ['hv1'],
  ): Promise<HypervisorResult[]> {
    for (const h of this.hypervisors.values()) {
      for (const name of changed)
        if (!h.builds.has(name)) h.builds.set(name, `/nix/store/new-${name}`);
    }
    const { hypervisors } = this.plan(changed);
    return rollOut(
      this.input(
        changed,
        hypervisors.filter((h) => only.includes(h.name)),
      ),
    );
  }

  input(changed: readonly string[], plans: readonly HypervisorPlan[]): RolloutInput {
    return {
      deployment: { id: '20260101-000000-abcd', operator: 'ada@desk', operation: 'apply' },
      index: this.index,
      plans: plans.map((plan) => ({
        plan,
        host: this.host(plan.name),
        facts: (this.hypervisors.get(plan.name) as FakeHypervisor).facts,
      })),
      release: new Set(),
      ports: this.ports,
      emit: (event) => this.events.push(event),
      signal: this.interrupt.signal,
      replan: (name, facts) =>
        this.plan(changed, new Map([[name, facts]])).hypervisors.find(
          (h) => h.name === name,
        ) as HypervisorPlan,
      publish: async () => {
        this.published += 1;
        this.publish();
        return {
          source: { commit: this.newHead, branch: 'main', url: 'https://git.example/infra.git' },
          fingerprints: sameFingerprints(this.index),
        };
      },
    };
  }

  get notes(): string[] {
    return this.events.flatMap((e) => (e.type === 'note' ? [e.text] : []));
  }
}

/** First words of what ran: `build`, `vm-update web1`, `switch test`. */
export const words = (log: readonly string[]): string[] =>
  log.map((line) => {
    const [name = '', ...args] = line.split(' ');
    if (name.startsWith('vm-'))
      return `${name} ${name === 'vm-stop' || name === 'vm-aside' ? args[1] : args[0]}`;
    if (name === 'switch') return `switch ${args[0]}`;
    return name === 'back' ? `back ${args[1]}` : name;
  });
