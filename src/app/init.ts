import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { readFleet } from '../config/read-fleet.ts';
import { bootOf } from '../init/boot.ts';
import { emptyFleet } from '../init/empty-fleet.ts';
import type { FirstHypervisor } from '../init/first-hypervisor.ts';
import { foundFleet } from '../init/found-fleet.ts';
import { gitignore } from '../init/starter-files.ts';
import { ConfigError, FleetError } from '../model/errors.ts';
import { redact } from '../model/redact.ts';
import { cloneAt } from '../repo/clone.ts';
import { usualLimits } from '../repo/git.ts';
import { makeRepo } from '../repo/make.ts';
import { openRepo } from '../repo/open.ts';
import { type CiWish, ciFiles } from './init/ci.ts';
import type { Given } from './init/given-files.ts';
import { firstHypervisor, type SeenHost } from './init/look-at-host.ts';
import type { Wanted } from './init/objection.ts';
import { type OnFile, realFolder, writeAll } from './init/write-new.ts';
import type { DoctorPorts, Ports } from './ports.ts';
import { modeline, schemaFile, schemaText } from './schema.ts';
import type { Where } from './workspace/where.ts';

export interface InitInput {
  readonly where: Where;
  /** Name of the fleet; default: its folder's. */
  readonly name?: string;
  /** What the user said about the first hypervisor. */
  readonly answers: Readonly<Record<Wanted, string>>;
  /** What the host says about itself, from `lookAtHost`. */
  readonly seen: SeenHost;
  readonly given: Given;
  /** Where the given hardware configuration comes from, for people. */
  readonly hardwareFile?: string;
  readonly pipeline: CiWish;
  readonly onFile?: OnFile;
}

export interface Initialised {
  /** Absolute. */
  readonly directory: string;
  /** Path → the text there now. */
  readonly files: ReadonlyMap<string, string>;
  /** What a person has to look at, or to add. */
  readonly notes: readonly string[];
}

/** Whether there is a fleet.yaml. */
export const hasFleet = ({ cwd }: Pick<Ports, 'cwd'>, where: Where): boolean =>
  lstatSync(fileOf(cwd, where), { throwIfNoEntry: false }) !== undefined;

/** @throws FleetError `init.exists` when there is a fleet.yaml */
export function requireNoFleet(ports: Pick<Ports, 'cwd'>, where: Where): void {
  if (!hasFleet(ports, where)) return;
  throw new FleetError('init.exists', `${fileOf(ports.cwd, where)} exists already`, {
    hint: 'fleet plan shows what it would do; fleet init --ci github adds workflows.',
  });
}

const fileOf = (cwd: string, where: Where): string =>
  join(resolve(cwd, where.directory), where.config);

/**
 * Writes a first fleet.yaml with one hypervisor, and the files that belong with it; overwrites nothing.
 * @throws FleetError `init.exists`; ConfigError for what fleet.yaml cannot express
 */
export async function init(
  ports: DoctorPorts,
  { where, name, answers, seen, given, hardwareFile, pipeline, onFile }: InitInput,
  signal: AbortSignal,
): Promise<Initialised> {
  requireNoFleet(ports, where);
  const directory = resolve(ports.cwd, where.directory);
  const { config } = where;
  const { ssh } = answers;
  const hypervisor = firstHypervisor(ssh);
  const hardware = given.hardware ?? seen.hardware;
  const clone = await cloneAt(directory, { ...ports.surroundings, over: signal });
  const hardwarePath = `hosts/${answers.name}/hardware-configuration.nix`;
  const first: FirstHypervisor = {
    ...answers,
    fleet: name ?? fleetName(directory),
    branch: clone.branch,
    user: hypervisor.ssh.user ?? seen.user ?? 'root',
    sshdPort: seen.port ?? 22,
    key: given.key,
    hardware: hardware === undefined ? undefined : hardwarePath,
    boot: bootOf(seen.loader, hardware),
  };
  const { found } = seen;
  const content = found ? foundFleet(first, found.facts, found.runners) : emptyFleet(first);
  // The file is committed, so secrets in guests' urls must not get into it.
  const text = redact(`${modeline}\n${content}`);
  const read = readFleet(text, config);
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);

  const notes: string[] = [];
  const place = { directory: realFolder(directory), config, branch: clone.branch, clone };
  const ci = await ciFiles(ports, place, read.fleet, pipeline, (text) => {
    notes.push(text);
  });
  const schema = relative(directory, join(directory, dirname(config), schemaFile));
  const files = new Map([
    ...(hardware === undefined ? [] : ([[hardwarePath, hardware]] as const)),
    [config, text],
    [schema, schemaText()],
    ['.gitignore', gitignore],
    ...ci,
  ]);
  writeAll(directory, files, onFile);
  if (hardware !== undefined && files.get(hardwarePath) === hardware) {
    const from = given.hardware !== undefined ? hardwareFile : hardwareOrigin(seen, ssh);
    notes.push(`${hardwarePath} is a verbatim copy of ${from}: read it before you push`);
  }
  if (hardware === undefined)
    notes.push(
      `no hardware configuration of ${ssh}: add one under modules, or it will not boot (--hardware FILE)`,
    );
  if (given.key === undefined)
    notes.push(
      `no ~/.ssh/*.pub here: add users.${first.user}.sshKeys, or nobody can log in (--ssh-key FILE)`,
    );
  if (first.boot.likely)
    notes.push(
      `boot loader of ${ssh} unknown: set it at DECIDE in ${config}, or the system will not build`,
    );
  return { directory, files, notes };
}

/** Commits what was written, in a new repository if there is none. @returns the commit */
export async function commitWritten(
  { surroundings }: Pick<Ports, 'surroundings'>,
  { directory, files }: Pick<Initialised, 'directory' | 'files'>,
  message: string,
  signal: AbortSignal,
): Promise<string> {
  await makeRepo(directory, { ...surroundings, over: signal });
  const repo = await openRepo(directory, surroundings, { ...usualLimits, signal });
  const inRepo = relative(realpathSync(repo.top), realpathSync(directory));
  const contents = new Map([...files].map(([path, text]) => [join(inRepo, path), text]));
  return repo.commit(contents, message, await repo.head());
}

const hardwareOrigin = ({ hardwareFile }: SeenHost, ssh: string): string =>
  `${hardwareFile ?? 'what nixos-generate-config prints'} on ${ssh}`;

/** A name for the fleet: that of its folder, without characters that names may not have. */
function fleetName(directory: string): string {
  const plain = basename(directory).replace(/[^A-Za-z0-9._-]+/g, '-');
  return plain.replace(/^[^A-Za-z0-9]+/, '').slice(0, 63) || 'fleet';
}
