import { FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { actions } from './actions.ts';
import { withChanges } from './changes.ts';
import type { PlanCheck } from './checks.ts';
import { drift, lockWords } from './drift.ts';
import { heedStops } from './held-stops.ts';
import type { Drift, FileChange, HypervisorPlan, Plan, Since, Unsure } from './plan.ts';
import { problems } from './problems.ts';
import type { Selection } from './selectors.ts';

/** The input of the plan: the same input gives the same plan. */
export interface PlanInput {
  readonly index: FleetIndex;
  readonly files: readonly FileChange[];
  /** Commit of HEAD at the desk. */
  readonly head: string | undefined;
  /** Undefined while the commit's content is unknown (flake.lock still has to be made). */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
  /** By hypervisor: its facts, or why they could not be read. */
  readonly facts: ReadonlyMap<string, Facts | Error>;
  readonly selection: Selection;
  readonly release: ReadonlySet<string>;
  /** Guests to restart, even if nothing else changes. */
  readonly restart?: ReadonlySet<string>;
  /** No guest that runs is restarted: what is built for it waits. */
  readonly restartsNone?: boolean;
  /** By hypervisor: results of the checks in fleet.yaml. */
  readonly probed?: ReadonlyMap<string, readonly PlanCheck[]>;
  readonly warnings: readonly string[];
  /** Why nothing at all can be applied. */
  readonly problems?: readonly string[];
  /** Of these, why apply could not push. */
  readonly remote?: string;
  /** Hypervisor → commit according to the remote, for those that do not answer. */
  readonly lastDeployed?: ReadonlyMap<string, string>;
  /** Commits with the same files as `head`. */
  readonly sameAsHead?: ReadonlySet<string>;
  /** Deployed commit → its fleet.yaml, for the commits in this clone. */
  readonly before?: ReadonlyMap<string, FleetIndex>;
  readonly since?: Since;
  /** Hypervisor → what it would lose by its first switch, judging by fleet.yaml alone. */
  readonly lost?: ReadonlyMap<string, readonly Lost[]>;
  /** Hypervisor → what a person has to do there first. */
  readonly obstacles?: ReadonlyMap<
    string,
    readonly { readonly target: string; readonly text: string }[]
  >;
}

/** Something that a host has now, and that its new system will not have. */
export interface Lost {
  /** Its name for --drop. */
  readonly name: string;
  readonly text: string;
  /** Whether apply refuses unless it is named. */
  readonly cuts: boolean;
}

export function makePlan(input: PlanInput): Plan {
  const unsure = unsureOf(input);
  return {
    version: 1,
    fleet: input.index.fleet.name,
    files: input.files,
    hypervisors: input.index.fleet.hypervisors
      .filter((h) => input.selection.hypervisors.has(h.name))
      .map((h) => planSafely(h.name, input)),
    warnings: [...input.warnings, ...left(input)],
    problems: input.problems ?? [],
    ...(unsure.length > 0 && { unsure }),
    ...(input.since && { since: input.since }),
  };
}

function unsureOf({ facts, remote }: PlanInput): Unsure[] {
  const locked = [...facts].flatMap(([name, one]): Unsure[] => {
    try {
      return one instanceof Error || !one.lock?.atWork
        ? []
        : [{ code: 'locked', message: `${name}: ${lockWords(one.lock)}` }];
    } catch {
      return []; // Its own plan says why.
    }
  });
  return [
    ...(remote === undefined ? [] : [{ code: 'remote' as const, message: remote }]),
    ...locked,
  ];
}

/** Whatever one hypervisor answers, the others are still planned. */
function planSafely(name: string, input: PlanInput): HypervisorPlan {
  try {
    return planHypervisor(name, input);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const problem = `it cannot be planned (${why}): leave it out with --on`;
    return { name, actions: [], drift: [], problems: [problem] };
  }
}

/** Hypervisors that were deployed to and are no longer in fleet.yaml. */
function left({ index, lastDeployed }: PlanInput): string[] {
  return [...(lastDeployed ?? [])]
    .filter(([name]) => !index.hypervisors.has(name))
    .map(
      ([name, commit]) =>
        `${name} is no longer in fleet.yaml: it was deployed (${commit.slice(0, 8)}), its guests keep running, and fleet no longer manages them; if that is intended: git push ${index.fleet.git.remote} :refs/fleet/deployed/${name}`,
    );
}

function planHypervisor(name: string, input: PlanInput): HypervisorPlan {
  const facts = input.facts.get(name);
  if (facts === undefined) return { name, actions: [], drift: [], problems: [] };
  if (facts instanceof Error) {
    // The hint says how to accept a host key, or what to install.
    const hint = facts instanceof FleetError && facts.hint !== undefined ? `\n${facts.hint}` : '';
    const last = input.lastDeployed?.get(name);
    const behind =
      last && last !== input.head ? `\nIt is behind: ${last.slice(0, 8)} is deployed there.` : '';
    return {
      name,
      unreachable: facts.message + hint + behind,
      unreachableCode: facts instanceof FleetError ? facts.code : 'internal',
      actions: [],
      drift: [],
      problems: [],
    };
  }
  const at = facts.checkout?.commit;
  // After a revert the checkout has the same files as HEAD, under another commit, and need not move.
  const head = at !== undefined && input.sameAsHead?.has(at) ? at : input.head;
  const index = heedStops(input.index, new Map([[name, facts]]), input.release);
  const found = [
    ...drift(index, name, facts, input.probed?.get(name), input.release),
    ...(input.lost?.get(name) ?? []).map((lost) => lostDrift(name, lost)),
  ];
  const commits = input.files.length > 0;
  const elsewhere = at !== head && facts.checkout !== undefined;
  const moves = commits
    ? 'there is a new commit'
    : elsewhere
      ? `it is at ${facts.checkout?.commit?.slice(0, 8) ?? 'no commit'}`
      : facts.checkout && facts.checkout.dirty > 0
        ? 'it was changed by hand (kept in git stash)'
        : undefined;
  const todo = actions({
    index,
    hypervisor: name,
    facts,
    drift: found,
    fingerprints: input.fingerprints,
    selection: input.selection,
    release: input.release,
    restart: input.restart ?? new Set(),
    restartsNone: input.restartsNone ?? false,
    moves,
  });
  const targets = new Set(todo.map(({ target }) => target));
  const obstacles = (input.obstacles?.get(name) ?? [])
    .filter(({ target }) => targets.has(target))
    .map(({ text }) => text);
  return {
    name,
    actions: withChanges(
      todo,
      name,
      input.index,
      facts,
      input.before ?? new Map(),
      input.fingerprints,
    ),
    drift: found,
    problems: [...problems(index, name, facts, todo, input.restartsNone), ...obstacles],
  };
}

/** Only the hypervisor evaluates modules, so apply checks the new system itself. */
function lostDrift(hypervisor: string, { name, text, cuts }: Lost): Drift {
  const then = cuts ? `; apply refuses this without --drop ${name}` : '';
  return {
    target: hypervisor,
    code: 'first-switch',
    message: `the first switch removes ${text}, unless a module keeps it${then}`,
  };
}
