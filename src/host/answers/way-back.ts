import { systemName } from '../../model/names.ts';
import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** How a hypervisor's way back went. */
export interface WayBack {
  /** The boot that it is in; undefined: it never began. */
  readonly bootId: string | undefined;
  /** It did not hear from fleet, and rolled back by itself. */
  readonly isAlone: boolean;
  /** Folders whose disk had no room left. */
  readonly full: readonly string[];
  /** Something that runs may have changed. */
  readonly isChanged: boolean;
  /** Its deployment ended; `done`: it had been confirmed before. */
  readonly result: string | undefined;
  /** It has switched to its previous system. */
  readonly hasSwitched: boolean;
  /** Vms that it has started again. */
  readonly started: readonly string[];
  /** What could not be rolled back, in sentences. */
  readonly wrong: readonly string[];
  /** The runner that each guest returns to; undefined: it had none. Guests that are missing here were not recorded. */
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
