import {
  type Cleaned,
  type Leftover,
  type LeftoverKind,
  type Leftovers,
  leftoverKinds,
} from '../../model/leftovers.ts';
import * as shape from './shape.ts';

/** Reads what cleanup.sh has found. @throws FleetError `cleanup.unreadable` */
export function parseLeftovers(answer: string): Leftovers {
  return shape.understand('cleanup.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const things = rows.of('thing').map(([kind, id, kib, since, ...about]): Leftover => {
      const [size, at] = [shape.whole(kib, 'size'), shape.time(since, 'time')];
      return {
        ...{ kind: kindOf(kind), id: idOf(id), about: shape.words(about.join(' ')) },
        ...(size > 0 && { kib: size }),
        ...(at > 0 && { since: at }),
      };
    });
    return {
      things: things.sort((a, b) => leftoverKinds.indexOf(a.kind) - leftoverKinds.indexOf(b.kind)),
      strangers: rows
        .of('stranger')
        .map(([kind, id]) => ({ kind: shape.words(kind), id: shape.words(id) })),
    };
  });
}

/** Reads what it has deleted. @throws FleetError `cleanup.unreadable` */
export function parseCleaned(answer: string): Cleaned {
  return shape.understand('cleanup.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    return {
      gone: rows.of('gone').map(([kind, id]) => ({ kind: kindOf(kind), id: idOf(id) })),
      kept: rows.of('kept').map(([kind, id, ...why]) => ({
        ...{ kind: kindOf(kind), id: idOf(id), why: shape.words(why.join(' ')) },
      })),
    };
  });
}

function kindOf(text: string | undefined): LeftoverKind {
  const kind = leftoverKinds.find((one) => one === text);
  if (kind === undefined) throw new Error(`${JSON.stringify(text)} is no kind of leftover`);
  return kind;
}

/** It is given back as it is, to say what may go. */
function idOf(text: string | undefined): string {
  if (text !== undefined && /^[\w.][\w.+@/-]{0,300}$/.test(text)) return text;
  throw new Error(`${JSON.stringify(text)} is no name of a leftover`);
}
