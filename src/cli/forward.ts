import { type Forwarded, forward } from '../app/forward.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { documentLine, forwardDocument } from '../report/documents.ts';
import { type Invocation, usageError } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet forward NAME [LOCAL:]PORT… [--json]`: until Ctrl-C. */
export async function forwardCommand(
  { common, signal, tell }: Invocation,
  { json }: { readonly json?: boolean },
  [name = '', ...words]: readonly string[],
): Promise<number> {
  const forwards = words.map(portsOf);
  const ready = (all: readonly Forwarded[]) => {
    if (json) return process.stdout.write(documentLine(forwardDocument(name, all)));
    for (const { local, address, port } of all)
      process.stdout.write(`127.0.0.1:${local} is ${name}, ${address} port ${port}\n`);
    process.stderr.write('Ctrl-C ends it.\n');
  };
  const ports = await realPorts(common);
  try {
    return await forward(ports, { where: common, name, forwards, ready }, tell, signal);
  } catch (error) {
    // That is how it ends: nothing is to be said of it.
    if (error instanceof FleetError && error.code === 'interrupted') return exitCodes.failed;
    throw error;
  }
}

/** @throws FleetError `forward.ports` */
function portsOf(text: string): { local: number; port: number } {
  const [, local, port] = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text) ?? [];
  const found = { local: Number(local ?? port), port: Number(port) };
  if (found.port >= 1 && found.port <= 65_535 && found.local <= 65_535) return found;
  throw usageError(
    'forward.ports',
    `${text} is not [LOCAL:]PORT`,
    'For instance 5432, or 8080:80: port 8080 here for port 80 there.',
  );
}
