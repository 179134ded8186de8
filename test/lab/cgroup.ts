import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './run.ts';

/** Where cgroups are: one tree, or on a hybrid machine two that systemd uses. */
const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'].filter(
  (root) => existsSync(join(root, 'cgroup.procs')),
);

/** Cgroups of a machine's own: two nspawn in one would share the cgroups of their containers. */
export function cgroups(machine: string): readonly string[] {
  return roots.map((root) => join(root, machine));
}

/** Kills whatever is in a machine's cgroups and removes them. */
export async function removeCgroups(machine: string): Promise<void> {
  for (const group of cgroups(machine)) {
    if (!existsSync(group)) continue;
    if (existsSync(join(group, 'cgroup.kill'))) writeFileSync(join(group, 'cgroup.kill'), '1');
    await until(`cgroup ${group} is empty`, 10_000, () => removeTree(group));
  }
}

function removeTree(group: string): true | undefined {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(group, entry.name));
    rmdirSync(group);
    return true;
  } catch {
    // A process in it is still ending.
    return existsSync(group) ? undefined : true;
  }
}
