import { systemName } from '../../model/names.ts';
import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** How a hypervisor's way back went. */
export interface WayBack {
  /** The current boot; undefined: the deployment never began there. */
  readonly bootId: string | undefined;
  /** Whether it rolled back by itself, because it had not heard from fleet. */
  readonly isAlone: boolean;
  /** Folders whose disk was full. */
  readonly full: readonly string[];
  /** Whether something that runs may have changed. */
  readonly isChanged: boolean;
  /** How the deployment ended, if it has; `done`: it had been confirmed before. */
  readonly result: string | undefined;
  /** Whether it has switched to its previous system. */
  readonly hasSwitched: boolean;
  /** Vms that it has started again. */
  readonly started: readonly string[];
  /** What could not be rolled back, in sentences. */
  readonly wrong: readonly string[];
  /** The runner that each guest returns to; undefined: it had none. Guests that are not listed were not recorded. */
  readonly runners: ReadonlyMap<string, string | undefined>;
  /** Vms that the deployment may have changed. */
  readonly targets: ReadonlySet<string>;
}

/** Reads what back.sh printed. @throws FleetError `back.unreadable` */
export function parseWayBack(answer: string): WayBack {
  return shape.understand('back.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const back = rows.firsts('put-back');
    const [result] = rows.firsts('result');
    return {
      bootId: shape.nameOrNone(rows.firsts('boot')[0], 'boot id') || undefined,
      isAlone: rows.has('alone'),
      full: rows.firsts('full').map(shape.words),
      isChanged: rows.has('changed'),
      result: result === undefined ? undefined : shape.words(result),
      hasSwitched: back.includes(systemName),
      started: back.filter((name) => name !== systemName).map(shape.words),
      wrong: rows.firsts('not-back').map((line) => clip(line, 2000)),
      // A deployment begun by an older fleet does not record the runner.
      runners: new Map(
        rows
          .of('vm')
          .filter((fields) => fields.length >= 5)
          .map(([name = '', , , , runner = '-']) => [
            shape.words(name),
            runner === '-' ? undefined : shape.path(runner, 'runner'),
          ]),
      ),
      targets: new Set(rows.firsts('target').map(shape.words)),
    };
  });
}
