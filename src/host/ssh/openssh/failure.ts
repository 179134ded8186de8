import { FleetError } from '../../../model/errors.ts';
import { notLetIn } from '../attempts.ts';
import { changed, type KnownKey, revoked, type ShownKey, unknown } from '../known-hosts.ts';
import { handshakeError } from '../login.ts';
import type { Resolved } from '../resolve.ts';
import { tcpError, timedOut } from '../socket.ts';

/** What is known about a login by OpenSSH that failed. */
export interface FailedLogin {
  readonly label: string;
  readonly at: Pick<Resolved, 'user' | 'hostname' | 'port' | 'keyName'>;
  readonly known: readonly KnownKey[];
  /** Keys that could not be offered, and why. */
  readonly notTried: readonly string[];
  /** The command with which a person accepts a host key. */
  readonly accept: string;
  readonly timeoutMs: number;
  /** ssh's log, with -v. */
  readonly log: string;
  /** Output of a ProxyCommand. */
  readonly said: string;
}

/** The lines of its log that ssh prints also without -v. */
export function ownLines(log: string): string[] {
  const lines = log.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.filter((line) => !/^debug\d: |^Authenticated to |^@{10}/.test(line));
}

/** The same errors as from ssh2; what it does not recognise becomes `ssh.handshake`. */
export function loginError(login: FailedLogin): FleetError {
  const { label, at, log, said, timeoutMs } = login;
  const own = ownLines(log);
  const text = own.join('\n');
  const hostKey = hostKeyError(login, text);
  if (hostKey) return hostKey;
  if (/^.*: Permission denied \(.*\)\.$|Too many authentication failures/m.test(text))
    return authError(login, text);
  const dns = /^ssh: Could not resolve hostname .*?: (.*)$/m.exec(text)?.[1];
  if (dns !== undefined) {
    const code = /^Temporary failure/.test(dns) ? 'EAI_AGAIN' : 'ENOTFOUND';
    return tcpError(Object.assign(new Error(dns), { code }), label, at);
  }
  if (/^(Connection timed out during banner exchange|Connection to .* timed out)$/m.test(text))
    return timedOut(label, timeoutMs, 'connected, but nothing there speaks ssh');
  const tcp = /^ssh: connect to (?:host|address) .* port \d+: (.*)$/m.exec(text)?.[1];
  if (tcp !== undefined) {
    const codes = { 'Connection refused': 'ECONNREFUSED', 'Connection timed out': 'ETIMEDOUT' };
    const code = codes[tcp as keyof typeof codes];
    return tcpError(Object.assign(new Error(tcp), { code }), label, at);
  }
  if (/Bad (configuration option|owner or permissions)|^.* line \d+: /m.test(text))
    return new FleetError('ssh.config', `${label}: ssh refuses its configuration`, {
      detail: text,
    });
  return handshakeError(new Error(own.at(-1) ?? 'ssh ended'), label, said.trim() || undefined);
}

function hostKeyError(login: FailedLogin, text: string): FleetError | undefined {
  const { label, at, known, accept } = login;
  if (!/^Host key verification failed\.$/m.test(text)) return undefined;
  const bad = /^.*\brevoked\b.*$/im.exec(text)?.[0];
  if (bad !== undefined) return revoked(label, bad.trim());
  const key = shownKey(login.log);
  const before = known.filter((k) => k.marker === undefined && k.name === at.keyName);
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(text))
    return changed(key, before, at, label, accept);
  return unknown(key, label, accept, text);
}

function shownKey(log: string): ShownKey {
  const match = /^debug1: Server host (?:key|certificate): (\S+) (SHA256:[^\s,]+)/m.exec(log);
  return { type: match?.[1] ?? 'of a kind that ssh does not say', fingerprint: match?.[2] ?? '' };
}

function authError({ label, at, log, notTried }: FailedLogin, text: string): FleetError {
  const offered = [...log.matchAll(/^debug1: Offering public key: (.*) \S+ SHA256:\S+.*$/gm)];
  const tooMany = /^.*Too many authentication failures.*$/m.exec(text)?.[0];
  return notLetIn(label, at.user, {
    refused: [...new Set(offered.map((match) => match[1] ?? ''))],
    notTried: [
      ...notTried,
      ...text.split('\n').filter((line) => /^(Load key|sign_and_send)/.test(line)),
    ],
    serverTakes: (/Permission denied \((.*)\)\.$/m.exec(text)?.[1] ?? '').replaceAll(',', ', '),
    said: tooMany,
    isPartial:
      /^debug1: Authenticated using .* with partial success\.|^Authenticated using "publickey" with partial success\./m.test(
        log,
      ),
  });
}
