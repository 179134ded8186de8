import { readFileSync } from 'node:fs';
import type { Runner } from './runner.ts';

/** What started the workflow: the parts of the payload that matter here. All of it may be a stranger's. */
export interface Event {
  readonly name: string;
  /** Of pull_request: its number. */
  readonly pullRequest?: number;
  /** Of workflow_run: what the other one was started by. */
  readonly after?: { readonly event: string; readonly branch: string; readonly repository: string };
  /** `owner/name` of the workflow's. */
  readonly repository?: string;
  /** Of the repository; GitHub says it with nearly every event. */
  readonly defaultBranch?: string;
  /** Of pull_request: the commit of the branch that it is for. */
  readonly base?: string;
}

/** Reads GITHUB_EVENT_PATH; what is not as it should be counts as absent. */
export function readEvent(runner: Runner): Event {
  const payload = object(parse(runner.env.GITHUB_EVENT_PATH));
  const pull = object(payload.pull_request);
  const number = Number(pull.number);
  const base = object(pull.base).sha;
  const { event, head_branch: branch, head_repository: head } = object(payload.workflow_run);
  const { default_branch: defaultBranch, full_name: repository } = object(payload.repository);
  const after = { event: String(event), branch: String(branch), repository: nameOf(head) };
  return {
    name: runner.get('GITHUB_EVENT_NAME'),
    ...(Number.isSafeInteger(number) && number > 0 && { pullRequest: number }),
    ...(typeof base === 'string' && /^[0-9a-f]{40,64}$/.test(base) && { base }),
    ...(payload.workflow_run !== undefined && { after }),
    ...(typeof repository === 'string' && { repository }),
    ...(typeof defaultBranch === 'string' && { defaultBranch }),
  };
}

const nameOf = (repository: unknown): string => String(object(repository).full_name);

function parse(path: string | undefined): unknown {
  try {
    return path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/** The value if it is an object, else an empty one. */
export const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
