import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { shellQuote } from '../../model/shell-quote.ts';
import { keyType } from './known-hosts.ts';
import { parseKey as readKey } from './ssh2.ts';

/** What an identity file contains, and why it cannot be used, if so. */
export interface KeyFile {
  readonly path: string;
  /** The public key, in wire format. */
  readonly publicKey: Buffer | undefined;
  readonly privateKey: ParsedKey | undefined;
  /** Why the private key cannot be used from this file, and what to do. */
  readonly problem: string | undefined;
  /** ssh2 cannot read it; OpenSSH may. */
  readonly isForeign: boolean;
}

/** Reads an identity file: a private key, or a public key whose private half is in an agent. */
export async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const publicKey = await publicHalf(path);
    const none = { path, publicKey, privateKey: undefined, isForeign: false };
    if (publicKey) return { ...none, problem: 'only .pub is there' };
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const problem = `cannot be read: ${(error as Error).message}`;
    return { ...none, problem };
  }
  const key = parseKey(text);
  if (key?.isPrivateKey()) {
    const publicKey = key.getPublicSSH();
    return { path, publicKey, privateKey: key, problem: undefined, isForeign: false };
  }
  const header = opensshHeader(text);
  const publicKey = key?.getPublicSSH() ?? header?.publicKey ?? (await publicHalf(path));
  const foreign = { path, publicKey, privateKey: undefined, isForeign: true };
  if (key) return { ...foreign, problem: 'is a public key', isForeign: false };
  if (!isEncrypted(text, header)) return { ...foreign, problem: 'is of a kind that ssh2 lacks' };
  const problem = `is encrypted, fleet does not ask: ssh-add ${shellQuote(path)}`;
  // For a security key ssh itself asks its owner, whether the file is encrypted or not.
  const type = publicKey ? keyType(publicKey) : '';
  return { ...foreign, problem, isForeign: type.startsWith('sk-') };
}

/** A private or public key that ssh2 can use. */
export function parseKey(text: string): ParsedKey | undefined {
  // ssh2 would take the first part of a certificate for a key.
  if (/^\S+-cert-v\d+@openssh\.com\s/.test(text)) return undefined;
  const key = [readKey(text)].flat()[0];
  return key === undefined || key instanceof Error ? undefined : key;
}

async function publicHalf(path: string): Promise<Buffer | undefined> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => '');
  const base64 = text.split(/\s+/)[1];
  return base64 ? Buffer.from(base64, 'base64') : undefined;
}

interface Header {
  readonly cipher: string;
  readonly publicKey: Buffer;
}

/**
 * The part of an `openssh-key-v1` file that is never encrypted: magic, cipher, kdf, kdf options,
 * number of keys, public key.
 */
function opensshHeader(text: string): Header | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const next = () => {
    const length = data.readUInt32BE(at);
    at += 4 + length;
    return data.subarray(at - length, at);
  };
  try {
    const cipher = next().toString('latin1');
    next();
    next();
    at += 4;
    return { cipher, publicKey: next() };
  } catch {
    return undefined; // cut short
  }
}

function isEncrypted(text: string, header: Header | undefined): boolean {
  return header
    ? header.cipher !== 'none'
    : /^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text);
}
