import { FleetError } from '../../model/errors.ts';
import { replaceIn, type Values } from '../../model/export-text.ts';
import type { Export } from '../../model/fleet.ts';
import type { Ports } from '../ports.ts';
import { isKubeconfig, mergeKubeconfig } from './kubeconfig.ts';
import { OwnPlaces } from './own-places.ts';
import { expandPath, openPlace, type Place, whileLocked, writePlace } from './place.ts';

export interface Written {
  readonly place: Pick<Place, 'path' | 'real'>;
  readonly isNew: boolean;
  readonly isKubeconfig: boolean;
  readonly unreplaced: readonly string[];
}

/**
 * Writes what was fetched to where it belongs.
 * @param isForced also over a file that fleet did not write
 * @throws FleetError `export.*`: nothing was changed
 */
export async function writeExport(
  { clock, home, surroundings }: Pick<Ports, 'clock' | 'home' | 'surroundings'>,
  { context, replace, to }: Export,
  content: Buffer,
  values: Values,
  isForced: boolean,
): Promise<Written> {
  const path = expandPath(to, home);
  const isText = context !== undefined || Object.keys(replace).length > 0;
  const text = isText ? decoded(content) : '';
  const unreplaced = Object.keys(replace).filter((from) => !text.includes(from));
  const wanted = isText ? Buffer.from(replaceIn(text, replace, values)) : content;
  if (context !== undefined) {
    const { real } = openPlace(path, home);
    // Read once more: somebody may have changed it meanwhile.
    return whileLocked(real, clock.sleep.bind(clock), () => {
      const place = openPlace(path, home);
      const merged = mergeKubeconfig(place.content?.toString(), wanted.toString(), context);
      const isNew = writePlace(place, Buffer.from(merged));
      return { place, isNew, isKubeconfig: true, unreplaced };
    });
  }
  const place = openPlace(path, home);
  const own = new OwnPlaces(home, surroundings);
  const isSame = place.content?.equals(wanted) ?? false;
  if (place.content && !isSame && !isForced && !own.has(place.real))
    throw new FleetError('export.not-fleets', `${path} is there, and fleet did not write it`, {
      hint: 'Nothing was changed there. Move it away, or replace it: fleet export NAME --overwrite',
    });
  // Before it is there: a file that was written and is on no list would be taken for the user's.
  if (!isSame || isForced) own.add(place.real);
  const isNew = writePlace(place, wanted);
  return { place, isNew, isKubeconfig: isKubeconfig(wanted.toString()), unreplaced };
}

function decoded(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new FleetError('export.not-text', 'it is not text, and only text can be rewritten', {
      hint: 'Leave out replace and merge.',
    });
  }
}
