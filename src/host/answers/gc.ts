import type { Collected, OldGeneration } from '../../model/garbage.ts';
import * as shape from './shape.ts';

/** Reads what gc.sh says. @throws FleetError `gc.unreadable` */
export function parseGarbage(answer: string): Collected {
  return shape.understand('gc.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const [freed, paths] = rows.of('freed')[0] ?? [];
    return {
      old: rows.of('old').map(
        ([name, number, since, path]): OldGeneration => ({
          name: shape.name(name, 'name of a vm'),
          number: shape.whole(number, 'number of a generation'),
          since: shape.time(since, 'time of a generation'),
          path: shape.path(path, 'path of a generation'),
        }),
      ),
      freedKiB: shape.whole(freed, 'amount that was freed'),
      paths: shape.whole(paths, 'number of store paths'),
    };
  });
}
