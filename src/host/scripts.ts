import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../model/errors.ts';
import { ownFile } from '../own-files.ts';

/** The shell that runs on a hypervisor: src/host/scripts/NAME.sh, each behind lib.sh. */
export const scriptNames = [
  'access',
  'alerts',
  'back',
  'begin',
  'bridges',
  'build',
  'build-only',
  'build-tree',
  'checkout',
  'cleanup',
  'closure-diff',
  'confirm',
  'doctor',
  'end',
  'events',
  'facts',
  'failure',
  'follow',
  'gc',
  'generations',
  'guest-file',
  'guest-run',
  'health',
  'history',
  'host-keys',
  'incident',
  'inspect',
  'lock',
  'lock-inputs',
  'logs',
  'nix-here',
  'operation',
  'reason',
  'receive',
  'remote',
  'renew',
  'repair',
  'resume',
  'runners',
  'status',
  'step',
  'stop-preparing',
  'story',
  'switch',
  'top',
  'unlock',
  'vm-aside',
  'vm-create',
  'vm-halt',
  'vm-join',
  'vm-release',
  'vm-restart',
  'vm-return',
  'vm-set',
  'vm-start',
  'vm-stop',
  'vm-update',
  'way-back',
] as const;

export type ScriptName = (typeof scriptNames)[number];

/** They know nothing of deployments; one of them runs on every hypervisor at every plan. */
const withoutDeployments = new Set<ScriptName>([
  'access',
  'alerts',
  'build-only',
  'build-tree',
  'closure-diff',
  'doctor',
  'events',
  'facts',
  'generations',
  'guest-file',
  'guest-run',
  'health',
  'host-keys',
  'incident',
  'inspect',
  'lock-inputs',
  'nix-here',
  'remote',
  'repair',
  'runners',
  'status',
  'story',
  'top',
]);

/** Shell that is put in front of scripts. */
const libraries = [
  'lib',
  'spool',
  'guests',
  'guest-ssh',
  'deployments',
  'guest-state',
  'before',
  'locks',
  'images',
  'evaluate',
  'ends',
] as const;

/** They write events, or read them. */
const withSpool = new Set<ScriptName>([
  'begin',
  'cleanup',
  'confirm',
  'end',
  'events',
  'gc',
  'lock',
  'operation',
  'step',
  'unlock',
  'vm-halt',
  'vm-release',
  'vm-restart',
  'way-back',
]);

/** They say how guests are. */
const withGuests = new Set<ScriptName>(['doctor', 'facts', 'health', 'status']);

/** They log in to a guest. */
const withGuestSsh = new Set<ScriptName>(['guest-file', 'guest-run']);

/** They take a lock, or wait for one. */
const withLocks = new Set<ScriptName>([
  'begin',
  'cleanup',
  'gc',
  'lock',
  'operation',
  'step',
  'vm-halt',
  'vm-release',
  'vm-restart',
]);

/** They evaluate and build machines. */
const withEvaluate = new Set<ScriptName>(['build', 'build-tree']);

/** They tell how guests ended. */
const withEnds = new Set<ScriptName>(['story']);

const texts = new Map<string, string>();

function read(name: string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readOwn(ownFile(`./host/scripts/${name}.sh`));
    texts.set(name, text);
  }
  return text;
}

/** @throws FleetError `install.damaged` when a file that fleet brings along cannot be read */
function readOwn(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FleetError(
      'install.damaged',
      `${fileURLToPath(file)}, a file of fleet's own, cannot be read (${code})`,
      { hint: 'This installation of fleet is damaged: install it again.', cause: error },
    );
  }
}

/**
 * Reads every script now: what is missing is not to be found out while something is being changed.
 * @throws FleetError `install.damaged`
 */
export function requireScripts(): void {
  for (const name of [...libraries, ...scriptNames]) read(name);
}

/** The whole text of a script, ready to be sent; its answer is somebody else's to read. */
export function script(name: ScriptName): string {
  return withLibraries(name);
}

function withLibraries(name: ScriptName, ...first: readonly string[]): string {
  const isNeeded = {
    lib: true,
    spool: withSpool.has(name),
    guests: withGuests.has(name),
    'guest-ssh': withGuestSsh.has(name),
    deployments: !withoutDeployments.has(name),
    'guest-state': !withoutDeployments.has(name),
    before: withLocks.has(name),
    locks: withLocks.has(name),
    images: name === 'vm-restart',
    evaluate: withEvaluate.has(name),
    ends: withEnds.has(name),
  };
  const before = libraries.filter((library) => isNeeded[library]);
  // What it says comes behind all of what is known of a hypervisor, in one round trip.
  const facts = name === 'doctor' || name === 'status' ? [read('facts')] : [];
  return [...before.map(read), ...first, ...facts, read(name)].join('\n');
}

/**
 * Version of what a script answers. Raise it with whatever a reader of the one before would take for something
 * else; first let a release read both.
 */
const versions: Partial<Readonly<Record<ScriptName, number>>> = {};

/** The first line of a script's answer: what comes without it is somebody else's, a start-up file's for one. */
export function greeting(name: ScriptName): string {
  return `fleet-${name} ${versions[name] ?? 1}`;
}

/** The same script, whose answer begins with its greeting. */
export function answering(name: ScriptName): string {
  return withLibraries(name, `echo '${greeting(name)}' >&"\${FLEET_ANSWER:-1}"`);
}

/** A script as step.sh takes it: it looks for the end, lest a cut link makes an empty step. */
export function stepScript(name: ScriptName): string {
  return asStep(answering(name));
}

/** Any shell text as a step. */
export function asStep(text: string): string {
  return `${text}\n# end of step\n`;
}
