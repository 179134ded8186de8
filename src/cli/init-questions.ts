import { objection, type Wanted } from '../app/init/objection.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { ask, canAsk } from './ask.ts';

/** What `fleet init` has to know of a hypervisor: the flag that says it, and the question. */
const wanted = {
  ssh: ['--ssh', 'ssh target of the first hypervisor (user@host)'],
  name: ['--hypervisor', 'name of the hypervisor'],
  uplink: ['--uplink', 'interface that NAT goes out of (ip route show default)'],
  system: ['--system', 'its system (x86_64-linux or aarch64-linux)'],
  stateVersion: [
    '--state-version',
    'its system.stateVersion, the release it was installed with (such as 25.11)',
  ],
} as const satisfies Readonly<Record<Wanted, readonly [flag: string, question: string]>>;

/** Somebody to be asked, or nobody. */
export interface Asker {
  readonly canAsk: boolean;
  ask(question: string): Promise<string>;
  say(text: string): void;
}

/** Whoever sits at the terminal. */
export const atTerminal = (signal: AbortSignal): Asker => ({
  canAsk: canAsk(),
  ask: (question) => ask(question, signal),
  say: (text) => void process.stderr.write(text),
});

/**
 * What flags say, what the host says, and else what a person answers; asked again as long as an answer
 * does not do. @throws FleetError `init.missing`, with every flag that is missing, where nobody is there.
 */
export async function answers<Key extends Wanted>(
  asker: Asker,
  keys: readonly Key[],
  given: Readonly<Partial<Record<Wanted, string | undefined>>>,
  usual: Readonly<Partial<Record<Wanted, string | undefined>>> = {},
): Promise<Record<Key, string>> {
  const found: Partial<Record<Key, string>> = {};
  const missing: string[] = [];
  for (const key of keys) {
    const [flag, question] = wanted[key];
    const known = given[key] ?? (asker.canAsk ? undefined : usual[key] || undefined);
    if (known !== undefined) found[key] = known;
    else if (asker.canAsk) found[key] = await untilRight(asker, key, question, usual[key]);
    else missing.push(`${flag} is needed: ${question}`);
  }
  if (missing.length === 0) return found as Record<Key, string>;
  throw new FleetError('init.missing', missing.join('\n'), { exitCode: exitCodes.usage });
}

async function untilRight(
  asker: Asker,
  key: Wanted,
  question: string,
  usual: string | undefined,
): Promise<string> {
  for (;;) {
    const said = (await asker.ask(`${question}${usual ? ` [${usual}]` : ''}: `)).trim();
    const answer = said || usual;
    const wrong = answer ? objection(key, answer) : 'this needs an answer';
    if (answer && wrong === undefined) return answer;
    asker.say(`${wrong}\n`);
  }
}
