import { type Contact, connectAll } from '../deploy/connect-all.ts';
import { guestAddresses } from '../deploy/context.ts';
import type { Ports } from '../deploy/ports.ts';
import { probeAll } from '../deploy/probes.ts';
import { adopted, unlabelled } from '../host/labels.ts';
import { type Loss, losses } from '../host/losses.ts';
import { declaredSystem } from '../host/new-system.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { GitSettings } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import type { PlanCheck } from '../plan/checks.ts';
import { makePlan, type PlanInput } from '../plan/make-plan.ts';
import type { FileChange, HypervisorPlan, Plan } from '../plan/plan.ts';
import { type Selection, select } from '../plan/selectors.ts';
import { openRepo } from '../repo/open.ts';
import type { RemoteState, Repo, Upstream } from '../repo/repo.ts';
import { deployedFleets } from './deployed-fleets.ts';
import { type NextCommit, nextCommit } from './desk.ts';
import { strangers } from './strangers.ts';
import { requireNoConflicts, type Workspace } from './workspace.ts';

/** Desk and hypervisors, looked at: what a plan is made from, and the plan. */
export interface Survey {
  readonly repo: Repo;
  readonly commit: NextCommit;
  readonly contacts: readonly Contact[];
  readonly plan: Plan;
  readonly release: ReadonlySet<string>;
  /** Undefined when it was not asked for, or does not answer. */
  readonly upstream: Upstream | undefined;
  /** What runs and would be taken away: it is not in the history of what is deployed. */
  readonly strangers: readonly string[];
  /** When this was, in ms of Date.now(). */
  readonly at: number;
  /** The same plan for one hypervisor from other facts. */
  replan(hypervisor: string, facts: Facts): HypervisorPlan;
  /** The same, with more guests that start anew. */
  restarting(names: readonly string[]): Survey;
  close(): void;
}

export interface SurveyOptions {
  readonly on?: string;
  readonly release?: string;
  /** Guests that are to start anew; comma-separated. */
  readonly restart?: string;
  readonly offline?: boolean;
  /**
   * Whether the remote is asked: `required` to commit and push there, `wanted` to tell of it while it
   * answers soon, `awaited` to tell of it for certain.
   */
  readonly upstream?: 'required' | 'wanted' | 'awaited';
  /** Ends what waits for the remote. */
  readonly signal?: AbortSignal;
}

