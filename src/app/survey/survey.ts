import { type Contact, connectAll } from '../../deploy/connect-all.ts';
import { guestAddresses } from '../../deploy/context.ts';
import { probeAll } from '../../deploy/probes.ts';
import { adopted, unlabelled } from '../../host/labels.ts';
import { type Loss, losses } from '../../host/losses.ts';
import { declaredSystem } from '../../host/new-system.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Facts } from '../../model/facts.ts';
import type { FleetIndex } from '../../model/index.ts';
import { systemName } from '../../model/names.ts';
import type { PlanCheck } from '../../plan/checks.ts';
import { makePlan, type PlanInput } from '../../plan/make-plan.ts';
import type { FileChange, HypervisorPlan, Plan } from '../../plan/plan.ts';
import { select } from '../../plan/selectors.ts';
import { openRepo } from '../../repo/open.ts';
import type { Repo, Upstream } from '../../repo/repo.ts';
import type { LocalPorts, Ports } from '../ports.ts';
import { type NextCommit, nextCommit } from '../workspace/next-commit.ts';
import { requireNoConflicts, requireTop, type Workspace } from '../workspace/workspace.ts';
import { type Bad, badText, quarantined } from './bad.ts';
import { deployedFleets } from './deployed-fleets.ts';
import { pointless, releasedNames, restartsOf } from './names.ts';
import { type Asking, askRemote, remoteWarnings } from './remote.ts';
import { sinceCommit } from './since-commit.ts';
import { strangers } from './strangers.ts';

/** A plan, and the view of desk and hypervisors that it was made from. */
export interface Survey {
  readonly workspace: Workspace;
  /** The selector that it is limited to. */
  readonly on: string | undefined;
  readonly repo: Repo;
  readonly commit: NextCommit;
  readonly contacts: readonly Contact[];
  readonly plan: Plan;
  readonly release: ReadonlySet<string>;
  /** Undefined when the remote was not asked, or does not answer. */
  readonly upstream: Upstream | undefined;
  /** Set when the content to be committed was deployed before, as `commit`, and rolled back. */
  readonly bad: Bad | undefined;
  /** What runs and would be lost, because it is not in the history of what would be deployed. */
  readonly strangers: readonly string[];
  /** When all this was seen, in ms of the clock. */
  readonly at: number;
  /** Plans one hypervisor again, from other facts. */
  replan(hypervisor: string, facts: Facts): HypervisorPlan;
  /** The same survey with further guests to restart. */
  restarting(names: readonly string[]): Survey;
  close(): void;
}

export interface SurveyOptions {
  readonly on?: string;
  readonly release?: string;
  /** Guests to restart; comma-separated. */
  readonly restart?: string;
  readonly upstream?: Asking;
  /** Without hypervisors: the commit to compare files with; default: the branch as it was last seen at the remote. */
  readonly against?: string;
  /** Ends what waits for the remote. */
  readonly signal?: AbortSignal;
}

