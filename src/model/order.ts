/**
 * Sorts so that everything comes after what it depends on, and by name where that leaves a choice.
 * Cycles are refused by the rules of src/config; what is left of one here keeps the order by name.
 */
export function dependencyOrder<
  T extends { readonly name: string; readonly dependsOn: readonly string[] },
>(items: readonly T[]): T[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  const done = new Set<string>();
  const sorted: T[] = [];
  for (const first of [...items].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // A stack of our own: a chain of dependencies may be longer than the engine's.
    const stack = [{ item: first, entered: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.entered) sorted.push(top.item);
      if (top.entered || done.has(top.item.name)) continue;
      done.add(top.item.name);
      stack.push({ item: top.item, entered: true });
      for (const name of [...top.item.dependsOn].sort().reverse()) {
        const needed = byName.get(name);
        if (needed && !done.has(name)) stack.push({ item: needed, entered: false });
      }
    }
  }
  return sorted;
}

/** What something depends on, and all that this depends on. */
export function neededBy<T extends { readonly dependsOn: readonly string[] }>(
  all: ReadonlyMap<string, T>,
  item: T,
): ReadonlySet<string> {
  const found = new Set(item.dependsOn);
  // A set grows while it is walked.
  for (const name of found)
    for (const further of all.get(name)?.dependsOn ?? []) found.add(further);
  return found;
}
