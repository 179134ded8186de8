import { exitCodeOf } from '../deploy/rollout.ts';
import { type ExitCode, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { systemName } from '../model/names.ts';
import { hasChanges } from '../plan/plan.ts';
import { type Deployed, deploy } from './deploy.ts';
import { knownBad } from './git/publish.ts';
import type { Ports } from './ports.ts';
import type { Survey } from './survey/survey.ts';

/** What apply does only with a person's consent. */
export interface Word {
  /** Leaves out hypervisors that cannot be reached. */
  readonly allowUnreachable?: boolean;
  /** Deploys a quarantined commit, and one whose history lacks what runs. */
  readonly force?: boolean;
  /** Deploys a commit whose history lacks what runs: the person has seen what it replaces. */
  readonly replace?: boolean;
  /** What first switches may take away, by name. */
  readonly drop?: readonly string[];
}

export interface ApplyInput {
  /** What `plan` returned; with further guests to restart, what its `restarting` returned. */
  readonly planned: Survey;
  readonly word: Word;
  /** Ms to wait for locks that others hold. Default: 0. */
  readonly lockTimeout?: number;
  /** From `newId`, where the caller needs the id before the deployment begins. */
  readonly id?: string;
}

export interface Applied extends Partial<Deployed> {
  readonly results: Deployed['results'];
  readonly exitCode: ExitCode;
}

/**
 * Carries out a plan, unless it changes nothing. When asked to stop, it finishes the step in hand and rolls back.
 * @throws FleetError as `unfit` and `refusal` say, and when no hypervisor was changed
 */
export async function apply(
  ports: Ports,
  { planned, word, lockTimeout = 0, id }: ApplyInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Applied> {
  const refused = unfit(planned, word) ?? refusal(planned, word);
  if (refused) throw refused;
  if (!hasChanges(planned.plan)) return { exitCode: 0, results: [] };
  const deployed = await deploy(
    ports,
    {
      seen: planned,
      force: word.force ?? false,
      lockTimeout,
      ...(id !== undefined && { id }),
      dropped: new Set(word.drop ?? []),
    },
    emit,
    signal,
  );
  for (const { name } of unreachable(planned)) {
    const text = `${name} was skipped (unreachable) and still runs the old commit.`;
    emit({ type: 'warning', text });
  }
  return { ...deployed, exitCode: exitCodeOf(deployed.results) };
}

/** Hypervisors that were not reached, and why. */
const unreachable = ({ contacts }: Survey) =>
  contacts.flatMap(({ hypervisor: { name }, facts }) =>
    facts instanceof Error ? [{ name, error: facts }] : [],
  );

/** Why this plan cannot be applied, whatever a person consents to except leaving hypervisors out. */
export function unfit(planned: Survey, { allowUnreachable = false }: Word): FleetError | undefined {
  const { hypervisors } = planned.plan;
  const problems = hypervisors.flatMap((h) => h.problems.map((p) => `${h.name}: ${p}`));
  if (problems.length > 0)
    return new FleetError('plan.problems', 'this cannot be applied', {
      detail: problems.join('\n'),
    });
  const lost = unreachable(planned);
  if (lost.length === 0 || (allowUnreachable && lost.length < planned.contacts.length))
    return undefined;
  const hints = Map.groupBy(
    lost.filter(({ error }) => error instanceof FleetError && error.hint),
    ({ error }) => (error as FleetError).hint,
  );
  return new FleetError(
    'apply.unreachable',
    `cannot reach ${lost.map(({ name }) => name).join(', ')}; nothing was changed`,
    {
      detail: lost.map(({ error }) => error.message).join('\n'),
      hint: [
        ...[...hints].map(([hint, of]) =>
          lost.length === 1 ? hint : `${of.map(({ name }) => name).join(', ')}:\n${hint}`,
        ),
        'Leave them out with --allow-unreachable, or choose with --on.',
      ].join('\n'),
    },
  );
}

/** Code of the `refusal` that `replace` lifts: what runs is not in the history of what would be deployed. */
export const notInHistory = 'git.not-in-history';

/** Why apply needs a person's consent first; undefined when it does not, or has nothing to do. */
export function refusal(planned: Survey, word: Word): FleetError | undefined {
  if (word.force || !hasChanges(planned.plan)) return undefined;
  if (planned.bad) return knownBad(planned.bad);
  if (word.replace || planned.strangers.length === 0) return undefined;
  // Otherwise apply would silently remove what somebody deployed from another branch.
  return new FleetError(notInHistory, 'the history of this commit lacks what is running', {
    detail: planned.strangers.join('\n'),
    hint: 'Nothing was done. Merge it, or deploy anyway: --force',
  });
}

/** Whether the plan contains a first switch, which may take something away. */
export const hasFirstSwitch = ({ contacts }: Survey): boolean =>
  contacts.some(({ facts }) => !(facts instanceof Error) && !facts.deployed.has(systemName));
