import type { ChosenReturn } from '../model/result.ts';
import { timestamp } from '../model/time.ts';

/** What is about to be rolled back, and to what. */
export function returnsText(returns: readonly ChosenReturn[]): string {
  const lines = returns.map(({ name, number, path, restarts, since }) => {
    const when = since > 0 ? ` of ${timestamp(since)}` : '';
    const others =
      restarts.length > 0
        ? `\n  restarts ${restarts.join(', ')}: this system has them in microvm.vms, and its switch restarts what it declares`
        : '';
    return `${name}  → generation ${number ?? '(kept by fleet)'}${when}\n  ${path}${others}`;
  });
  return `${lines.join('\n')}\nVolumes stay as they are: data is not rolled back.\n`;
}
