import { readFileSync } from 'node:fs';
import type { Runner } from './runner.ts';

/** What started the workflow: the parts of the payload that matter here. All of it may be a stranger's. */
export interface Event {
  readonly name: string;
  /** Of pull_request: its number. */
  readonly pullRequest?: number;
  /** Of pull_request: it comes from another repository, so the token may only read. */
  readonly isFork: boolean;
  /** Of workflow_run: the event that started the other one. */
  readonly started?: string;
  /** Of push: whether a program pushed, and what. */
  readonly isBot: boolean;
  readonly commits: readonly PushedCommit[];
}

export interface PushedCommit {
  readonly message: string;
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly removed: readonly string[];
}

/** Reads GITHUB_EVENT_PATH; what is not as it should be counts as absent. */
export function readEvent(runner: Runner): Event {
  const name = runner.get('GITHUB_EVENT_NAME');
  const payload = object(parse(runner.env.GITHUB_EVENT_PATH));
  const pull = object(payload.pull_request);
  const [head, base] = [pull.head, pull.base].map((side) => object(object(side).repo).full_name);
  const number = Number(pull.number);
  const started = object(payload.workflow_run).event;
  return {
    name,
    ...(Number.isSafeInteger(number) && number > 0 && { pullRequest: number }),
    isFork: head !== base,
    ...(typeof started === 'string' && { started }),
    isBot: object(payload.sender).type === 'Bot',
    commits: list(payload.commits).map((one) => {
      const { message, added, modified, removed } = object(one);
      return {
        message: typeof message === 'string' ? message : '',
        added: strings(added),
        modified: strings(modified),
        removed: strings(removed),
      };
    }),
  };
}

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

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const strings = (value: unknown): string[] => list(value).filter((one) => typeof one === 'string');
