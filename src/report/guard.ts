import { plainJson } from '../model/plain-text.ts';

/**
 * What leaves for a person or a log goes through here once more, whoever wrote it: a text of others that
 * nobody thought of cannot move a cursor, nor order anything of the CI that reads the log.
 */

/** The colours that style.ts paints with, and the cursor that is shown again; nothing else of a terminal's. */
const ownOrUnprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
  /\u001b\[(?:1|2|22|3[1236]|39)m|\u001b\[\?25h|[^\P{Cc}\n\t]|[\u2028\u2029\p{Bidi_C}]|\p{Cs}/gu;

/** `::error` at a line's beginning, also behind blanks, is a command of GitHub's runner. */
const workflowCommand = /^([^\S\n]*)(?=::[a-z])/gim;
/** `##[…]`, `##vso[…]`, `##teamcity[…]`: wherever they stand. */
const loggingCommand = /##(?=[a-z]*\[)/gi;

/**
 * Text as it may leave: printable, in fleet's own colours, and no command to anybody. JSON keeps its values; what only
 * begins as it does is harmless all the same, for no line of JSON begins with a colon.
 */
export function harmless(text: string): string {
  if (text.startsWith('{'))
    return plainJson(text).replace(workflowCommand, '$1·').replace(loggingCommand, '#\\u0023');
  return text
    .replace(ownOrUnprintable, (found) => (found.length > 1 ? found : '·'))
    .replace(workflowCommand, '$1·')
    .replace(loggingCommand, '##·');
}

type Write = (chunk: unknown, ...more: unknown[]) => boolean;
const originals = new WeakMap<NodeJS.WriteStream, Write>();

/** From here on only harmless text leaves by this stream. */
export function guard(stream: NodeJS.WriteStream): void {
  const write = originals.get(stream) ?? (stream.write as Write);
  originals.set(stream, write);
  const guarded: Write = (chunk, ...more) =>
    write.call(stream, typeof chunk === 'string' ? harmless(chunk) : chunk, ...more);
  stream.write = guarded as typeof stream.write;
}

/** A stream beside the guarded one that asks a question, and moves the cursor on purpose. */
export function unguarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  const original = originals.get(stream);
  if (!original) return stream;
  return Object.create(stream, { write: { value: original.bind(stream), writable: true } });
}
