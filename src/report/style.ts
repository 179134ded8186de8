import { styleText } from 'node:util';

export type Style = (
  format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan',
  text: string,
) => string;

/** Colours where the stream is a terminal; NO_COLOR and FORCE_COLOR hold. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  return (format, text) => styleText(format, text, { stream, validateStream: true });
}

export function hasColours(stream: NodeJS.WriteStream): boolean {
  return styleFor(stream)('bold', 'x') !== 'x';
}

export const noStyle: Style = (_, text) => text;
