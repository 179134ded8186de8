import { lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { readFleet } from '../config/read-fleet.ts';
import { inspect, readFacts, readRunners } from '../host/hypervisor/look.ts';
import type { Runners } from '../host/runners.ts';
import { bootOf } from '../init/boot.ts';
import { emptyFleet } from '../init/empty-fleet.ts';
import type { FirstHypervisor } from '../init/first-hypervisor.ts';
import { foundFleet } from '../init/found-fleet.ts';
import { gitignore, workflow } from '../init/starter-files.ts';
import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { Hypervisor } from '../model/fleet.ts';
import { isPublicKey } from '../model/public-key.ts';
import { redact } from '../model/redact.ts';
import { branchOf, makeRepo } from '../repo/make.ts';
import { openRepo } from '../repo/open.ts';
import { readWithin, writeNewWithin } from '../repo/work-tree.ts';
import { canAsk, confirm } from './ask.ts';
import { answers, atTerminal } from './init-questions.ts';
import { type Invocation, refusePointless } from './options.ts';
import { realPorts } from './ports.ts';
import { modeline, schemaFile, schemaText } from './schema.ts';

export interface InitOptions {
  readonly from?: string;
  readonly name?: string;
  readonly hypervisor?: string;
  readonly ssh?: string;
  readonly system?: string;
  readonly stateVersion?: string;
  readonly uplink?: string;
  readonly sshKey?: string;
  readonly hardware?: string;
  readonly commit?: boolean;
}

/**
 * `fleet init`: a first fleet.yaml with one hypervisor; with --from also what that one already runs.
 * Nothing that exists is overwritten, and nothing is changed on the hypervisor.
 */
export async function initCommand(invocation: Invocation, options: InitOptions): Promise<number> {
  if (options.from !== undefined)
    refusePointless(options, ['--ssh'], '--from names the hypervisor, and reads it');
  const directory = resolve(invocation.common.directory);
  const { config } = invocation.common;
  const file = join(directory, config);
  if (lstatSync(file, { throwIfNoEntry: false })) {
    throw new FleetError('init.exists', `${file} exists already`, {
      hint: 'fleet plan shows what it means.',
    });
  }
  const asker = atTerminal(invocation.signal);
  const flags = {
    ssh: options.from ?? options.ssh,
    name: options.hypervisor,
    uplink: options.uplink,
    system: options.system,
    stateVersion: options.stateVersion,
  };
  // Of a host that nobody names nothing is to be seen, either.
  const unseen = flags.ssh === undefined && !asker.canAsk;
  const { ssh } = await answers(
    asker,
    unseen ? ['ssh', 'uplink', 'system', 'stateVersion'] : ['ssh'],
    flags,
  );
  const given = readGivenFiles(options);
  const hypervisor = firstHypervisor(ssh);
  const seen = await lookAt(invocation, hypervisor, options, given.hardware);
  const { name, uplink, system, stateVersion } = await answers(
    asker,
    ['name', 'uplink', 'system', 'stateVersion'],
    flags,
    { ...seen, name: hostOf(ssh) ?? seen.name ?? 'hv1' },
  );
  const hardware = given.hardware ?? seen.hardware;
  const hardwarePath = `hosts/${name}/hardware-configuration.nix`;
  const first: FirstHypervisor = {
    fleet: options.name ?? fleetName(directory),
    branch: await branchOf(directory),
    name,
    ssh,
    uplink,
    system,
    stateVersion,
    user: hypervisor.ssh.user ?? seen.user ?? 'root',
    sshdPort: seen.port ?? 22,
    key: given.key,
    hardware: hardware === undefined ? undefined : hardwarePath,
    boot: bootOf(seen.records ?? [], hardware),
  };
  const { found } = seen;
  const content = found
    ? foundFleet(first, found.facts, found.runners, hypervisor.checkout)
    : emptyFleet(first);
  // It is committed: what guests' urls hold is not for everybody who reads the repository.
  const text = redact(`${modeline}\n${content}`);
  const read = readFleet(text, config);
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);

  const schema = relative(directory, join(dirname(file), schemaFile));
  const files = new Map([
    ...(hardware === undefined ? [] : ([[hardwarePath, hardware]] as const)),
    [config, text],
    [schema, schemaText()],
    ['.gitignore', gitignore],
    ['.github/workflows/fleet.yaml', workflow(first.branch)],
  ]);
  for (const [path, content] of files) files.set(path, writeNew(directory, path, content));
  if (hardware !== undefined && files.get(hardwarePath) === hardware) {
    const from = given.hardware !== undefined ? options.hardware : hardwareOrigin(seen, ssh);
    process.stderr.write(
      `${hardwarePath} is a verbatim copy of ${from}: read it before you push\n`,
    );
  }
  if (hardware === undefined) {
    process.stderr.write(
      `no hardware configuration of ${ssh}: add one under modules, or it will not boot (--hardware FILE)\n`,
    );
  }
  if (given.key === undefined) {
    process.stderr.write(
      `no ~/.ssh/*.pub here: add users.${first.user}.sshKeys, or nobody can log in (--ssh-key FILE)\n`,
    );
  }
  if (first.boot.likely) {
    process.stderr.write(
      `boot loader of ${ssh} unknown: set it at DECIDE in ${config}, or the system will not build\n`,
    );
  }
  const isCommitted = await firstCommit(directory, files, options, invocation.signal);
  const git = isCommitted ? '' : `  git add ${[...files.keys()].join(' ')}\n`;
  const next = found ? 'decide what it asks' : 'describe a network and a vm in it';
  process.stderr.write(`\nNext: ${next}, then\n${git}  fleet plan\n`);
  return exitCodes.ok;
}

