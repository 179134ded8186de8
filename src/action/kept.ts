import { createHash } from 'node:crypto';
import { FleetError } from '../model/errors.ts';
import { object } from './event.ts';
import type { GitHub } from './github.ts';
import type { Runner } from './runner.ts';

/** Characters that GitHub takes of a comment or an issue. */
export const bodyLimit = 65_536;

/** Accounts that nobody can register: whoever holds a workflow's token writes as one of them. */
const workflows = new Set(['github-actions[bot]', 'forgejo-actions', 'gitea-actions']);

type Entry = Readonly<Record<string, unknown>>;

/** The first line of what is kept: by it, and by who wrote it, it is found again. @param about what tells it from others of this repository */
export function markerOf(kind: 'plan' | 'drift', ...about: readonly string[]): string {
  const id = createHash('sha256').update(about.join('\0')).digest('hex').slice(0, 12);
  return `<!-- microvm-fleet ${kind} ${id} -->\n`;
}

/** The one comment of a pull request: made, or updated in place. @param body begins with the marker */
export async function keepComment(
  github: GitHub,
  pullRequest: number,
  marker: string,
  body: string,
): Promise<void> {
  const isOwn = await ownership(github);
  const comments = await github.list(`issues/${pullRequest}/comments`);
  const known = comments.find((one) => isMarked(one, marker) && isOwn(one));
  const text = { body: `${marker}${body}` };
  if (known) await github.send('PATCH', `issues/comments/${Number(known.id)}`, text);
  else await github.send('POST', `issues/${pullRequest}/comments`, text);
}

/** The one open issue about something: made or updated while there is something to say, else closed. */
export async function keepIssue(
  github: GitHub,
  marker: string,
  issue: { readonly title: string; readonly body: string } | { readonly closing: string },
): Promise<'opened' | 'updated' | 'closed' | 'none'> {
  const isOwn = await ownership(github);
  const open = await github.list('issues?state=open');
  const known = open.find((one) => !one.pull_request && isMarked(one, marker) && isOwn(one));
  const path = known && `issues/${Number(known.number)}`;
  if ('closing' in issue) {
    if (!path) return 'none';
    const body = `${marker}${issue.closing}`;
    await github.send('PATCH', path, { body, state: 'closed', state_reason: 'completed' });
    return 'closed';
  }
  const { title } = issue;
  const body = `${marker}${issue.body}`;
  if (path) await github.send('PATCH', path, { title, body });
  else await github.send('POST', 'issues', { title, body });
  return path ? 'updated' : 'opened';
}

const isMarked = ({ body }: Entry, marker: string): boolean =>
  typeof body === 'string' && body.replaceAll('\r\n', '\n').startsWith(marker);

/**
 * Who writes with this token. Anybody may post the marker, and edit what they have posted: theirs is left alone.
 * A token that does not say whose it is is a program's.
 */
async function ownership(github: GitHub): Promise<(entry: Entry) => boolean> {
  const login = await github.login();
  return ({ user }) => {
    const by = object(user);
    if (login !== undefined) return by.login === login;
    return by.type === 'Bot' || workflows.has(String(by.login));
  };
}

/** Does what needs GitHub; where the token may not do it, says so, for all of it is in the summary. @returns whether it was done */
export async function tryOn(
  runner: Runner,
  what: string,
  write: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    const why = error.code === 'action.forbidden' ? 'this token may not' : 'it failed';
    runner.annotate(
      'notice',
      `${what}: ${why} (${error.message}). All of it is in the summary of this run.`,
      {
        title: 'fleet',
      },
    );
    return false;
  }
}
