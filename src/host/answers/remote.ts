import * as shape from './shape.ts';

/** Reads what remote.sh says: the commit that the hypervisor sees; undefined: there is no such branch. */
export function parseRemote(answer: string): string | undefined {
  return shape.understand('remote.unreadable', answer, () => {
    const commit = shape.Rows.in(answer).firsts('commit')[0];
    if (commit === undefined || /^[0-9a-f]{40,64}$/.test(commit)) return commit;
    throw new Error('it says no commit');
  });
}
