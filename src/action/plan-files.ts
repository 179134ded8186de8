import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan/plan.ts';
import type { Built } from '../report/json/looking.ts';
import { planMarkdown } from '../report/plan-markdown.ts';
import type { Runner } from './runner.ts';

/** Writes the whole of a plan where a later step finds it, to keep it as an artifact. */
export function keepPlan(runner: Runner, plan: Plan, offline: boolean, build?: Built): void {
  const folder = mkdtempSync(join(runner.get('RUNNER_TEMP'), 'fleet-plan-'));
  const files = {
    'plan-json': ['plan.json', `${JSON.stringify({ kind: 'plan', ...plan }, null, 2)}\n`],
    'plan-markdown': [
      'plan.md',
      planMarkdown(plan, { diffs: true, offline, ...(build && { build }) }),
    ],
  } as const;
  for (const [output, [name, text]] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    runner.output(output, join(folder, name));
  }
}
