import { isAbsolute, join, relative } from 'node:path';
import { isPinned } from '../../init/ci/actions.ts';
import type { Forge } from '../../init/ci/pipeline.ts';
import { workflows } from '../../init/ci/workflows.ts';
import { exitCodes, FleetError } from '../../model/errors.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import { plainText } from '../../model/plain-text.ts';
import { type CloneAt, cloneAt } from '../../repo/clone.ts';
import type { DoctorPorts } from '../ports.ts';
import { readConfig } from '../workspace/read-config.ts';
import type { Where } from '../workspace/where.ts';
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
  readonly folder: string;
  /** Name of the fleet file in it. */
  readonly config: string;
  /** The one that is deployed. */
  readonly branch: string;
  readonly clone: CloneAt;
}

/** Workflows that are to be written. */
interface CiFiles {
  /** Real path of the folder that forges look in. */
  readonly top: string;
  /** Path from there → text. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Adds workflows to a fleet that there is; writes nothing else, and overwrites nothing.
 * @returns the folder of fleet.yaml, and the text of each workflow by its path from there
 * @throws ConfigError; FleetError `ci.*`, `workspace.*`
 */
export async function addCi(
  ports: DoctorPorts,
  where: Where,
  wish: CiWish,
  onFile?: OnFile,
): Promise<{ directory: string; files: Map<string, string> }> {
  const { config, directory, index } = readConfig(ports, where);
  const { git, hypervisors } = index.fleet;
  const clone = await cloneAt(directory, ports.surroundings);
  const place = { folder: directory, config, branch: git.branch ?? clone.branch, clone };
  const ci = await ciFor(ports, place, hypervisors, wish, () => {});
  return { directory, files: new Map(ci === undefined ? [] : writeCi(directory, ci, onFile)) };
}

/**
 * Workflows, where somebody wants them or the repository is where they are of use; undefined: none.
 * @throws FleetError `ci.*` where nobody can want these; of what nobody asked for `note` is told instead
 */
export async function ciFor(
  ports: DoctorPorts,
  place: CiPlace,
  hypervisors: readonly Hypervisor[],
  { ci, action }: CiWish,
  note: (text: string) => void,
): Promise<CiFiles | undefined> {
  const forge = ci ?? forgeOf(place.clone.origin) ?? 'none';
  if (forge === 'none') return undefined;
  try {
    const files = ciFiles(place, forge, action);
    await requireReachFromCi(ports.desk, hypervisors);
    return files;
  } catch (error) {
    if (ci !== undefined || !(error instanceof FleetError)) throw error;
    note(`no workflows: ${error.message} (fleet init --ci ${forge})`);
    return undefined;
  }
}

/** @param folder real path of that of fleet.yaml @returns what is there now, by paths from there */
export function writeCi(
  folder: string,
  { top, files }: CiFiles,
  onFile?: OnFile,
): [path: string, text: string][] {
  const from = (path: string) => relative(folder, join(top, path));
  const there = new Map(files);
  writeAll(top, there, (path, isKept) => onFile?.(from(path), isKept));
  return [...there].map(([path, text]) => [from(path), text]);
}

function ciFiles(
  { folder, config, branch, clone }: CiPlace,
  forge: Forge,
  action: string | undefined,
): CiFiles {
  if (config !== 'fleet.yaml')
    throw usage('ci.config', `workflows read fleet.yaml, and this fleet is in ${config}`);
  if (action === undefined)
    throw usage(
      'ci.action',
      'this fleet is no release: it does not know the commit of its Action',
      'Name one that was released: --action OWNER/NAME@COMMIT, with all 40 characters of the commit.',
    );
  if (!isPinned(action))
    throw usage(
      'ci.action',
      `--action ${action} does not name a commit`,
      'OWNER/NAME@COMMIT, with all 40 characters of the commit: a tag or branch can come to mean something else.',
    );
  const top = clone.top ?? folder;
  const inside = relative(top, folder);
  if (inside.startsWith('..') || isAbsolute(inside))
    throw usage('ci.folder', `${folder} is not in the repository ${top}`);
  for (const [what, name] of [
    ['branch', branch],
    ['folder', inside],
  ] as const) {
    if (!name.includes('${{') && plainText(name) === name && !/[\n\t]/.test(name)) continue;
    throw usage(
      'ci.name',
      `no workflow can name the ${what} ${JSON.stringify(name)}`,
      'It has an expression of workflows (${{), or a character that is not printed: rename it.',
    );
  }
  return { top, files: workflows({ forge, branch, action, folder: inside }) };
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
