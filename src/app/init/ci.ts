import { isPinned } from '../../init/ci/actions.ts';
import type { Forge } from '../../init/ci/pipeline.ts';
import { workflows } from '../../init/ci/workflows.ts';
import { exitCodes, FleetError } from '../../model/errors.ts';
import type { Fleet } from '../../model/fleet.ts';
import { plainText } from '../../model/plain-text.ts';
import { type CloneAt, cloneAt } from '../../repo/clone.ts';
import type { DoctorPorts } from '../ports.ts';
import { readConfig } from '../workspace/read-config.ts';
import type { Where } from '../workspace/where.ts';
import { requireTop } from '../workspace/workspace.ts';
import { requireReachFromCi } from './reach-from-ci.ts';
import { type OnFile, writeAll } from './write-new.ts';

/** What a person, or this build of fleet, says of the pipeline. */
export interface CiWish {
  /** Undefined: by where the repository is. */
  readonly ci?: Forge | 'none';
  /** `owner/name@commit` of fleet's Action; undefined: nobody knows. */
  readonly action?: string | undefined;
}

/** Where a fleet is. */
interface CiPlace {
  /** Real path of the folder with fleet.yaml. */
  readonly directory: string;
  /** Name of the fleet file in it. */
  readonly config: string;
  /** The one that is deployed. */
  readonly branch: string;
  readonly clone: CloneAt;
}

/** What of a fleet.yaml workflows depend on. */
type CiFleet = Pick<Fleet, 'git' | 'hypervisors'>;

/**
 * Adds workflows to a fleet that there is; writes nothing else, and overwrites nothing.
 * @returns the folder of fleet.yaml, and the text of each workflow
 * @throws ConfigError; FleetError `ci.*`, `workspace.*`
 */
export async function addCi(
  ports: DoctorPorts,
  where: Where,
  wish: CiWish,
  signal: AbortSignal,
  onFile?: OnFile,
): Promise<{ directory: string; files: Map<string, string> }> {
  const { config, directory, index } = readConfig(ports, where);
  const { fleet } = index;
  const clone = await cloneAt(directory, { ...ports.surroundings, over: signal });
  const place = { directory, config, branch: fleet.git.branch ?? clone.branch, clone };
  const files = await ciFiles(ports, place, fleet, wish, () => {});
  writeAll(directory, files, onFile);
  return { directory, files };
}

/**
 * Workflows, where somebody wants them or the repository is where they are of use.
 * @returns path → text
 * @throws FleetError `ci.*`, `workspace.not-top` where they would be of no use; of what nobody asked for `note` is told instead
 */
export async function ciFiles(
  ports: DoctorPorts,
  place: CiPlace,
  { git, hypervisors }: CiFleet,
  { ci, action }: CiWish,
  note: (text: string) => void,
): Promise<Map<string, string>> {
  const forge = ci ?? forgeOf(place.clone.origin) ?? 'none';
  if (forge === 'none') return new Map();
  try {
    const files = workflows({
      forge,
      branch: place.branch,
      action: pinned(action),
      hypervisors,
      proposesReverts: git.revert === 'pull-request',
    });
    requirePlace(place);
    await requireReachFromCi(ports.desk, hypervisors);
    return files;
  } catch (error) {
    if (ci !== undefined || !(error instanceof FleetError)) throw error;
    const named = error.code === 'ci.action' ? ' --action OWNER/NAME@COMMIT' : '';
    note(`no workflows: ${error.message} (fleet init --ci ${forge}${named})`);
    return new Map();
  }
}

function pinned(action: string | undefined): string {
  if (action === undefined)
    throw usage(
      'ci.action',
      'this fleet is no release: it does not know the commit of its Action',
      'Name one that was released: --action OWNER/NAME@COMMIT, with all 40 characters of the commit.',
    );
  if (isPinned(action)) return action;
  throw usage(
    'ci.action',
    `--action ${action} does not name a commit`,
    'OWNER/NAME@COMMIT, with all 40 characters of the commit: a tag or branch can come to mean something else.',
  );
}

/** What the Action, or a workflow as such, cannot do. */
function requirePlace({ branch, clone, config, directory }: CiPlace): void {
  requireTop({ directory }, { top: clone.top ?? directory });
  if (config !== 'fleet.yaml')
    throw usage('ci.config', `workflows read fleet.yaml, and this fleet is in ${config}`);
  if (!branch.includes('${{') && plainText(branch) === branch) return;
  throw usage(
    'ci.branch',
    `no workflow can name the branch ${JSON.stringify(branch)}`,
    'It has an expression of workflows (${{), or a character that is not printed: rename it.',
  );
}

/** The forge that a remote is at, as far as its name says so. */
function forgeOf(origin: string | undefined): Forge | undefined {
  const [, host = ''] =
    /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([A-Za-z0-9.-]+)[:/]/.exec(origin ?? '') ?? [];
  if (/^(ssh\.)?github\.com$/i.test(host)) return 'github';
  if (/^(codeberg\.org|(.*\.)?forgejo\..*)$/i.test(host)) return 'forgejo';
  return undefined;
}

function usage(code: string, message: string, hint?: string): FleetError {
  return new FleetError(code, message, { exitCode: exitCodes.usage, ...(hint && { hint }) });
}
