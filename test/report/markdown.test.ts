import { describe, expect, test } from 'vitest';
import type { HypervisorPlan, Plan } from '../../src/plan/plan.ts';
import { code, codeBlock, details, prose } from '../../src/report/markdown.ts';
import { planMarkdown } from '../../src/report/plan-markdown.ts';
import { changed, planHv1 } from '../plan/situation.ts';

test('a fence is longer than any of hundreds of thousands of backticks', () => {
  const text = `${'` '.repeat(200_000)}\`\`\`\``;
  expect(codeBlock(text, '', text.length)).toMatch(/^`````\n/);
});

const plan = (hypervisors: HypervisorPlan[], more: Partial<Plan> = {}): Plan => ({
  ...{ version: 1, fleet: 'example', files: [], hypervisors, warnings: [], problems: [] },
  ...more,
});
const shown = { diffs: true, offline: false };

describe('a sentence of strangers', () => {
  test.each([
    ['mentions nobody', 'by @everyone', 'by @\u200beveryone'],
    ['is no link', 'see https://evil.example', 'see https:\u200b//evil.example'],
    ['is no link without a protocol', 'see www.evil.example', 'see www\u200b.evil.example'],
    ['is no link of its own', '[all is well](//evil)', '\\[all is well\\](//evil)'],
    ['is no image', '![x](y)', '\\!\\[x\\](y)'],
    ['is no HTML', '<img src=x> <!--', '\\<img src=x\\> \\<\\!--'],
    ['refers to no issue', 'fixes #1, GH-2', 'fixes \\#\u200b1, GH-\u200b2'],
    ['is not emphasised', '**done** _x_', '\\*\\*done\\*\\* \\_x\\_'],
    ['is not code', '`x`', '\\`x\\`'],
    ['is no list', '1. x', '1\\. x'],
    ['is one line', 'a\n# b', 'a \\#\u200b b'],
    ['reads as it is where it is plain', 'web1 (hv1): its memory', 'web1 (hv1): its memory'],
  ])('%s', (_, text, markdown) => {
    expect(prose(text)).toBe(markdown);
  });
});

describe('code of strangers', () => {
  test('cannot be left with backticks', () => {
    expect(code('1GiB')).toBe('`1GiB`');
    expect(code('`` @ada ``')).toBe('``` `` @ada `` ```');
    expect(codeBlock('```\n@ada\n````\n', 'diff')).toBe('`````diff\n```\n@ada\n````\n`````\n');
  });

  test('cannot be left with a tag', () => {
    expect(details({ what: 'new', name: '</summary>@ada' }, 'x')).toContain(
      '<code>&#60;/summary&#62;@ada</code></summary>',
    );
  });
});

describe('a plan in Markdown', () => {
  const files: Plan['files'] = [
    { path: 'hosts/web1/a.nix', kind: 'change', diff: '--- a\n+++ b\n-old\n+```\n' },
    { path: 'hosts/web3/default.nix', kind: 'add', diff: '' },
  ];

  test('says what happens where, and why, with fields and diffs', () => {
    const hv1 = planHv1({ files, fingerprints: changed('hv1', 'web1') });
    const field = { field: 'memory', from: '1GiB', to: '3GiB', restarts: 'certainly' } as const;
    const actions = hv1.actions.map((action) =>
      action.target === 'web1' ? { ...action, changes: [field] } : action,
    );
    expect(planMarkdown(plan([{ ...hv1, actions }], { files }), shown)).toMatchInlineSnapshot(`
      "**Plan: 2 files, 1 to switch, 1 to rebuild.**

      May restart, if the build gives another runner: web1.

      #### hv1

      - \`·\` **hv1** checkout moves: there is a new commit
      - \`~\` **hv1** switch: its configuration changed
      - \`~\` **web1** rebuild: its configuration changed
        - \`memory\` \`1GiB\` → \`3GiB\`: **restarts**

      #### Files

      <details><summary>changed <code>hosts/web1/a.nix</code></summary>

      \`\`\`\`diff
      --- a
      +++ b
      -old
      +\`\`\`
      \`\`\`\`

      </details>

      <details><summary>new <code>hosts/web3/default.nix</code></summary>

      \`\`\`diff

      \`\`\`

      </details>
      "
    `);
  });

  test('is cut between parts, and says where the whole is', () => {
    const many = Array.from({ length: 50 }, (_, n) => ({
      ...{ path: `hosts/web${n}/default.nix`, kind: 'add' as const, diff: '+x\n'.repeat(100) },
    }));
    const options = { ...shown, limit: 5000, whole: '[this run](https://x)' };
    const text = planMarkdown(plan([], { files: many }), options);
    expect(text.length).toBeLessThanOrEqual(5000);
    expect(text).toMatch(
      /<\/details>\n\n… \d+ more parts would not fit here\. The whole of it: \[this run\]\(https:\/\/x\)\n$/,
    );
    expect(planMarkdown(plan([], { files: many }), shown)).toContain('hosts/web49/default.nix');
  });

  test('has names of files alone where no diffs are wanted', () => {
    expect(planMarkdown(plan([], { files }), { diffs: false, offline: true })).toBe(
      '**Plan: 2 files. Hypervisors were not asked.**\n\n#### Files\n\n- changed `hosts/web1/a.nix`\n- new `hosts/web3/default.nix`\n',
    );
  });
});
