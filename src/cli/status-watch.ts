import type { Ports } from '../app/ports.ts';
import type { StatusInput } from '../app/status.ts';
import { watchStatus } from '../app/watch-status.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { FleetStatus } from '../model/status.ts';
import { documentLine, statusDocument } from '../report/documents.ts';
import { watchText } from '../report/watch-text.ts';
import { readerGone, write } from './reader.ts';
import { Screen } from './watch.ts';

/** `fleet status --watch`, until Ctrl-C. */
export async function watchScreen(
  ports: Ports,
  input: StatusInput,
  signal: AbortSignal,
): Promise<number> {
  const screen = Screen.open(ports.clock, watchText);
  const say: Emit = (event) => {
    if (event.type === 'note' || event.type === 'warning') screen.say(event.text);
  };
  try {
    return await watchStatus(ports, input, screen.show, say, signal);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'interrupted') throw error;
    // That is how it ends: nothing is to be said of it.
    return exitCodes.failed;
  } finally {
    screen.close();
  }
}

/** `fleet status --watch --json`: a document each look, a line each, until Ctrl-C or until nobody reads them any more. */
export async function watchLines(
  ports: Ports,
  input: StatusInput,
  tell: Emit,
  signal: AbortSignal,
): Promise<number> {
  const gone = readerGone();
  const show = (seen: FleetStatus) => write('stdout', documentLine(statusDocument(seen)));
  // A fleet.yaml that cannot be read is said once, not at each look.
  const said = new Set<string>();
  const once: Emit = (event) => {
    if (event.type === 'note' && said.has(event.text)) return;
    if (event.type === 'note') said.add(event.text);
    tell(event);
  };
  try {
    return await watchStatus(ports, input, show, once, AbortSignal.any([signal, gone]));
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'interrupted') throw error;
    return gone.aborted && !signal.aborted ? exitCodes.ok : exitCodes.failed;
  }
}
