import { mayGo } from '../app/cleanup.ts';
import { hasData, type LeftoversOn } from '../model/leftovers.ts';
import { ask, canAsk, confirm } from './ask.ts';

/** What a person agrees to: all but volumes at once, volumes by typing each name. */
export async function agreed(
  wanted: readonly LeftoversOn[],
  names: readonly string[],
  yes: boolean,
  signal: AbortSignal,
): Promise<readonly LeftoversOn[]> {
  if (yes) return wanted;
  const others = mayGo(wanted, new Set());
  const question = 'Delete all of these but the volumes?';
  const isAgreed = (others.length > 0 || !canAsk()) && (await confirm(question, signal));
  const typed = new Set<string>();
  for (const name of names) {
    const answer = await ask(`To delete the volumes of ${name} for good, type its name: `, signal);
    if (answer.trim() === name) typed.add(name);
    else process.stderr.write(`The volumes of ${name} stay.\n`);
  }
  const chosen = mayGo(wanted, typed);
  if (isAgreed) return chosen;
  return chosen.flatMap(({ hypervisor, answer }) => {
    const things = answer instanceof Error ? [] : answer.things.filter(hasData);
    return answer instanceof Error || things.length === 0
      ? []
      : [{ hypervisor, answer: { ...answer, things } }];
  });
}
