import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { FleetError } from '../../model/errors.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import { expandHome } from './expand.ts';
import type { Resolved } from './resolve.ts';
import { runTool } from './tool.ts';

/** A line of a known_hosts file that matches the host. */
export interface KnownKey {
  readonly marker: '@revoked' | '@cert-authority' | undefined;
  readonly type: string;
  readonly base64: string;
  readonly file: string;
  /** The name that it matched. */
  readonly name: string;
}

/** Finds the lines for a host in known_hosts. */
export async function knownKeys(
  at: Pick<Resolved, 'keyName' | 'plainKeyName' | 'knownHostsFiles'>,
  env: Surroundings['env'],
): Promise<readonly KnownKey[]> {
  const files = at.knownHostsFiles.filter((file) => existsSync(file));
  const found = await lookUp(at.keyName, files, env);
  // As in OpenSSH, a key that is known for the host name is also accepted on another port.
  if (at.plainKeyName === at.keyName || found.some((key) => key.marker === undefined)) return found;
  return [...found, ...(await lookUp(at.plainKeyName, files, env))];
}

async function lookUp(
  name: string,
  files: readonly string[],
  env: Surroundings['env'],
): Promise<KnownKey[]> {
  const perFile = files.map(async (file) => {
    const lines = plainLines(file, name) ?? (await matchedLines(file, name, env));
    return lines.flatMap((line) => parseLine(line, file, name));
  });
  return (await Promise.all(perFile)).flat();
}

/** Hashed names and patterns are OpenSSH's to match, at the cost of a process. */
async function matchedLines(file: string, name: string, env: Surroundings['env']) {
  const { stdout } = await runTool('ssh-keygen', ['-F', name, '-f', file], env);
  return stdout.split('\n');
}

/** The lines for a name in a file of plain names; undefined where it holds anything else, or cannot be read. */
function plainLines(file: string, name: string): string[] | undefined {
  const text = readText(file);
  if (text === undefined || /^\s*(?:@|[^\s#]*[|*?!])/m.test(text)) return undefined;
  const lines = text.split('\n').filter((line) => {
    const [names = ''] = line.trimStart().split(/\s/, 1);
    return !names.startsWith('#') && names.toLowerCase().split(',').includes(name.toLowerCase());
  });
  return lines.every(isWhole) ? lines : undefined;
}

/** Is this a line that OpenSSH reads, too? */
function isWhole(line: string): boolean {
  const [, type, base64] = /^\S+[ \t]+(\S+)[ \t]+(\S+)/.exec(line) ?? [];
  return base64 !== undefined && keyType(Buffer.from(base64, 'base64')) === type;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseLine(line: string, file: string, name: string): KnownKey[] {
  if (line.startsWith('#')) return [];
  const words = line.trim().split(/\s+/);
  const first = words[0];
  const marker = first === '@revoked' || first === '@cert-authority' ? first : undefined;
  const [type, base64] = words.slice(marker === undefined ? 1 : 2);
  return type && base64 ? [{ marker, type, base64, file, name }] : [];
}

/** The host key algorithms to offer: those of known keys first, so that the server shows one of these. */
export function preferKnown(
  algorithms: readonly string[],
  known: readonly KnownKey[],
): readonly string[] {
  const types = new Set(known.filter((key) => !key.marker).map((key) => key.type));
  const isKnown = (algorithm: string) => types.has(algorithm.replace(/^rsa-sha2-.*/, 'ssh-rsa'));
  return [...algorithms.filter(isKnown), ...algorithms.filter((a) => !isKnown(a))];
}

/** The error for a host key that is not trusted; undefined if it is the known one. */
export function refusal(
  key: Buffer,
  known: readonly KnownKey[],
  at: Pick<Resolved, 'keyName' | 'knownHostsFiles'>,
  label: string,
): FleetError | undefined {
  const base64 = key.toString('base64');
  const same = known.filter((k) => k.base64 === base64);
  const no = same.find((k) => k.marker === '@revoked');
  if (no)
    return revoked(label, `its host key ${fingerprint(key)} is marked @revoked in ${no.file}`);
  if (same.some((k) => k.marker === undefined)) return undefined;
  const shown = { type: keyType(key), fingerprint: fingerprint(key) };
  const before = known.filter((k) => k.marker === undefined && k.name === at.keyName);
  return before.length > 0
    ? changed(shown, before, at, label, accept(key, at))
    : unknown(shown, label, accept(key, at));
}

/** A host key in the form that a person compares. */
export interface ShownKey {
  readonly type: string;
  readonly fingerprint: string;
}

/** @param accept the command that adds the key to known_hosts */
export function unknown(
  shown: ShownKey,
  label: string,
  accept: string,
  detail?: string,
): FleetError {
  return new FleetError(
    'ssh.unknown-host-key',
    `${label}: unknown host key ${shown.type} ${shown.fingerprint}`,
    {
      ...(detail && { detail }),
      hint: [
        `Compare the fingerprint at the machine's console: ${onTheMachine(shown)}`,
        `If they are the same, accept it: ${accept}`,
      ].join('\n'),
    },
  );
}

export function changed(
  shown: ShownKey,
  before: readonly KnownKey[],
  at: Pick<Resolved, 'keyName'>,
  label: string,
  accept: string,
): FleetError {
  const files = [...new Set(before.map((k) => k.file))];
  const expected = before.map((k) => `${k.type} ${fingerprint(Buffer.from(k.base64, 'base64'))}`);
  return new FleetError(
    'ssh.host-key-changed',
    `${label}: HOST KEY CHANGED: it shows ${shown.type} ${shown.fingerprint}`,
    {
      detail: `known: ${expected.join(', ')} (${files.join(', ')})`,
      hint: [
        'Either the machine was reinstalled, or someone is intercepting the connection. Nothing was sent to it.',
        `Compare the fingerprint at the machine's console: ${onTheMachine(shown)}`,
        'Only if they are the same, replace the known key:',
        ...files.map((f) => `  ssh-keygen -R ${shellQuote(at.keyName)} -f ${shellQuote(f)}`),
        `  ${accept}`,
      ].join('\n'),
    },
  );
}

/** The error for a key that known_hosts or RevokedHostKeys revokes. */
export function revoked(label: string, what: string): FleetError {
  return new FleetError('ssh.host-key-revoked', `${label}: ${what}`, {
    hint: 'Give the machine a new host key. Nothing was sent to it.',
  });
}

function onTheMachine({ type }: ShownKey): string {
  const short = type.replace(/^ssh-|-sha2-.*/g, '');
  return `ssh-keygen -lf /etc/ssh/ssh_host_${short}_key.pub`;
}

/** A command that appends exactly this key. ssh-keyscan might fetch another one, and does not work behind jump hosts. */
function accept(key: Buffer, at: Pick<Resolved, 'keyName' | 'knownHostsFiles'>): string {
  const file = at.knownHostsFiles[0] ?? expandHome('~/.ssh/known_hosts');
  const line = `${at.keyName} ${keyType(key)} ${key.toString('base64')}`;
  return `echo ${shellQuote(line)} >> ${shellQuote(file)}`;
}

/** The fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type a public key blob begins with. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? 'unknown' : key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}
