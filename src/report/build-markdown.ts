import { countText, placeText } from './build-text.ts';
import { diagnosticsMarkdown } from './diagnostics-markdown.ts';
import type { Built, BuiltOn } from './json/looking.ts';
import { code, prose } from './markdown.ts';
import { failureMarkdown } from './result-markdown.ts';

/** How many machines that failed are told of at length. */
const most = 8;

/** What does not build and why, in Markdown, in parts: by the lines of fleet.yaml, then by machine. */
export function buildMarkdown({ diagnostics, machines }: Built): string[] {
  const failed = machines.filter(({ failure }) => failure);
  return [
    `#### Build\n\n${failed.length > 0 ? '❌ ' : ''}${prose(countText(machines, failed.length))}\n`,
    ...diagnosticsMarkdown(diagnostics),
    ...failed.map((machine, n) => machineMarkdown(machine, n < most)),
  ];
}

function machineMarkdown(machine: BuiltOn, isLong: boolean): string {
  const { attribute, failure, name } = machine;
  const head = `**${prose(name)}** does not build ${prose(placeText(machine))}: ${code(attribute)}`;
  return isLong && failure ? `${head}\n\n${failureMarkdown(failure)}` : `- ❌ ${head}\n`;
}