export async function survey(
  workspace: Workspace,
  ports: Ports | undefined,
  options: SurveyOptions,
): Promise<Survey> {
  requireNoConflicts(workspace);
  const { index } = workspace;
  const selection = select(index.fleet, options.on);
  const release = releasedNames(index, options.release);
  const repo = await openRepo(workspace.directory, {
    timeout: index.fleet.git.timeout,
    ...(options.signal && { signal: options.signal }),
  });
  if (repo.top !== workspace.directory) {
    throw new FleetError(
      'workspace.not-top',
      `${workspace.directory} is not the top of its git repository`,
      {
        exitCode: exitCodes.usage,
        hint: `Hypervisors evaluate flake.nix at the top, ${repo.top}: keep fleet.yaml there.`,
      },
    );
  }
  const at = Date.now();
  const wanted = index.fleet.hypervisors.filter((h) => selection.hypervisors.has(h.name));
  const asked = (name: string) => guestAddresses(index, name);
  const isNew = (name: string, facts: Facts) =>
    !facts.deployed.has(systemName) || adopted(index, name, facts).length > 0;
  const contacting = ports ? connectAll(wanted, ports, asked, isNew) : Promise.resolve([]);
  try {
    const [commit, told] = await Promise.all([
      nextCommit(workspace, repo),
      askRemote(repo, index, options.upstream),
    ]);
    const contacts = await contacting;
    const { git } = index.fleet;
    const foreign = await strangers(repo, git, commit.head, contacts, told.remote);
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
        ...(await remoteWarnings(repo, git.remote, told)),
        ...pointless(index, selection, contacts, release, options.restart),
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
        ...(await quarantined(repo, commit, told.remote)),
        ...foreign.map((one) => `${one}; it asks before, or refuses without --force`),
      ],
      lastDeployed: told.remote?.deployed ?? new Map(),
      sameAsHead: await sameAsHead(repo, commit.head, contacts),
      restart: restartedNames(index, options.restart),
      probed: await probeContacts(index, contacts),
    };
    const before = await deployedFleets(repo, workspace, contacts, makePlan(input));
    const surveyOf = (input: PlanInput): Survey => ({
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

/** The checks that fleet.yaml asks for, of guests that run. */
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

/** On one line, as the other warnings of a plan are. */
const warningText = ({ file, line, column, code, message, hint }: Diagnostic): string =>
  `${file}:${line}:${column} ${code} ${message}${hint === undefined ? '' : `: ${hint}`}`;

/** How long a plan waits for a remote that it only wants to tell of, in ms. */
const patience = 5000;

interface Remote {
  readonly upstream?: Upstream;
  readonly remote?: RemoteState;
  /** Why apply could neither commit nor push. */
  readonly obstacle?: string;
  /** What is not known. */
  readonly warning?: string;
}

async function askRemote(
  repo: Repo,
  { fleet: { git } }: FleetIndex,
  how: SurveyOptions['upstream'],
): Promise<Remote> {
  if (how === undefined) return {};
  if (how === 'required') {
    const upstream = await repo.ready(git);
    return { upstream, remote: upstream.state };
  }
  const asked = foreseen(repo, git);
  if (how === 'awaited') return asked;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Remote>((resolve) => {
    const warning = `${git.remote} has not answered within ${patience / 1000} s: what it has is not in this plan, and apply needs it`;
    timer = setTimeout(() => resolve({ warning }), patience).unref();
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** What apply would find. */
async function foreseen(repo: Repo, git: GitSettings): Promise<Remote> {
  try {
    const upstream = await repo.ready(git);
    return { upstream, remote: upstream.state };
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'interrupted') throw error;
    const obstacle = `${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`;
    const isSilent = ['git.remote-unreachable', 'git.no-permission', 'git.timed-out'].includes(
      error.code,
    );
    const remote = isSilent ? undefined : await repo.remoteState(git).catch(() => undefined);
    return { obstacle, ...(remote && { remote }) };
  }
}

/** What a person who plans should know of the remote. */
async function remoteWarnings(
  repo: Repo,
  name: string,
  { upstream, warning }: Remote,
): Promise<string[]> {
  const found = warning === undefined ? [] : [warning];
  if (!upstream || upstream.state.head !== undefined || upstream.state.deployed.size === 0)
    return found;
  const { branch } = upstream;
  return (await repo.hasSeen(name, branch))
    ? [...found, `the branch is gone from ${name}: apply pushes it again`]
    : [
        ...found,
        `${name} has no branch ${branch} yet: apply pushes it, and the fleet follows it from then on`,
      ];
}

/** Commits that checkouts are at and that hold the same files as HEAD: those before a revert, mostly. */
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

/** What was rolled back before and is not deployed again by itself. */
async function quarantined(
  repo: Repo,
  { contents }: NextCommit,
  remote: RemoteState | undefined,
): Promise<string[]> {
  if (!remote || remote.bad.size === 0) return [];
  const bad = remote.bad.get(await repo.treeWith(contents));
  return bad
    ? [
        `this commit is quarantined: it was deployed as ${bad.slice(0, 8)} and rolled back (fleet history says why; fleet apply --force deploys it again)`,
      ]
    : [];
}

const namesIn = (names: string | undefined): string[] =>
  (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** Names that were given and make no difference. */
function pointless(
  index: FleetIndex,
  { targets }: Selection,
  contacts: readonly Contact[],
  release: ReadonlySet<string>,
  restart: string | undefined,
): string[] {
  const said = (option: string, name: string) => `--${option} ${name} does nothing: ${name} is not`;
  const heldOn = new Map(contacts.map(({ hypervisor, facts }) => [hypervisor.name, facts]));
  return [
    ...namesIn(restart).flatMap((name) =>
      targets.has(name) ? [] : [`${said('restart', name)} among --on`],
    ),
    ...[...release].flatMap((name) => {
      if (!targets.has(name)) return [`${said('release', name)} among --on`];
      const facts = heldOn.get(index.vms.get(name)?.on ?? name);
      const isKnown = facts !== undefined && !(facts instanceof Error);
      const target = index.vms.has(name) ? name : systemName;
      return isKnown && !facts.held.has(target) ? [`${said('release', name)} held back`] : [];
    }),
  ];
}

/** @throws FleetError for a name that no vm has, or one that is to be stopped. */
function restartedNames(index: FleetIndex, names: string | undefined): Set<string> {
  const restarted = namesIn(names);
  for (const name of restarted) {
    if (index.vms.get(name)?.state === 'running') continue;
    const why = index.vms.has(name) ? `${name} is to be stopped` : `there is no vm ${name}`;
    throw new FleetError('restart.unknown', `--restart: fleet.yaml says that ${why}`, {
      exitCode: exitCodes.usage,
    });
  }
  return new Set(restarted);
}

/** @throws FleetError for a name that is not in the fleet: it would stay held back without a word. */
function releasedNames(index: FleetIndex, names: string | undefined): Set<string> {
  const released = namesIn(names);
  const unknown = released.filter((name) => !index.vms.has(name) && !index.hypervisors.has(name));
  if (unknown.length > 0) {
    throw new FleetError(
      'release.unknown',
      `--release: fleet.yaml has no vm or hypervisor called ${unknown.join(', ')}`,
      {
        exitCode: exitCodes.usage,
      },
    );
  }
  return new Set(released);
}
