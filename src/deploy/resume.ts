import type { Facts } from '../model/facts.ts';
import type { VmFacts } from '../model/guest-facts.ts';
import { inParallel } from './parallel.ts';
import type { Session } from './session.ts';

/** What a hypervisor remembers of the time before a deployment that is taken up again. */
export interface Former {
  readonly system: string | undefined;
  readonly profile: string | undefined;
  /** What was checked out. */
  readonly commit: string | undefined;
  readonly vms: ReadonlyMap<string, Pick<VmFacts, 'current' | 'booted'> & { isActive: boolean }>;
  /** Vms that it may have changed. */
  readonly targets: readonly string[];
  readonly failedUnits: readonly string[];
}

/** Leases that are taken over at a time. */
const atOnce = 64;

/** Waits for steps in hand and takes over the leases. @throws FleetError `resume.*`, `back.taken`. */
export async function takeUp(
  sessions: readonly Session[],
  operator: string,
): Promise<ReadonlyMap<string, Former>> {
  const answers = await inParallel(sessions, atOnce, async (session) => {
    const text = await session.call('resume', [session.id, operator]);
    session.lastStep = Number(/^last\t(\d+)$/m.exec(text)?.[1] ?? 0);
    return [session.hypervisor.name, parseFormer(text)] as const;
  });
  return new Map(answers);
}

function parseFormer(text: string): Former {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const [, system, profile] = rows.find(([word]) => word === 'system') ?? [];
  const [, commit] = rows.find(([word]) => word === 'former') ?? [];
  const path = (text: string | undefined) => (text === '-' ? undefined : text);
  const of = (key: string) => rows.flatMap(([word, text = '']) => (word === key ? [text] : []));
  return {
    system,
    profile,
    commit: commit || undefined,
    targets: of('target'),
    failedUnits: of('failed'),
    vms: new Map(
      rows
        .filter(([word]) => word === 'vm')
        .map(([, name = '', current, booted, was]) => [
          name,
          { current: path(current), booted: path(booted), isActive: was === 'active' },
        ]),
    ),
  };
}

/** Facts of now, with the generations of before: what is there already has to be looked at all the same. */
export function recall(former: Former, now: Facts): Facts {
  const vms = new Map<string, VmFacts>();
  for (const [name, { current, booted, isActive }] of former.vms) {
    const seen = now.vms.get(name);
    const unit = seen?.unit ?? { active: 'inactive', sub: 'dead', invocation: '' };
    vms.set(name, {
      name,
      declarative: seen?.declarative ?? false,
      virtiofsd: seen?.virtiofsd ?? unit,
      unit: { ...unit, active: isActive ? 'active' : 'inactive' },
      current,
      booted,
      currentSince: undefined,
    });
  }
  const { system: currentSystem, profile: systemProfile, commit, failedUnits } = former;
  const checkout = commit === undefined ? undefined : { branch: 'fleet', dirty: 0, commit };
  return { ...now, currentSystem, systemProfile, checkout, vms, failedUnits };
}
