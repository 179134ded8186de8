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
  const visit = (item: T): void => {
    if (done.has(item.name)) return;
    done.add(item.name);
    for (const name of [...item.dependsOn].sort()) {
      const needed = byName.get(name);
      if (needed) visit(needed);
    }
    sorted.push(item);
  };
  for (const item of [...items].sort((a, b) => (a.name < b.name ? -1 : 1))) visit(item);
  return sorted;
}
