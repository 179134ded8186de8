import { existsSync } from 'node:fs';
import ssh2, {
  type AnyAuthMethod,
  type BaseAgent,
  type OpenSSHAgent,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { type KeyFile, readKeyFile } from './key-file.ts';
import { keyType } from './known-hosts.ts';
import type { Resolved } from './resolve.ts';
import { runTool } from './tool.ts';

/** One key to log in with. */
export interface Identity {
  /** What a person calls it: a path, or the agent's comment. */
  readonly name: string;
  /** "type base64" */
  readonly publicKey: string;
  readonly method: AnyAuthMethod;
}

/** The keys to offer, in order, and what there is that cannot be offered. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly unusable: readonly string[];
}

/**
 * In OpenSSH's order: the agent's keys that ssh_config names, the agent's others (not with
 * IdentitiesOnly), then key files. A server lets few keys be tried, so the order matters.
 */
export async function identities(at: Resolved): Promise<Identities> {
  const [agent, read] = await Promise.all([
    at.agentSocket === undefined ? undefined : agentKeys(at.agentSocket),
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
      ...certificates(at),
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

/** An agent with one key, so that we know which was accepted and decide the order. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #agent: OpenSSHAgent;

  constructor(key: ParsedKey, socket: string) {
    super();
    this.#key = key;
    this.#agent = new ssh2.OpenSSHAgent(socket);
  }

  override getIdentities(cb: (error: null, keys: ParsedKey[]) => void): void {
    cb(null, [this.#key]);
  }

  override sign(key: ParsedKey, data: Buffer, options: unknown, done?: unknown): void {
    this.#agent.sign(key, data, options as SigningRequestOptions, done as SignCallback);
  }
}

interface AgentKeys {
  readonly socket: string;
  readonly keys: readonly ParsedKey[];
  readonly problem?: string;
}

function agentKeys(socket: string): Promise<AgentKeys> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys) => {
      if (error) resolve({ socket, keys: [], problem: `no ssh-agent answers at ${socket}` });
      else resolve({ socket, keys: (keys ?? []) as ParsedKey[] });
    });
  });
}

function certificates(at: Resolved): string[] {
  const beside = at.identityFiles.map((file) => `${file}-cert.pub`);
  return [...at.certificateFiles, ...beside]
    .filter((file) => existsSync(file))
    .map((file) => `${file} is a certificate, which fleet does not support`);
}

/** Names what the agent holds that ssh2 passes over in silence; asked for only when a login failed. */
export async function unsupportedAgentKeys(socket: string | undefined): Promise<string[]> {
  if (socket === undefined) return [];
  const { stdout } = await runTool('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-L']);
  return stdout.split('\n').flatMap((line) => {
    const [type = '', , ...comment] = line.split(' ');
    const what = /-cert-v\d/.test(type) ? 'certificate' : 'security key';
    return /^sk-|-cert-v\d/.test(type)
      ? [
          `${comment.join(' ') || type} (agent) is a ${what} (${type}), which fleet does not support`,
        ]
      : [];
  });
}
