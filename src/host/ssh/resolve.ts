import { hostname as localHostname, userInfo } from 'node:os';
import { FleetError } from '../../model/errors.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import { expandHome, expandTokens, sshHome } from './expand.ts';
import { runTool } from './tool.ts';

/** A host to log in to, as fleet.yaml or a ProxyJump names it. */
export interface Destination {
  readonly host: string;
  /** Where it is, whatever ssh_config says of `host`. */
  readonly address?: string;
  readonly user?: string;
  readonly port?: number;
  readonly jump?: string;
  readonly identityFile?: string;
}

/** A destination with everything that ~/.ssh/config says about it. */
export interface Resolved {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  /** 0: either. */
  readonly family: 0 | 4 | 6;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  readonly proxyJump: string | undefined;
  /** A shell command line, tokens expanded. */
  readonly proxyCommand: string | undefined;
  /** The user's before the system's; some may not exist. */
  readonly knownHostsFiles: readonly string[];
  /** The host's name in known_hosts. */
  readonly keyName: string;
  /** The name that OpenSSH looks up if there is no key under the first. */
  readonly plainKeyName: string;
  readonly hostKeyAlgorithms: readonly string[];
  /** What ssh_config allows, else ssh's defaults. */
  readonly ciphers: readonly string[];
  readonly kexAlgorithms: readonly string[];
  readonly macs: readonly string[];
  readonly connectTimeoutMs: number | undefined;
  readonly aliveIntervalMs: number | undefined;
  readonly aliveCountMax: number;
  /** GSSAPIAuthentication, which several distributions turn on for everybody. */
  readonly isGssapi: boolean;
  /** Options of ssh_config that ssh2 does not support, but OpenSSH does. */
  readonly opensshOnly: readonly string[];
}

/**
 * Asks `ssh -G`, so that Include, Match, aliases and defaults have the same effect as in ssh itself. What the
 * destination says is passed as options, which win over the file.
 */
export async function resolve(
  to: Destination,
  configFile: string | undefined,
  env: Surroundings['env'],
): Promise<Resolved> {
  const args = ['-G', ...sshOptions(to, configFile)];
  if (to.jump !== undefined) args.push('-J', to.jump);
  const { code, stdout, stderr } = await runTool('ssh', [...args, '--', to.host], env);
  if (code !== 0)
    throw new FleetError('ssh.config', `ssh cannot make sense of ${JSON.stringify(to.host)}`, {
      detail: stderr.trim(),
      hint: `Try: ssh ${[...args, '--', to.host].map(shellQuote).join(' ')}`,
    });
  return interpret(to, stdout, env);
}

/** Options of ssh for a destination, without its jump hosts and its name. */
export function sshOptions(to: Destination, configFile: string | undefined): string[] {
  const args: string[] = [];
  if (configFile !== undefined) args.push('-F', expandHome(configFile));
  if (to.user !== undefined) args.push('-l', to.user);
  if (to.port !== undefined) args.push('-p', String(to.port));
  if (to.address !== undefined) args.push('-o', `HostName=${to.address}`);
  if (to.identityFile !== undefined) args.push('-i', to.identityFile);
  return args;
}

