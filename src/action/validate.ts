import { join } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { diagnosticsMarkdown } from '../report/diagnostics-markdown.ts';
import { prose } from '../report/markdown.ts';
import { within } from '../report/plan-markdown.ts';
import { commentOn } from './comment.ts';
import { failed } from './failed.ts';
import { type Job, madeBy, summaryLimit } from './job.ts';

/** Annotations of a kind that GitHub shows for a step. */
const most = 10;

/** Checks fleet.yaml, and annotates its lines. @returns the exit code: 0 when it can be used */
export async function validate(job: Job): Promise<number> {
  const { fleet, inputs, runner } = job;
  // A runner of one's own may have a ~/.ssh/config, which counts where no key is given.
  const own = runner.env.RUNNER_ENVIRONMENT === 'self-hosted' && inputs.sshKey === undefined;
  const { code: exitCode, document } = await fleet.json('validate', ...(own ? [] : ['--ci']));
  if (document.kind !== 'validate') return failed(job, exitCode, document);
  const diagnostics = document.diagnostics as readonly Diagnostic[];
  annotate(job, diagnostics);
  if (exitCode !== 0) {
    runner.output('outcome', 'invalid');
    const parts = [`### ${prose(join(inputs.directory, 'fleet.yaml'))} cannot be used\n`];
    parts.push(...diagnosticsMarkdown(diagnostics.slice(0, 100)), madeBy(job));
    runner.summary(within(parts, summaryLimit));
    await commentOn(job, (limit) => within(parts, limit));
  }
  return exitCode;
}

/** `command: validate` */
export async function validated(job: Job): Promise<number> {
  const code = await validate(job);
  job.runner.output('changed', 'false');
  if (code === 0) job.runner.output('outcome', 'valid');
  return code;
}

/** Annotates lines of the repository. */
export function annotate({ inputs, runner }: Job, diagnostics: readonly Diagnostic[]): void {
  for (const severity of ['error', 'warning'] as const) {
    const all = diagnostics.filter((one) => one.severity === severity);
    for (const { hint, message, code: name, ...at } of all.slice(0, most))
      runner.annotate(severity, hint === undefined ? message : `${message}\n${hint}`, {
        title: `fleet ${name}`,
        at: { ...at, file: join(inputs.directory, at.file) },
      });
  }
}
