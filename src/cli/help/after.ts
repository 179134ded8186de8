import type { Command } from 'commander';
import { wrap } from '../../report/wrap.ts';
import { exitsOf, type HelpText, helpTexts, ownHelp } from './texts.ts';

/** What `--help` of a command says after its options. */
export function helpAfter(command: Command): string {
  const text = textOf(command);
  if (!text) return '';
  const { examples } = text;
  const width = Math.min(38, Math.max(...examples.map(([line]) => line.length)));
  const lines = examples.map(([line, does]) => {
    if (does === undefined) return `  ${line}`;
    const isShort = line.length <= width;
    return isShort
      ? `  ${line.padEnd(width)}  ${wrap(does, width + 4)}`
      : `  ${line}\n${' '.repeat(width + 4)}${wrap(does, width + 4)}`;
  });
  const codes = Object.entries(exitsOf(text));
  return [
    '',
    'Examples:',
    ...lines,
    '',
    'Exit codes:',
    ...codes.map(([code, means]) => `  ${code.padEnd(5)}${wrap(means, 7)}`),
  ].join('\n');
}

/** Of a command, or of fleet itself. */
export const textOf = (command: Command): HelpText | undefined =>
  command.parent ? helpTexts[command.name()] : ownHelp;
