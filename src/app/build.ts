import { explainNix } from '../config/nix-errors.ts';
import { inParallel } from '../deploy/parallel.ts';
import { asFleetError } from '../deploy/put-back.ts';
import type { Tried } from '../host/answers/tried.ts';
import { lockInputs } from '../host/flake-lock.ts';
import type { Host } from '../host/host.ts';
import { buildOnly, systemsOf } from '../host/hypervisor/build-only.ts';
import { localShell } from '../host/local/shell.ts';
import type { BuildResult, BuiltMachine } from '../model/build-result.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { failureOf } from '../model/failure.ts';
import type { Hypervisor } from '../model/fleet.ts';
import { requiredKiB } from '../plan/resources.ts';
import { select } from '../plan/selectors.ts';
import { openRepo } from '../repo/open.ts';
import type { Repo } from '../repo/repo.ts';
import { looking } from './looking.ts';
import { newId } from './new-deployment.ts';
import type { Ports } from './ports.ts';
import type { Survey } from './survey/survey.ts';
import { type NextCommit, nextCommit } from './workspace/next-commit.ts';
import type { Where } from './workspace/where.ts';
import {
  openWorkspace,
  requireNoConflicts,
  requireTop,
  type Workspace,
} from './workspace/workspace.ts';

/** Where to build; by default here if this machine's Nix builds for the system, else on the hypervisor. */
export type At = BuiltMachine['at'];

export interface BuildInput {
  readonly where: Where;
  /** A selector; default: all. */
  readonly on?: string;
  readonly at?: At;
}

/**
 * Evaluates and builds what apply would commit, and touches nothing that runs: no checkout, no profile, no lock.
 * What was built has no roots afterwards.
 * @throws ConfigError; FleetError `workspace.*`, `git.*`, `lock.*`, `build.no-nix`, `build.other-system`, for unknown names; Interrupted
 */
