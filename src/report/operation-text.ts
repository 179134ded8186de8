import { span } from '../model/age.ts';
import type { OperationKind, OperationResult } from '../model/operation-result.ts';
import { plainLine, quotedText } from '../model/plain-text.ts';
import type { Style } from './style.ts';
import { wrap, wrapHint } from './wrap.ts';

const done: Record<OperationKind, string> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
};

/** What became of each vm, a line each; of one that failed why, and what it said last. */
export function operationText(
  kind: OperationKind,
  results: readonly OperationResult[],
  style: Style,
): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results
    .map((result) => {
      const { failure, name } = result;
      const title = style('bold', name.padEnd(width));
      if (result.outcome === 'untouched') {
        const because = wrap(plainLine(result.because ?? ''), width + 13);
        return `${title}  ${style('yellow', 'untouched:')} ${because}\n`;
      }
      if (!failure) {
        const colour = result.outcome === 'already' ? 'dim' : 'green';
        return `${title}  ${style(colour, wrap(wellText(kind, result), width + 2))}\n`;
      }
      const word = result.outcome === 'locked' ? style('yellow', 'locked') : style('red', 'FAILED');
      const lines = [`${title}  ${word}  ${wrap(plainLine(failure.message), width + 10)}`];
      if (failure.detail)
        for (const line of quotedText(failure.detail).split('\n'))
          lines.push(style('dim', `    ${line}`));
      if (failure.hint) lines.push(`  ${wrapHint(failure.hint, 2)}`);
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

function wellText(kind: OperationKind, result: OperationResult): string {
  const { because, hypervisor, isKilled, ms, outcome, strays = [], upFor } = result;
  const seconds = `${(ms / 1000).toFixed(1)} s`;
  if (outcome === 'already')
    return kind === 'stop'
      ? `is stopped already on ${hypervisor}`
      : `is healthy already on ${hypervisor}${upFor === undefined ? '' : `, up ${span(upFor)}`}`;
  return [
    `${done[kind]} on ${hypervisor} in ${seconds}${kind === 'stop' ? '' : ', healthy'}`,
    ...(because === undefined ? [] : [`it was not well (${plainLine(because)})`]),
    ...(isKilled ? ['it had to be killed'] : []),
    ...strays.map(({ process, name }) => `ended process ${process} ${name}, which had its network`),
  ].join('; ');
}
