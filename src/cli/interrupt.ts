import { Interrupted } from '../deploy/interrupt.ts';
import type { CommonOptions, Invocation } from './options.ts';

/**
 * Runs a command. Asked to stop it ends at once, and nothing was changed; but for what it runs by
 * `invocation.changing`, which says what becomes of it, and comes to its own end.
 */
export async function interruptible(
  common: CommonOptions,
  signal: AbortSignal,
  command: (invocation: Invocation) => Promise<number>,
): Promise<number> {
  let told: (() => string) | undefined;
  const changing = async <T>(becomes: () => string, work: () => Promise<T>): Promise<T> => {
    told = becomes;
    try {
      return await work();
    } finally {
      told = undefined;
    }
  };
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => {
      if (told === undefined) reject(new Interrupted('interrupted; nothing was changed'));
      else process.stderr.write(`\n${told()}\n`);
    };
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([command({ common, signal, changing }), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
