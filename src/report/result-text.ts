import { quotedAfterFirst, quotedText } from '../model/plain-text.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { Style } from './style.ts';
import { wrapHint } from './wrap.ts';

const words: Record<HypervisorResult['outcome'], readonly ['green' | 'yellow' | 'red', string]> = {
  done: ['green', 'done'],
  untouched: ['yellow', 'untouched'],
  'rolled-back': ['yellow', 'rolled back'],
  'rollback-failed': ['red', 'ROLL BACK FAILED'],
  'in-doubt': ['red', 'in doubt'],
};

/** What a deployment did: what failed, where, with the last remote lines, and what was rolled back. */
export function resultText(results: readonly HypervisorResult[], style: Style): string {
  return results
    .map((result) => {
      const { failure, because } = result;
      const [colour, word] = words[result.outcome];
      const fate = failure ? `failed, ${word}` : because ? `${word}: ${because}` : word;
      const lines = [`${style('bold', result.hypervisor)}  ${style(colour, fate)}`];
      if (failure) {
        lines.push(...indent(quotedAfterFirst(failure.message), 2));
        if (failure.detail)
          lines.push(...indent(quotedText(failure.detail), 4).map((l) => style('dim', l)));
        if (failure.hint) lines.push(`  ${wrapHint(failure.hint, 2)}`);
      }
      const isBack = result.outcome !== 'done';
      if (isBack && result.lines.length > 0) lines.push('  after the roll-back:');
      lines.push(...result.lines.flatMap((l) => indent(l, isBack ? 4 : 2)));
      if (wantsLook.has(result.outcome)) {
        const { hypervisor } = result;
        lines.push(`  Check: fleet verify --on ${hypervisor}, then fleet history ${hypervisor}`);
      }
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

/** Somebody was woken for these outcomes, and needs the next command. */
const wantsLook: ReadonlySet<HypervisorResult['outcome']> = new Set([
  'rollback-failed',
  'in-doubt',
]);

function indent(text: string, by: number): string[] {
  return text.split('\n').map((line) => `${' '.repeat(by)}${line}`);
}
