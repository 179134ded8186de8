/**
 * Runs `work` on all items, at most `limit` at a time. @returns the results in the order of the items
 * @throws the first failure, at once; no further item is begun then
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) {
      try {
        results[i] = await work(items[i] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/**
 * Works on all items in the order given, none before the turns of those that it `needs`, which stand before it, are over.
 * At most `limit` have their turn at a time: one's is over when it calls `endTurn`, or at its end. `work` does not throw.
 * @returns the results in the order of the items
 */
export async function inTurns<T, R>(
  items: readonly T[],
  limit: number,
  needs: (item: T) => readonly T[],
  work: (item: T, endTurn: () => void) => Promise<R>,
): Promise<R[]> {
  const turns = new Map<T, Promise<void>>();
  const all: Promise<R>[] = [];
  await inParallel(items, limit, (item) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    turns.set(item, promise);
    const before = Promise.all(needs(item).map((other) => turns.get(other)));
    const doing = before.then(() => work(item, resolve)).finally(resolve);
    // Should it fail all the same, that is told at the end.
    doing.catch(() => {});
    all.push(doing);
    return promise;
  });
  return Promise.all(all);
}