/** @param ports without `connector` no hypervisor is contacted */
export async function survey(
  workspace: Workspace,
  ports: Ports | LocalPorts,
  options: SurveyOptions,
): Promise<Survey> {
  requireNoConflicts(workspace);
  const { index } = workspace;
  const selection = select(index.fleet, options.on);
  const release = releasedNames(index, options.release);
  const restarts = restartsOf(index, options.restart);
  const repo = await openRepo(workspace.directory, ports.surroundings, {
    timeout: index.fleet.git.timeout,
    ...(options.signal && { signal: options.signal }),
  });
  requireTop(workspace, repo);
  const at = ports.clock.now();
  const wanted = index.fleet.hypervisors.filter((h) => selection.hypervisors.has(h.name));
  const asked = (name: string) => guestAddresses(index, name);
  const isNew = (name: string, facts: Facts) =>
    !facts.deployed.has(systemName) || adopted(index, name, facts).length > 0;
  const contacting =
    'connector' in ports ? connectAll(wanted, ports, asked, isNew) : Promise.resolve([]);
  try {
    const [commit, told] = await Promise.all([
      nextCommit(workspace, repo),
      askRemote(repo, index, options.upstream),
    ]);
    const contacts = await contacting;
    const files =
      'connector' in ports ? {} : await sinceCommit(repo, workspace, commit, options.against);
    const { git } = index.fleet;
    const foreign = await strangers(repo, git, commit.head, contacts, told.remote);
    const bad = await quarantined(repo, git, commit, told.remote);
    const input: PlanInput = {
      index,
      files: commit.files as readonly FileChange[],
      head: commit.head,
      fingerprints: commit.fingerprints,
      facts: new Map(contacts.map((c) => [c.hypervisor.name, c.facts])),
      selection,
      release,
      warnings: [
        ...workspace.warnings.map(warningText),
        ...commit.warnings,
        ...(files.warning === undefined ? [] : [files.warning]),
        ...(await remoteWarnings(repo, git.remote, told, commit.head)),
        ...pointless(index, selection, contacts, release, restarts.restart),
      ],
      lost: lostByContacts(index, contacts),
      obstacles: new Map(
        contacts.flatMap(({ hypervisor: { name }, facts, runners }) =>
          !runners || facts instanceof Error
            ? []
            : [[name, unlabelled(index, name, facts, runners)] as const],
        ),
      ),
      problems: [
        ...(told.obstacle === undefined ? [] : [told.obstacle]),
        ...(bad === undefined ? [] : [badText(bad)]),
        ...foreign.map((one) => `${one}; it asks before, or refuses without --force`),
      ],
      ...(told.obstacle !== undefined && { remote: told.obstacle }),
      lastDeployed: told.remote?.deployed ?? new Map(),
      sameAsHead: await sameAsHead(repo, commit.head, contacts),
      ...restarts,
      ...(files.since && { since: files.since }),
      probed: await probeContacts(index, contacts),
    };
    const before = await deployedFleets(repo, workspace, contacts, makePlan(input));
    const surveyOf = (input: PlanInput): Survey => ({
      workspace,
      on: options.on,
      bad,
      repo,
      commit,
      contacts,
      plan: makePlan(input),
      release,
      upstream: told.upstream,
      strangers: foreign,
      at,
      replan: (name, facts) => {
        const plan = makePlan({ ...input, facts: new Map([[name, facts]]) });
        return plan.hypervisors.find((h) => h.name === name) as HypervisorPlan;
      },
      restarting: (names) =>
        surveyOf({ ...input, restart: new Set([...(input.restart ?? []), ...names]) }),
      close: () => closeAll(contacts),
    });
    return surveyOf({ ...input, before });
  } catch (error) {
    closeAll(await contacting);
    throw error;
  }
}

function closeAll(contacts: readonly Contact[]): void {
  for (const { host } of contacts) host?.close();
}

/** The checks that fleet.yaml asks for, on guests that run. */
async function probeContacts(
  index: FleetIndex,
  contacts: readonly Contact[],
): Promise<Map<string, readonly PlanCheck[]>> {
  const probed = await Promise.all(
    contacts.map(async ({ hypervisor, host, facts }) => {
      const isKnown = host !== undefined && !(facts instanceof Error);
      const checks = isKnown ? await probeAll(index, hypervisor.name, host, facts) : [];
      return [hypervisor.name, checks] as const;
    }),
  );
  return new Map(probed);
}

function lostByContacts(index: FleetIndex, contacts: readonly Contact[]): Map<string, Loss[]> {
  const lost = new Map<string, Loss[]>();
  for (const {
    hypervisor: { name },
    facts,
    runners,
  } of contacts) {
    if (!runners || facts instanceof Error || facts.deployed.has(systemName)) continue;
    const ours = new Set(index.vmsOn(name).map((vm) => vm.name));
    lost.set(name, losses(facts, runners, declaredSystem(index, name), ours));
  }
  return lost;
}

/** On one line, like the other warnings of a plan. */
const warningText = ({ file, line, column, code, message, hint }: Diagnostic): string =>
  `${file}:${line}:${column} ${code} ${message}${hint === undefined ? '' : `: ${hint}`}`;

/** Commits of checkouts that hold the same files as HEAD: mostly the ones before a revert. */
async function sameAsHead(
  repo: Repo,
  head: string | undefined,
  contacts: readonly Contact[],
): Promise<Set<string>> {
  const at = contacts.map(({ facts }) => (facts instanceof Error ? undefined : facts.checkout));
  const others = new Set(at.flatMap((checkout) => checkout?.commit ?? []));
  others.delete(head ?? '');
  if (head === undefined || others.size === 0) return new Set();
  const tree = await repo.treeOf(head);
  const same = await Promise.all(
    [...others].map(async (commit) => ((await repo.treeOf(commit)) === tree ? [commit] : [])),
  );
  return new Set(same.flat());
}
