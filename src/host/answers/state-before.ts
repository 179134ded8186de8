import type { VmFacts } from '../../model/guest-facts.ts';
import * as shape from './shape.ts';

/** What a hypervisor recorded before a deployment that is being resumed. */
export interface StateBefore {
  /** Number of its last step. */
  readonly lastStep: number;
  readonly system: string | undefined;
  readonly profile: string | undefined;
  /** The commit that was checked out. */
  readonly commit: string | undefined;
  readonly vms: ReadonlyMap<string, VmBefore>;
  /** The bridge that each interface was in. */
  readonly ports: ReadonlyMap<string, string>;
  /** Vms that the deployment may have changed. */
  readonly targets: readonly string[];
  readonly failedUnits: readonly string[];
}

export interface VmBefore extends Pick<VmFacts, 'current' | 'booted'> {
  readonly isActive: boolean;
  /** Seconds that it had been up; absent if an older fleet, which did not record this, began the deployment. */
  readonly activeFor?: number;
}

/** Reads what resume.sh printed. @throws FleetError `resume.unreadable` */
export function parseStateBefore(answer: string): StateBefore {
  return shape.understand('resume.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const [last] = rows.firsts('last');
    if (last === undefined || !/^\d{1,6}$/.test(last)) throw new Error('it has no last step');
    const up = new Map(rows.of('up').map(([name = '', seconds]) => [name, whole(seconds)]));
    const [system, profile] = rows.of('system')[0] ?? [];
    return {
      lastStep: Number(last),
      system: pathOrNone(system, 'system'),
      profile: pathOrNone(profile, 'system'),
      commit: shape.nameOrNone(rows.firsts('former')[0], 'commit') || undefined,
      targets: rows.firsts('target').map((name) => shape.name(name, 'name of a vm')),
      ports: new Map(
        rows.of('port').map(([port, bridge]) => [shape.words(port), shape.words(bridge)]),
      ),
      failedUnits: rows.firsts('failed').map(shape.words),
      vms: new Map(
        rows
          .of('vm')
          // fleet has no vms with other names.
          .filter(([name]) => shape.isName(name))
          .map(([name = '', current, booted, was]) => [
            name,
            {
              current: pathOrNone(current, 'runner'),
              booted: pathOrNone(booted, 'runner'),
              isActive: was === 'active',
              ...(up.size > 0 && { activeFor: up.get(name) ?? 0 }),
            },
          ]),
      ),
    };
  });
}

function whole(text: string | undefined): number {
  if (text === undefined || !/^\d{1,12}$/.test(text)) throw new Error('it was up for no time');
  return Number(text);
}

function pathOrNone(text: string | undefined, field: string): string | undefined {
  return text === undefined || text === '' || text === '-' ? undefined : shape.path(text, field);
}
