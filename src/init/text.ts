import { stringify } from 'yaml';

/** Fields of something in fleet.yaml. */
export type Fields = Readonly<Record<string, unknown>>;

/** YAML of a value as a person would write it. */
export const yaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Every line with `prefix` in front; an empty one stays empty but for what shows. */
export function prefixed(prefix: string, text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `${prefix}${line}`.trimEnd())
    .join('\n');
}

/** Sentences as comment lines that fit 100 columns, at an indent. */
export function comment(indent: string, ...sentences: readonly string[]): string {
  const lines: string[] = [];
  for (const sentence of sentences) {
    let line = '';
    for (const word of sentence.split(' ')) {
      if (line !== '' && indent.length + line.length + word.length > 96) {
        lines.push(line);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => `${indent}# ${line}\n`).join('');
}
