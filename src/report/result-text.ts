import type { HypervisorResult } from '../deploy/put-back.ts';
import type { Style } from './style.ts';

const words: Record<HypervisorResult['outcome'], readonly ['green' | 'yellow' | 'red', string]> = {
  done: ['green', 'done'],
  untouched: ['yellow', 'failed, untouched'],
  'rolled-back': ['yellow', 'failed, rolled back'],
  'rollback-failed': ['red', 'ROLL BACK FAILED'],
};

/** What a deployment did: what failed, where, with the last remote lines, and what was put back. */
export function resultText(results: readonly HypervisorResult[], style: Style): string {
  return results
    .map((result) => {
      const [colour, word] = words[result.outcome];
      const lines = [`${style('bold', result.hypervisor)}  ${style(colour, word)}`];
      const { failure } = result;
      if (failure) {
        lines.push(...indent(failure.message, 2));
        if (failure.detail) lines.push(...indent(failure.detail, 4).map((l) => style('dim', l)));
        if (failure.hint) lines.push(...indent(failure.hint, 2));
      }
      if (failure && result.lines.length > 0) lines.push('  put back:');
      lines.push(...result.lines.flatMap((l) => indent(l, failure ? 4 : 2)));
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

function indent(text: string, by: number): string[] {
  return text.split('\n').map((line) => `${' '.repeat(by)}${line}`);
}
