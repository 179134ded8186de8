import type { History, Injury, InjuryKind, Life, Told } from './history.ts';

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Mutable<E>[] : Mutable<T[K]>;
};
export type Forged = Mutable<History>;

/** When it all begins; everything else is in seconds after it. */
export const zero = 1_764_450_000;

const policy = (name: string) => ({
  tap: `vm-${name}`,
  bridge: 'br-front',
  attempts: 3,
  interval: 600,
  maxPerHour: 20,
  unhealthy: { after: 3, every: 15 },
});

/** Writes a history as a hypervisor that keeps its promises would: the tests then spoil it. */
export class Forge {
  readonly #injuries: Injury[] = [];
  readonly #events: Told[] = [];
  readonly #lives: Life[] = [];
  #epoch = '001764450000-9f3c2a1b';
  #booted = 0;
  #seq = 0;

  constructor() {
    this.start('web', 1, 'web1').start('db', 3, 'db1');
  }

  injure(kind: InjuryKind, at: number, more: Partial<Injury> = {}): this {
    this.#injuries.push({ kind, at: zero + at, until: zero + at + 1, code: 0, ...more });
    return this;
  }

  tell(kind: string, at: number, more: object = {}): this {
    this.#seq += 1;
    const up = at - this.#booted;
    this.#events.push({ epoch: this.#epoch, seq: this.#seq, at: zero + at, up, kind, ...more });
    return this;
  }

  start(vm: string, at: number, invocation: string): this {
    this.#lives.push({ vm, invocation, began: zero + at });
    this.tell('guest.started', at, { vm, invocation });
    return this.tell('guest.ready', at + 1, { vm, invocation });
  }

  /** The life that runs now ends. */
  end(vm: string, at: number, result: string, who: string, why: string): this {
    const intended = who === 'fleet' || who === 'person' || who === 'shutdown';
    const n = this.#lives.findLastIndex((life) => life.vm === vm);
    const life = this.#lives[n] as Life;
    this.#lives[n] = { ...life, ended: zero + at, result };
    const { invocation } = life;
    return this.tell('guest.ended', at, {
      vm,
      invocation,
      result,
      who,
      intended,
      why,
    });
  }

  boot(kind: 'power-cut' | 'reboot', at: number, epoch: string): this {
    this.injure(kind, at, { until: zero + at + 5 });
    this.#epoch = epoch;
    this.#seq = 0;
    this.#booted = at + 2;
    this.tell('spool.epoch', at + 4, { why: 'boot' });
    return this.tell('host.booted', at + 4);
  }

  history(until: number, states: Readonly<Record<string, string>> = {}): Forged {
    const truth: Record<string, History['truth']['guests'][string]> = {};
    const remembered: Record<string, History['remembered'][string]> = {};
    for (const vm of ['web', 'db']) {
      const life = this.#lives.findLast((l) => l.vm === vm);
      const last = this.#events.findLast((e) => e.vm === vm && e.kind === 'guest.ended');
      const state = states[vm] ?? 'Ready';
      const active = state === 'Ready';
      const invocation = life?.invocation ?? '';
      truth[vm] = { active, invocation, answers: active, bridge: active ? 'br-front' : undefined };
      remembered[vm] = {
        state,
        why: 'as forged',
        invocation,
        ...(last ? { lastEnd: `${last.epoch}:${last.seq}` } : {}),
      };
    }
    return structuredClone({
      began: zero + 10,
      until: zero + until,
      guests: { web: policy('web'), db: policy('db') },
      bridges: { 'br-front': ['10.1.0.1/24'] },
      injuries: this.#injuries,
      unreadable: [],
      events: this.#events,
      lives: this.#lives,
      remembered,
      truth: { guests: truth, bridges: { 'br-front': { up: true, addresses: ['10.1.0.1/24'] } } },
    }) as Forged;
  }
}
