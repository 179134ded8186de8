import type { Failure } from '../model/failure.ts';
import type { HypervisorResult } from '../model/result.ts';
import { checkText } from './checks-markdown.ts';
import { code, codeBlock, details, prose } from './markdown.ts';

/** As documents have it. */
export type PlainResult = Omit<HypervisorResult, 'failure'> & { readonly failure?: Failure };

const words: Record<HypervisorResult['outcome'], string> = {
  done: '✅ done',
  untouched: '➖ untouched',
  'rolled-back': '↩️ rolled back',
  'rollback-failed': '🔥 **roll back failed**',
  'in-doubt': '❓ **in doubt**',
};

/** What a deployment did, in Markdown, a part for each hypervisor. */
export function resultMarkdown(results: readonly PlainResult[]): string[] {
  return results.map(({ because, failure, hypervisor, lines, outcome }) => {
    const word = words[outcome] ?? prose(outcome);
    const head = `#### ${prose(hypervisor)}: ${failure ? `failed, ${word}` : word}${because ? `: ${prose(because)}` : ''}\n`;
    const isBack = outcome !== 'done' && lines.length > 0;
    const all = lines.map((line) => `- ${prose(line)}\n`).join('');
    const next = ['rollback-failed', 'in-doubt'].includes(outcome)
      ? `Check: ${code(`fleet verify --on ${hypervisor}`)}, then ${code(`fleet history ${hypervisor}`)}\n`
      : '';
    return [
      head,
      failure && failureMarkdown(failure),
      isBack && 'After the roll-back:\n',
      all,
      next,
    ]
      .filter(Boolean)
      .join('\n');
  });
}

/** What went wrong, with what was expected and seen, the last lines there, and what to do. */
export function failureMarkdown({
  checks = [],
  code: name,
  detail,
  hint,
  message,
  target,
}: Failure): string {
  const [first = '', ...more] = message.split('\n');
  const rest = more.length > 0 ? codeBlock(more.join('\n')) : '';
  return [
    `❌ ${prose(first)} ${code(name)}\n`,
    rest,
    ...checks.map((check) => `- **${prose(check.target ?? target ?? '')}** ${checkText(check)}\n`),
    detail ? details({ what: 'The last lines' }, codeBlock(detail)) : '',
    hint ? `${codeBlock(hint)}` : '',
  ]
    .filter((part) => part !== '')
    .join('\n');
}