function interpret(to: Destination, text: string, env: Surroundings['env']): Resolved {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const key = line.slice(0, space);
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1)]);
  }
  const all = (key: string) => values.get(key) ?? [];
  const one = (key: string) => all(key)[0];
  const set = (key: string) => (one(key) === 'none' ? undefined : one(key));

  const hostname = (one('hostname') ?? to.host).toLowerCase();
  const user = one('user') ?? userInfo().username;
  const port = Number(one('port') ?? 22);
  refuseShellCharacters(hostname, user);
  const keyAlias = set('hostkeyalias');
  const keyName = keyAlias ?? (port === 22 ? hostname : `[${hostname}]:${port}`);
  const inCommand = { h: hostname, n: to.host, p: String(port), r: user };
  const local = localHostname();
  const tokens = {
    ...inCommand,
    ...{ d: sshHome(), i: String(userInfo().uid), k: keyAlias ?? to.host },
    ...{ l: local, L: local.replace(/\..*/s, ''), u: userInfo().username },
  };
  const opensshOnly = new Set([
    ...unsupported.filter((option) => isSet(one(option.toLowerCase()))),
    ...['identityfile', 'certificatefile', 'userknownhostsfile', 'globalknownhostsfile'].filter(
      (key) => all(key).some((value) => value.includes('${')),
    ),
  ]);
  const expand = (option: string, known: typeof inCommand) => (value: string) => {
    const expanded = expandTokens(value, known);
    if (expanded === undefined) opensshOnly.add(option);
    return expanded === undefined ? [] : [expanded];
  };
  const path = (option: string) => (value: string) => expand(option, tokens)(value).map(expandHome);
  return {
    hostname,
    user,
    port,
    family: families[one('addressfamily') ?? 'any'] ?? 0,
    identityFiles: all('identityfile').flatMap(path('IdentityFile')),
    certificateFiles: all('certificatefile').flatMap(path('CertificateFile')),
    identitiesOnly: one('identitiesonly') === 'yes',
    agentSocket: agentSocket(one('identityagent'), env, (value) => path('IdentityAgent')(value)[0]),
    proxyJump: set('proxyjump'),
    proxyCommand: all('proxycommand')
      .filter((command) => command !== 'none')
      .flatMap(expand('ProxyCommand', inCommand))[0],
    knownHostsFiles: [...all('userknownhostsfile'), ...all('globalknownhostsfile')].flatMap(paths),
    keyName,
    plainKeyName: keyAlias ?? hostname,
    hostKeyAlgorithms: (one('hostkeyalgorithms') ?? '').split(','),
    ciphers: (one('ciphers') ?? '').split(','),
    kexAlgorithms: (one('kexalgorithms') ?? '').split(','),
    macs: (one('macs') ?? '').split(','),
    connectTimeoutMs: seconds(one('connecttimeout')),
    aliveIntervalMs: seconds(one('serveraliveinterval')),
    aliveCountMax: Number(one('serveralivecountmax') ?? 3),
    isGssapi: one('gssapiauthentication') === 'yes',
    opensshOnly: [...opensshOnly],
  };
}

/** Options that ssh2 does not support. */
const unsupported = [
  ...['RevokedHostKeys', 'KnownHostsCommand', 'PKCS11Provider', 'BindAddress', 'BindInterface'],
  ...['ProxyUseFdpass', 'HostbasedAuthentication'],
];

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['none', 'no', ''].includes(value);
}

const families: Readonly<Record<string, 0 | 4 | 6>> = { any: 0, inet: 4, inet6: 6 };

/** In ms; 0 and `none` mean "not set". */
function seconds(value: string | undefined): number | undefined {
  const n = Number(value);
  return n > 0 ? n * 1000 : undefined;
}

/** Several files are on one line, unquoted, so a word that does not begin a path belongs to the file before it. */
function paths(line: string): string[] {
  return line
    .split(/ (?=[/~])/)
    .filter((file) => file !== 'none' && file !== '')
    .map(expandHome);
}

function agentSocket(
  value: string | undefined,
  env: Surroundings['env'],
  path: (value: string) => string | undefined,
) {
  if (value === 'none') return undefined;
  if (value === undefined || value === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK;
  return value.startsWith('$') ? env[value.slice(1).replace(/[{}]/g, '')] : path(value);
}

/** Both end up in a ProxyCommand, which a shell interprets, and older versions of ssh do not check them. */
function refuseShellCharacters(hostname: string, user: string): void {
  for (const [what, value] of Object.entries({ 'host name': hostname, user }))
    if (/^-|[\s'"`$\\;&<>|(){}*?!#]/.test(value) || value === '')
      throw new FleetError('ssh.config', `not a usable ${what}: ${JSON.stringify(value)}`);
}