/** Commits what was written when that is wanted: by --commit, or by whoever is there to be asked. */
async function firstCommit(
  directory: string,
  files: ReadonlyMap<string, string>,
  options: InitOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const isWanted = options.commit ?? (canAsk() && (await confirm('Commit these files?', signal)));
  if (!isWanted) return false;
  await makeRepo(directory);
  const repo = await openRepo(directory);
  const inRepo = relative(realpathSync(repo.top), realpathSync(directory));
  const contents = new Map([...files].map(([path, text]) => [join(inRepo, path), text]));
  const commit = await repo.commit(contents, 'A fleet', await repo.head());
  process.stdout.write(`committed ${commit.slice(0, 8)}\n`);
  return true;
}

/** Writes a file unless there is one, and says which. @returns the text that is there */
function writeNew(directory: string, path: string, text: string): string {
  mkdirSync(directory, { recursive: true });
  const top = realpathSync(directory);
  const isNew = writeNewWithin(top, path, text);
  process.stdout.write(`${isNew ? 'wrote' : 'kept'} ${path}\n`);
  return isNew ? text : (readWithin(top, path) ?? text);
}

interface Seen {
  readonly name?: string | undefined;
  readonly system?: string | undefined;
  readonly stateVersion?: string | undefined;
  readonly uplink?: string | undefined;
  readonly hardware?: string | undefined;
  /** The host's file that it is a copy of; undefined: nixos-generate-config wrote it just now. */
  readonly hardwareFile?: string | undefined;
  readonly user?: string;
  /** That sshd listens on. */
  readonly port?: number | undefined;
  /** All that inspect.sh said, its boot loader among it. */
  readonly records?: readonly string[][];
  /** Only with --from. */
  readonly found?: { readonly facts: Facts; readonly runners: Runners };
}

/** What flags do not say, from the host itself; --from needs it, without it may be out of reach. */
async function lookAt(
  invocation: Invocation,
  hypervisor: Hypervisor,
  options: InitOptions,
  hardware: string | undefined,
): Promise<Seen> {
  // What no flag says: the port of sshd, where it is not the usual one.
  const { port = 22 } = hypervisor.ssh;
  const isGiven =
    port === 22 && options.system && options.stateVersion && options.uplink && hardware;
  if (isGiven && options.from === undefined) return {};
  try {
    const host = await realPorts(invocation.common).connector.connect(hypervisor);
    try {
      const inspected = await inspect(host);
      const seen = { ...inspected, user: host.user };
      if (options.from === undefined) return seen;
      const facts = await readFacts(host, hypervisor, 'full');
      return {
        ...seen,
        found: { facts, runners: await readRunners(host) },
      };
    } finally {
      host.close();
    }
  } catch (error) {
    if (!(error instanceof FleetError) || options.from !== undefined) throw error;
    process.stderr.write(
      `could not inspect ${options.ssh}: ${error.message}\n${error.hint ? `${error.hint}\n` : ''}`,
    );
    return {};
  }
}

const hardwareOrigin = ({ hardwareFile }: Seen, ssh: string): string =>
  `${hardwareFile ?? 'what nixos-generate-config prints'} on ${ssh}`;

/** A host that only `ssh:` is known of; that is read in one place, whoever asks. */
function firstHypervisor(ssh: string): Hypervisor {
  const text = stringify({
    version: 1,
    name: 'init',
    hypervisors: { host: { ssh, system: 'x86_64-linux', stateVersion: '25.11' } },
  });
  const read = readFleet(text, '--ssh');
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);
  return read.fleet.hypervisors[0]!;
}

/** A name for the fleet: its folder's, less what no name may have. */
function fleetName(directory: string): string {
  const plain = basename(directory).replace(/[^A-Za-z0-9._-]+/g, '-');
  return plain.replace(/^[^A-Za-z0-9]+/, '').slice(0, 63) || 'fleet';
}

/** A name for the hypervisor: the first word of its host name; an address makes none. */
function hostOf(ssh: string): string | undefined {
  const host = (ssh.split('@').at(-1) ?? '').replace(/^\[|\]?(:\d+)?$/g, '');
  return isIP(host) ? undefined : host.split('.')[0]?.toLowerCase();
}

function readGiven(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('init.no-file', `${flag}: cannot read ${file} (${code})`, {
      exitCode: exitCodes.usage,
    });
  }
}

function readGivenFiles({ hardware, sshKey }: InitOptions): {
  hardware: string | undefined;
  key: string | undefined;
} {
  return {
    hardware: hardware === undefined ? undefined : readGiven('--hardware', hardware),
    key: readKey(sshKey),
  };
}

/** The public key that may log in, or undefined when there is none to be found. */
function readKey(file: string | undefined): string | undefined {
  if (file !== undefined) return onlyKey(file, readGiven('--ssh-key', file));
  for (const name of ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub']) {
    try {
      return readFileSync(join(homedir(), '.ssh', name), 'utf8').trim();
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** @throws FleetError when it has not one public key; what it has instead is not shown. */
function onlyKey(file: string, text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 1 && isPublicKey(keys[0]!)) return keys[0]!;
  throw new FleetError('init.ssh-key', `--ssh-key: ${file} is not a file with one public ssh key`, {
    exitCode: exitCodes.usage,
    hint: 'Name a .pub file; more keys go under users in fleet.yaml afterwards.',
  });
}
