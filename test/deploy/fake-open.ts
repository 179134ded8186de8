import { PassThrough, Readable } from 'node:stream';
import type { Host, Running } from '../../src/host/host.ts';

/** What `run` of a pretend host answers, as streams. */
export function openBy(run: Host['run']): Host['open'] {
  return async (script, args, { stdin, signal } = {}): Promise<Running> => {
    const input = new PassThrough();
    if (stdin !== undefined) input.end(stdin);
    const answer = run(script, args, {
      stdin: Buffer.concat(await input.toArray()),
      ...(signal && { signal }),
    });
    const part = (of: 'stdout' | 'stderr') =>
      Readable.from(
        (async function* () {
          yield (await answer.catch(() => undefined))?.[of] ?? '';
        })(),
      );
    const exit = answer.then(({ code }) => ({ code }));
    exit.catch(() => {});
    return { stdin: input, stdout: part('stdout'), stderr: part('stderr'), exit };
  };
}
