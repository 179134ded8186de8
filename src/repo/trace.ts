import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitOptions, GitResult } from './git.ts';

/** A program that git started. */
export interface Child {
  /** Such as `pre-commit`; undefined: not a hook. */
  readonly hook: string | undefined;
  readonly argv: readonly string[];
  /** Undefined: it had not ended when git did. */
  readonly code: number | undefined;
}

/**
 * Runs git and reports which programs it started and how they ended, from git's machine-readable trace. This tells a
 * failing hook from a failing signature without parsing messages.
 */
export async function runTraced(
  git: Git,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult & { readonly children: readonly Child[] }> {
  const dir = await mkdtemp(join(git.temporary, 'fleet-git-'));
  try {
    const file = join(dir, 'trace');
    const result = await git.run(args, {
      ...options,
      env: { ...options.env, GIT_TRACE2_EVENT: file },
    });
    const text = await readFile(file, 'utf8').catch(() => '');
    return { ...result, children: children(text) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface Event {
  readonly event: string;
  readonly sid: string;
  readonly child_id?: number;
  readonly hook_name?: string;
  readonly argv?: readonly string[];
  readonly code?: number;
}

function children(text: string): Child[] {
  const found = new Map<number | undefined, Child>();
  for (const line of text.split('\n')) {
    const event = line.startsWith('{') ? (JSON.parse(line) as Event) : undefined;
    // With a slash it is a git inside this one (in a hook), which writes to the same trace.
    if (event === undefined || event.sid.includes('/')) continue;
    if (event.event === 'child_start')
      found.set(event.child_id, { hook: event.hook_name, argv: event.argv ?? [], code: undefined });
    const child = found.get(event.child_id);
    if (event.event === 'child_exit' && child)
      found.set(event.child_id, { ...child, code: event.code });
  }
  return [...found.values()];
}

/** The hook that failed, if one did. */
export function failedHook(children: readonly Child[]): string | undefined {
  return children.find((child) => child.hook !== undefined && child.code !== 0)?.hook;
}
