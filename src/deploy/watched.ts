import type { Host } from '../host/host.ts';
import type { Emit } from '../model/events.ts';
import type { Health } from '../model/facts.ts';
import type { Clock } from '../model/time.ts';

/** A hypervisor whose guests are looked at until they are as they should be, in a deployment or outside of one. */
export interface Watched {
  readonly hypervisor: { readonly name: string };
  readonly host: Host;
  /** Of the deployment, where it is one. */
  readonly id?: string;
  readonly emit: Emit;
  /** How its guests are now, and whether those at these addresses answer. */
  health(asked: readonly string[]): Promise<Health>;
}

/** Emits that a step begins there, and how it ends. */
export async function toldStep<T>(
  { emit, hypervisor }: Pick<Watched, 'emit' | 'hypervisor'>,
  clock: Clock,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = clock.now();
  const about = { type: 'step', hypervisor: hypervisor.name, step } as const;
  emit({ ...about, state: 'begin' });
  try {
    const result = await work();
    emit({ ...about, state: 'done', ms: clock.now() - began });
    return result;
  } catch (error) {
    emit({ ...about, state: 'failed', ms: clock.now() - began });
    throw error;
  }
}