export async function build(
  ports: Ports,
  { where, on, at }: BuildInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<BuildResult> {
  const workspace = openWorkspace(ports, where);
  requireNoConflicts(workspace);
  const { fleet } = workspace.index;
  const { targets } = select(fleet, on);
  return looking(ports, signal, async (ports) => {
    const limits = { timeout: fleet.git.timeout, signal };
    const repo = await openRepo(workspace.directory, ports.surroundings, limits);
    requireTop(workspace, repo);
    const commit = await nextCommit(workspace, repo);
    for (const text of commit.warnings) emit({ type: 'warning', text });
    return buildTargets(ports, { workspace, repo, commit }, { targets, at }, emit, signal);
  });
}

const builds = new Set(['switch', 'create', 'return', 'update']);

/** The same of what a plan would build; of a plan that asked no hypervisor, everything, and here. */
export function buildPlanned(
  ports: Ports,
  planned: Survey,
  at: At | undefined,
  emit: Emit,
  signal: AbortSignal,
): Promise<BuildResult> {
  const actions = planned.plan.hypervisors.flatMap((h) => h.actions);
  const isOffline = planned.contacts.length === 0;
  const targets = isOffline
    ? select(planned.workspace.index.fleet, undefined).targets
    : new Set(actions.filter((a) => builds.has(a.kind)).map((a) => a.target));
  const how = { targets, at: isOffline ? ('here' as const) : at };
  return looking(ports, signal, (ports) => buildTargets(ports, planned, how, emit, signal));
}

type Machine = Omit<BuiltMachine, 'path' | 'failure'>;

async function buildTargets(
  ports: Ports,
  desired: { readonly workspace: Workspace; readonly repo: Repo; readonly commit: NextCommit },
  { targets, at }: { readonly targets: ReadonlySet<string>; readonly at: At | undefined },
  emit: Emit,
  signal: AbortSignal,
): Promise<BuildResult> {
  const { workspace, repo } = desired;
  const { fleet } = workspace.index;
  const source = { text: workspace.text, file: workspace.config };
  const all = machinesOf(workspace, targets, await chooser(ports, at, signal));
  if (all.length === 0) return { ok: true, machines: [], diagnostics: [], source };
  const places = [...Map.groupBy(all, ({ at, hypervisor }) => (at === 'here' ? '' : hypervisor))];
  const hosts = new Map<string, Promise<Host>>();
  const connect = (name: string) => {
    const known = hosts.get(name) ?? ports.connector.connect(hypervisorOf(workspace, name));
    hosts.set(name, known);
    return known;
  };
  const elsewhere = all.find((machine) => machine.at === 'hypervisor')?.hypervisor;
  const commit = await locked(
    ports,
    desired,
    elsewhere && (() => connect(elsewhere)),
    emit,
    signal,
  );
  const bundle = await repo.snapshot(commit.contents);
  const id = newId(ports);
  const results = await inParallel(places, 64, async ([hypervisor, machines]) => {
    const place = hypervisor || here;
    const work = async (): Promise<Tried> => {
      const on = hypervisor ? await connect(hypervisor) : localShell(ports.surroundings, here);
      return buildOnly(on, {
        bundle,
        wanted: machines,
        jobs: fleet.rollout.evalJobs,
        limitMs: fleet.rollout.limits.build,
        onLine: (line) => emit({ type: 'output', hypervisor: place, line }),
        signal,
        ...(hypervisor && { unit: { name: `fleet-build-${id}`, storeKiB: requiredKiB.store } }),
      });
    };
    return toldPlace({ ports, emit, place, machines }, work, (tried) =>
      machines.map((machine) => became(workspace, machine, tried)),
    );
  });
  const found = results.flat();
  return {
    ok: found.every(({ machine }) => machine.failure === undefined),
    machines: found.map(({ machine }) => machine),
    diagnostics: distinct(found.flatMap(({ diagnostic }) => diagnostic ?? [])),
    source,
  };
}

/** What is said to build where no hypervisor does; no hypervisor can be called so. */
const here = 'this machine';

const hypervisorOf = ({ index }: Workspace, name: string) =>
  index.hypervisors.get(name) as Hypervisor;

/** What it gives throws FleetError `build.other-system`. @throws FleetError `build.no-nix` */
async function chooser(
  { surroundings }: Ports,
  at: At | undefined,
  signal: AbortSignal,
): Promise<(hypervisor: Hypervisor) => At> {
  if (at === 'hypervisor') return () => at;
  const systems = await systemsOf(localShell(surroundings, here), signal);
  if (at === undefined) return ({ system }) => (systems.includes(system) ? 'here' : 'hypervisor');
  if (systems.length > 0)
    return ({ name, system }) => {
      if (systems.includes(system)) return at;
      throw new FleetError(
        'build.other-system',
        `this machine's Nix builds for ${systems.join(', ')}, and ${name} is ${system}`,
        {
          exitCode: exitCodes.usage,
          hint: `Build on a machine of that system, leave ${name} out, or give this Nix a remote builder for ${system} or extra-platforms.`,
        },
      );
    };
  throw new FleetError('build.no-nix', 'there is no Nix on this machine', {
    exitCode: exitCodes.usage,
    hint: 'Install it, or build on hypervisors, if these can be reached and you trust what is built: --at hypervisor',
  });
}

/** In the order of fleet.yaml. */
function machinesOf(
  workspace: Workspace,
  targets: ReadonlySet<string>,
  atOf: (hypervisor: Hypervisor) => At,
): Machine[] {
  const { fleet } = workspace.index;
  const of = (kind: Machine['kind'], name: string, on: string, output: string): Machine[] =>
    targets.has(name)
      ? [
          {
            ...{ name, kind, hypervisor: on, at: atOf(hypervisorOf(workspace, on)) },
            attribute: `nixosConfigurations.${name}.config.${output}`,
          },
        ]
      : [];
  return [
    ...fleet.hypervisors.flatMap(({ name }) =>
      of('hypervisor', name, name, 'system.build.toplevel'),
    ),
    ...fleet.vms.flatMap(({ name, on }) => of('vm', name, on, 'microvm.declaredRunner')),
  ];
}

/** The commit with a flake.lock, which is made for it where there is none; the work tree does not get it. */
async function locked(
  { surroundings }: Ports,
  { workspace, repo, commit }: Parameters<typeof buildTargets>[1],
  elsewhere: (() => Promise<Host>) | undefined | '',
  emit: Emit,
  signal: AbortSignal,
): Promise<NextCommit> {
  if (!commit.needsLock) return commit;
  const say = (text: string) => emit({ type: 'note', text });
  const { inputs } = workspace.index.fleet;
  const flake = workspace.rendered.get('flake.nix') ?? '';
  const wanted = { flake, inputs, lock: commit.lock, renew: [] };
  const lock = await lockInputs(wanted, elsewhere || undefined, { surroundings, signal, say });
  say(
    'there is no flake.lock for these inputs: this build has one of its own; fleet update keeps one',
  );
  return nextCommit(workspace, repo, lock);
}

interface Found {
  readonly machine: BuiltMachine;
  readonly diagnostic?: Diagnostic;
}

/** Events around a build in one place; what goes wrong there is the result of its machines. */
async function toldPlace(
  {
    ports: { clock },
    emit,
    place,
    machines,
  }: { ports: Ports; emit: Emit; place: string; machines: readonly Machine[] },
  work: () => Promise<Tried>,
  read: (tried: Tried) => Found[],
): Promise<Found[]> {
  const began = clock.now();
  const [one] = machines;
  const what = machines.length === 1 ? one?.name : `${machines.length} machines`;
  const step = { type: 'step', hypervisor: place, step: `build ${what}` } as const;
  emit({ ...step, state: 'begin' });
  let found: Found[];
  try {
    found = read(await work());
  } catch (error) {
    const failure = asFleetError(error);
    if (failure.code === 'interrupted') throw failure;
    found = machines.map((machine) => ({ machine: { ...machine, failure } }));
  }
  const failure = found.find(({ machine }) => machine.failure)?.machine.failure;
  emit({ ...step, state: failure ? 'failed' : 'done', ms: clock.now() - began });
  const told = failure && failureOf(failure);
  if (told) emit({ type: 'failure', hypervisor: place, failure: told });
  emit({
    ...{ type: 'hypervisor', hypervisor: place, state: 'end' },
    ...(told ? { outcome: 'untouched', failure: told } : { outcome: 'done' }),
  });
  return found;
}

/** Lines of what Nix said that a failure has. */
const lines = 25;

function became(workspace: Workspace, machine: Machine, { paths, failed }: Tried): Found {
  const path = paths.get(machine.name);
  if (path !== undefined) return { machine: { ...machine, path } };
  const said = failed.get(machine.name) ?? ['the build was cut off before it gave a store path'];
  const { text, config, index } = workspace;
  const diagnostic = explainNix(text, index.fleet, { ...machine, said }, config);
  const failure = new FleetError(diagnostic.code, diagnostic.message, {
    detail: said.slice(-lines).join('\n'),
    blames: 'commit',
    ...(diagnostic.hint !== undefined && { hint: diagnostic.hint }),
  });
  return { machine: { ...machine, failure }, diagnostic };
}

/** A mistake in the defaults is found in every machine, but was made once. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const what = ({ message }: Diagnostic) => message.slice(message.indexOf(': '));
  const keyOf = (d: Diagnostic) => `${d.code} ${d.file}:${d.line}:${d.column} ${what(d)}`;
  return [...new Map(diagnostics.toReversed().map((d) => [keyOf(d), d])).values()].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  );
}
