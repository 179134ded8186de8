import { existsSync } from 'node:fs';
import type { AnyAuthMethod, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import { agentKeys } from './agent.ts';
import { type KeyFile, parseKey, readKeyFile } from './key-file.ts';
import { keyType } from './known-hosts.ts';
import type { Resolved } from './resolve.ts';
import { BaseAgent, OpenSSHAgent } from './ssh2.ts';

/** One key to log in with. */
export interface Identity {
  /** What a person calls it: a path, or the agent's comment. */
  readonly name: string;
  /** "type base64" */
  readonly publicKey: string;
  readonly method: AnyAuthMethod;
}

/** The keys to offer, in order, and those that cannot be offered. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly unusable: readonly string[];
  /** Keys that ssh2 cannot use, but OpenSSH can. */
  readonly opensshOnly: readonly string[];
  /** All known public keys, including those that cannot be used. */
  readonly publicKeys: readonly Buffer[];
}

/**
 * In OpenSSH's order: the agent's keys that ssh_config names, the agent's others (not with
 * IdentitiesOnly), then key files. A server allows only a few tries, so the order matters.
 */
export async function identities(at: Resolved): Promise<Identities> {
  const [agent, read] = await Promise.all([
    at.agentSocket === undefined ? undefined : agentOf(at.agentSocket),
    Promise.all([...new Set(at.identityFiles)].map(readKeyFile)),
  ]);
  const files = read.filter((file) => file !== undefined);
  const held = agent?.keys ?? [];
  const isHeld = (file: KeyFile) => held.find((key) => same(key, file));
  const named = files.map(isHeld).filter((key) => key !== undefined);
  const others = at.identitiesOnly ? [] : held.filter((key) => !named.includes(key));
  const absent = files.filter((file) => !isHeld(file));
  return {
    usable: [
      ...[...new Set([...named, ...others])].map((key) => fromAgent(key, agent!.socket, at.user)),
      ...absent.flatMap((file) => fromFile(file, at.user)),
    ],
    unusable: [
      ...(agent?.problem ? [agent.problem] : []),
      ...absent.filter((file) => file.problem).map((file) => `${file.path} ${file.problem}`),
    ],
    opensshOnly: [
      ...(at.identitiesOnly ? [] : (agent?.foreign ?? [])),
      ...absent.filter((file) => file.isForeign).map((file) => file.path),
      ...certificates(at),
    ],
    publicKeys: [
      ...files.flatMap(({ publicKey }) => publicKey ?? []),
      ...(agent?.publicKeys ?? []),
    ],
  };
}

function same(key: ParsedKey, file: KeyFile): boolean {
  return file.publicKey !== undefined && key.getPublicSSH().equals(file.publicKey);
}

function publicText(key: ParsedKey): string {
  const blob = key.getPublicSSH();
  return `${keyType(blob)} ${blob.toString('base64')}`;
}

function fromFile(file: KeyFile, username: string): Identity[] {
  const key = file.privateKey;
  if (key === undefined) return [];
  const method = { type: 'publickey', username, key } as const;
  return [{ name: file.path, publicKey: publicText(key), method }];
}

function fromAgent(key: ParsedKey, socket: string, username: string): Identity {
  const agent = new OneKey(key, socket) as BaseAgent;
  const method = { type: 'agent', username, agent } as const;
  return {
    name: `${key.comment || keyType(key.getPublicSSH())} (agent)`,
    publicKey: publicText(key),
    method,
  };
}

/** An agent with one key. With one agent for each key we decide the order, and know which key was accepted. */
class OneKey extends BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #agent: OpenSSHAgent;

  constructor(key: ParsedKey, socket: string) {
    super();
    this.#key = key;
    this.#agent = new OpenSSHAgent(socket);
  }

  override getIdentities(cb: (error: null, keys: ParsedKey[]) => void): void {
    cb(null, [this.#key]);
  }

  override sign(key: ParsedKey, data: Buffer, options: unknown, done?: unknown): void {
    this.#agent.sign(key, data, options as SigningRequestOptions, done as SignCallback);
  }
}

interface Agent {
  readonly socket: string;
  readonly keys: readonly ParsedKey[];
  /** A kind that ssh2 does not know: a security key or a certificate. */
  readonly foreign: readonly string[];
  readonly publicKeys: readonly Buffer[];
  readonly problem?: string;
}

async function agentOf(socket: string): Promise<Agent> {
  try {
    const held = await agentKeys(socket);
    const parsed = held.map(({ blob, comment }) =>
      parseKey(`${keyType(blob)} ${blob.toString('base64')} ${comment}`),
    );
    return {
      socket,
      keys: parsed.filter((key) => key !== undefined),
      foreign: held.flatMap(({ blob, comment }, i) =>
        parsed[i] ? [] : [`${comment || keyType(blob)} (agent)`],
      ),
      publicKeys: held.map(({ blob }) => blob),
    };
  } catch {
    const problem = `no ssh-agent answers at ${socket}`;
    return { socket, keys: [], foreign: [], publicKeys: [], problem };
  }
}

function certificates(at: Resolved): string[] {
  const beside = at.identityFiles.map((file) => `${file}-cert.pub`);
  return [...at.certificateFiles, ...beside].filter((file) => existsSync(file));
}
