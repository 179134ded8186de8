import { FleetError } from '../../model/errors.ts';
import { replaceIn, type Values } from '../../model/export-text.ts';
import type { Export } from '../../model/fleet.ts';
import type { Ports } from '../ports.ts';
import { addToKubeconfig, takeKubeconfig } from './kubeconfig.ts';
import { OwnPlaces } from './own-places.ts';
import { openExport, type Place, whileLocked, writePlace } from './place.ts';

export interface Written {
  readonly place: Pick<Place, 'path' | 'real'>;
  readonly isNew: boolean;
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
  const isText = context !== undefined || Object.keys(replace).length > 0;
  const text = isText ? decoded(content) : '';
  const unreplaced = Object.keys(replace).filter((from) => !text.includes(from));
  const wanted = isText ? Buffer.from(replaceIn(text, replace, values)) : content;
  if (context !== undefined) {
    // Before the lock: whoever is ended meanwhile leaves none behind.
    const entries = takeKubeconfig(wanted.toString(), context);
    const { real } = openExport(to, home, true);
    // Read once more: somebody may have changed it meanwhile.
    return whileLocked(real, clock.sleep.bind(clock), () => {
      const place = openExport(to, home, true);
      const merged = addToKubeconfig(place.content?.toString(), entries);
      return { place, isNew: writePlace(place, Buffer.from(merged)), unreplaced };
    });
  }
  const place = openExport(to, home, false);
  const own = new OwnPlaces(home, surroundings);
  const isSame = place.content?.equals(wanted) ?? false;
  if (place.content && !isSame && !isForced && !own.has(place.real))
    throw new FleetError(
      'export.not-fleets',
      `${place.path} is there, and fleet did not write it`,
      {
        hint: 'Nothing was changed there. Move it away, or replace it: fleet export NAME --overwrite',
      },
    );
  // Before it is there: a file that was written and is on no list would be taken for the user's.
  if (!isSame || isForced) own.add(place.real);
  return { place, isNew: writePlace(place, wanted), unreplaced };
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
