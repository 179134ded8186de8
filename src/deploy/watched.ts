import type { Host } from '../host/host.ts';
import type { Emit } from '../model/events.ts';
import type { Health } from '../model/facts.ts';

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
