/** How to take back one step. Undoing twice, or what never happened, must do no harm. */
export interface Undo {
  readonly title: string;
  /** Nothing that runs was changed by the step. */
  readonly harmless?: true;
  run(): Promise<void>;
}

export interface UndoFailure {
  readonly undo: Undo;
  readonly error: Error;
}

/**
 * Runs all of them, the last first; one that fails does not keep the others from running.
 * @param again may make a failed one worth another try: the link was lost and is found
 */
export async function undoAll(
  undos: readonly Undo[],
  again: (error: unknown) => Promise<boolean> = async () => false,
): Promise<{ done: readonly string[]; failed: readonly UndoFailure[] }> {
  const done: string[] = [];
  const failed: UndoFailure[] = [];
  for (const undo of undos.toReversed()) {
    try {
      await undo.run().catch(async (error: unknown) => {
        if (!(await again(error))) throw error;
        await undo.run();
      });
      done.push(undo.title);
    } catch (error) {
      failed.push({ undo, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return { done, failed };
}
