import type { Event } from './event.ts';
import type { Fleet } from './fleet.ts';
import type { GitHub } from './github.ts';
import type { Inputs } from './inputs.ts';
import type { Runner } from './runner.ts';

/** Characters in the summary: of the megabyte that GitHub takes, whatever they are. */
export const summaryLimit = 250_000;

/** What every command of the Action works with. */
export interface Job {
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly event: Event;
  readonly fleet: Fleet;
  /** The commit that is checked out. */
  readonly head: string;
  /** Of a pull request: the commit that its files are compared with; absent: it is not in the clone. */
  readonly base?: string;
  /** Absent: there is no token. */
  readonly github: GitHub | undefined;
}

/** A folder that is not this one is named, where a repository has several fleets. */
export const titleOf = ({ inputs: { directory, on } }: Job, what: string): string =>
  `fleet ${what}${directory === '.' ? '' : ` of ${directory}`}${on === undefined ? '' : ` (${on})`}`;

/** Where this was made, in Markdown. */
export const madeBy = ({ head, runner }: Job): string =>
  `Of commit ${head.slice(0, 8)}, by [this run](${runner.page}).\n`;
