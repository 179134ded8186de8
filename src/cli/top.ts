import type { Ports } from '../app/ports.ts';
import { type TopInput, top, watchTop } from '../app/top.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { documentText, topDocument } from '../report/documents.ts';
import { styleFor } from '../report/style.ts';
import { topPicture, topText } from '../report/top-text.ts';
import { type Invocation, refusePointless } from './options.ts';
import { realPorts } from './ports.ts';
import { Screen } from './watch.ts';

/** `fleet top [NAME…] [--watch] [--json]`: what is reserved and used. Exit 1 when a hypervisor does not say. */
export async function topCommand(
  { common, signal, tell }: Invocation,
  options: { readonly json?: boolean; readonly watch?: boolean },
  names: readonly string[],
): Promise<number> {
  const ports = await realPorts(common, { isAsking: !options.watch });
  const input = { where: common, names };
  if (options.watch) {
    refusePointless(options, ['--json'], '--watch draws on a terminal.');
    return watch(ports, input, signal);
  }
  const seen = await top(ports, input, tell, signal);
  const width = Math.max(80, process.stdout.columns ?? 80);
  process.stdout.write(
    options.json
      ? documentText(topDocument(seen))
      : topText(seen, styleFor(process.stdout), width, ports.clock.now() / 1000),
  );
  return seen.some(({ answer }) => answer instanceof Error) ? exitCodes.failed : exitCodes.ok;
}

/** Until Ctrl-C. */
async function watch(ports: Ports, input: TopInput, signal: AbortSignal): Promise<number> {
  const screen = Screen.open(
    ports.clock,
    topPicture(() => ports.clock.now() / 1000),
  );
  const say: Emit = (event) => {
    if (event.type === 'note' || event.type === 'warning') screen.say(event.text);
  };
  try {
    return await watchTop(ports, input, screen.show, say, signal);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'interrupted') throw error;
    return exitCodes.failed;
  } finally {
    screen.close();
  }
}
