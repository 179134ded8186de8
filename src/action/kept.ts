import { createHash } from 'node:crypto';
import { FleetError } from '../model/errors.ts';
import { object } from './event.ts';
import type { GitHub } from './github.ts';
import type { Runner } from './runner.ts';

/** Characters that GitHub takes of a comment or an issue. */
export const bodyLimit = 65_536;

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
  const known = open.filter((one) => !one.pull_request && isMarked(one, marker) && isOwn(one));
  const [path, ...others] = known.map(({ number }) => `issues/${Number(number)}`);
  if ('closing' in issue) {
    if (!path) return 'none';
    const body = `${marker}${issue.closing}`;
    // Two looks at once may have opened one each.
    for (const one of [path, ...others])
      await github.send('PATCH', one, { body, state: 'closed', state_reason: 'completed' });
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

/** Whether this token wrote it. Anybody may post the marker, and edit what they have posted: theirs is left alone, also another program's. */
async function ownership(github: GitHub): Promise<(entry: Entry) => boolean> {
  const login = await github.login();
  return ({ user }) => object(user).login === login;
}

/**
 * Does what needs GitHub, and never throws: what was deployed or found does not depend on it, and all of it is in the
 * summary. @returns whether it was done
 */
export async function tryOn(
  runner: Runner,
  what: string,
  write: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const isForbidden = error instanceof FleetError && error.code === 'action.forbidden';
    const why = isForbidden ? 'this token may not' : 'it failed';
    runner.annotate(
      'notice',
      `${what}: ${why} (${(error as Error).message}). All of it is in the summary of this run.`,
      {
        title: 'fleet',
      },
    );
    return false;
  }
}
