import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { FleetError } from '../../model/errors.ts';

/**
 * Lines as they come.
 * @param longest characters of one
 * @throws FleetError `remote.too-much` for one that does not end
 */
export async function* linesOf(
  stream: Readable,
  longest: number,
  what: string,
): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > longest)
      throw new FleetError('remote.too-much', `a line of over ${longest} characters in ${what}`);
    yield* parts;
  }
}
