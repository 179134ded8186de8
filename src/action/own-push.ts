import type { Event, PushedCommit } from './event.ts';

/**
 * Whether fleet itself made all that was pushed: with an app's token its commits start the workflow again. A title alone
 * proves nothing, for a person may write one and expect a deployment: it is a program that pushed, and each commit
 * changes exactly what its message lists and nothing that fleet does not render, or is a revert.
 */
export function isOwnPush({ commits, isBot, name }: Event): boolean {
  return (
    name === 'push' &&
    isBot &&
    commits.length > 0 &&
    commits.every((one) => isRendered(one) || isRevert(one))
  );
}

/** As plan/commit-message writes them. */
const words = { new: 'added', changed: 'modified', removed: 'removed' } as const;

function isRendered(commit: PushedCommit): boolean {
  const [title = '', blank, ...lines] = commit.message.trimEnd().split('\n');
  if (!title.startsWith('fleet: ') || blank !== '' || lines.length === 0) return false;
  const listed = lines.map((line) => {
    const [, word = '', path = ''] = /^(new|changed|removed) (.+)$/.exec(line) ?? [];
    return `${words[word as keyof typeof words]} ${path}`;
  });
  const changed = Object.values(words).flatMap((kind) =>
    commit[kind].map((path) => `${kind} ${path}`),
  );
  return (
    listed.sort().join('\n') === changed.sort().join('\n') &&
    changed.every((one) => /^\w+ (flake\.(nix|lock)|hosts\/.+|modules\/.+)$/.test(one))
  );
}

const isRevert = ({ message }: PushedCommit): boolean =>
  /^Revert to [0-9a-f]{8}: [0-9a-f]{8} was rolled back\n\n[^\n]+\n\nTakes back:\n/.test(message);
