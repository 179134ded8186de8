import type { Data } from './fleet.ts';
import type { FleetIndex } from './index.ts';
import { withoutColours } from './plain-text.ts';
import { redact } from './redact.ts';

/** The beginning of a private key, or of another secret in clear text. */
export const secret = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1/;

/** A value with such a word in it, or below such a name, may be a secret. */
export const confidential =
  /passw|passphrase|secret|token|private|credential|api_?key|authorization|bearer|pre-?shared|psk|cookie|key-?data/i;

/** Shorter ones are words that stand in any text. */
const shortest = 6;

/** What fleet.yaml itself has that may be a secret: values in `config`, commands of checks. The longest first. */
export function secretsIn({ fleet }: FleetIndex): readonly string[] {
  const found = new Set<string>();
  const walk = (value: Data, isSecret: boolean): void => {
    if (typeof value === 'string') {
      // Of a text of several lines each stands by itself in a log. Where a secret is, is none.
      for (const line of value.split('\n'))
        if ((isSecret || confidential.test(line)) && !/^\s*\/[\w./-]+$/.test(line))
          found.add(line.trim());
    } else if (Array.isArray(value)) for (const item of value) walk(item, isSecret);
    else if (typeof value === 'object' && value !== null)
      for (const [key, own] of Object.entries(value)) walk(own, isSecret || confidential.test(key));
  };
  for (const { config } of [...fleet.hypervisors, ...fleet.vms]) walk(config, false);
  for (const { checks } of fleet.vms)
    for (const check of checks)
      walk(check.kind === 'run' ? check.command : check.kind === 'http' ? check.path : '', false);
  return [...found].filter((one) => one.length >= shortest).sort((a, b) => b.length - a.length);
}

/**
 * Words that are tokens by their form: of GitHub, GitLab, Slack, AWS, npm, Tailscale, Vault, Stripe, Google, Hugging Face,
 * DigitalOcean, SendGrid, Grafana, PyPI, k3s, age; JSON web tokens; PEM in base64, which a key may be in. A webhook's address is one, too.
 */
const tokens =
  /\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{16,255}|glpat-[\w-]{16,255}|xox[abeoprs]-[\w-]{10,255}|A[KS]IA[0-9A-Z]{16}|npm_[A-Za-z0-9]{30,255}|tskey-[\w-]{10,255}|hvs\.[\w-]{20,255}|sk-[\w-]{20,255}|[rs]k_(?:live|test)_\w{10,255}|AIza[\w-]{35}|hf_[A-Za-z0-9]{20,255}|do[opr]_v1_[0-9a-f]{20,255}|SG\.[\w-]{16,64}\.[\w-]{16,255}|gl(?:sa|c)_\w{20,255}|pypi-[\w-]{16,255}|K10[0-9a-f]{20,255}::\S{1,255}|hooks\.slack\.com\/services\/[\w/-]{8,255}|discord(?:app)?\.com\/api\/webhooks\/[\w/-]{8,255}|AGE-SECRET-KEY-1\w{0,255}|eyJ[\w-]{8,4096}\.[\w-]{8,8192}(?:\.[\w-]{0,4096})?|LS0tLS1CRUdJTi[\w+/=]{0,65536})/g;

/** Hashes of passwords, as in /etc/shadow. */
const hashes =
  /\$(?:1|2[abxy]?|5|6|7|g?y|scrypt|argon2(?:i|d|id)|pbkdf2[\w-]{0,20})\$[\w./=,+-]{1,255}\$[\w./=,+$-]{8,512}/g;

/** A value in quotes, whose end a clipped line may lack; in JSON that is itself in a string, they are escaped. */
const quoted = String.raw`"(?:\\.|[^"\\\n]){1,4096}"?|'(?:\\.|[^'\\\n]){1,4096}'?|\\"(?:\\\\(?:\\.)?|[^"\\\n]){1,4096}(?:\\")?`;

/** `=`, `: `, `=>`, `->`, also in a column of its own, behind a name that may be in quotes; `=` as URLs have it. */
const is = String.raw`\\?["']?\s{0,2}[ \t]{0,30}(?:[=:]{1,2}>?|->|%3[AD])\s{0,2}[ \t]{0,30}`;

const names = [
  ...['passw(?:or)?d', 'passphrase', 'secret', 'token', 'credential', 'psk', 'key[_-]?data'],
  '(?:api|auth|private|pre-?shared|shared|access|account|master|signing|encryption)[_ -]?key',
  // A word of its own, or behind what has one: compass and bypass are none.
  '(?:(?<![a-z])|ssh|db|sql|user|root|admin|smtp|ftp)pass(?![\\w-])',
  // A shell's own is a path.
  String.raw`pwd(?!=["']?\/)`,
].join('|');

/** `password=…`, `"apiToken": "…"`, `--token …`, with the value up to its end. */
const named = new RegExp(
  String.raw`((?:^|[^\w-])["']?(?:--?)?[\w-]{0,40}(?:${names})[\w-]{0,40}(?:${is}|(?<=--[\w-]{1,90})\s))(${quoted}|\[[^\]\n]{1,4096}\]?|[^\s"',;\\][^\s"',;]{0,4095})`,
  'gim',
);

/** `<password>…</password>`. */
const tagged = new RegExp(
  String.raw`(<[\w:.-]{0,40}(?:${names})[\w:.-]{0,40}>)[^<\n]{1,4096}`,
  'gi',
);

/** `Cookie: …`, `Set-Cookie: …`: of several all, and what says for how long. `Authorization: …` without a word of how. */
const cookies = new RegExp(
  String.raw`(cookie${is}|authorization${is}(?!\s|bearer\b|basic\b))(${quoted}|[^\s"'\\][^\n]{0,8191})`,
  'gi',
);

/** `Authorization: Bearer …`, `Basic …`; `-u user:…`, `--user user:…`; `login NAME password …` of a .netrc; `sshpass -p …`. */
const logins =
  /\b((?:bearer|basic)\s{1,2})[\w.~+/=-]{8,8192}|(\s(?:-u\s{0,2}|--(?:proxy-)?user[\s=])[^\s:]{1,64}:|\blogin\s[^\s]{1,64}\spassword\s|\bsshpass\s{1,2}-p\s{0,2})\S{1,255}/gi;

const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const end = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
/** Lines that a private key may have, and what one of a longer key looks like. */
const keyLines = 120;
const keyLine = /(?:^|\s)[\w+/=]{40,80}\s?$/;

/**
 * A text without what looks like a secret: `…` stands for it. What looks like nothing, such as a bare password that
 * a guest printed, nobody can know. Linear in time: the text may be a stranger's.
 * @param known secrets that are taken out wherever they stand
 */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  let rest = withoutKeys(withoutColours(text));
  for (const one of known) rest = rest.replaceAll(one, '…');
  return redact(rest)
    .replace(tokens, '…')
    .replace(hashes, '…')
    .replace(cookies, '$1…')
    .replace(logins, (_, scheme?: string, user?: string) => `${scheme ?? user ?? ''}…`)
    .replace(named, '$1…')
    .replace(tagged, '$1…');
}

/** The same of everything in a value; lines that follow one another in a list are read together. */
export function clean<T>(value: T, known: readonly string[]): T {
  return cleaned(value, (text) => withoutSecrets(text, known)) as T;
}

function cleaned(value: unknown, of: (text: string) => string): unknown {
  if (typeof value === 'string') return of(value);
  if (value instanceof Map) return new Map([...value].map(([key, own]) => [key, cleaned(own, of)]));
  if (value instanceof Set) return new Set([...value].map((own) => cleaned(own, of)));
  if (Array.isArray(value)) return list(value, of);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, cleaned(own, of)]));
}

/** A private key in a log has a line for each of its own. */
function list(values: readonly unknown[], of: (text: string) => string): unknown[] {
  const texts = values.map((value) => {
    if (typeof value === 'string') return value;
    const { text } = (value ?? {}) as { readonly text?: unknown };
    return typeof text === 'string' ? text : undefined;
  });
  if (texts.some((text) => text === undefined || text.includes('\n')))
    return values.map((value) => cleaned(value, of));
  const lines = of(texts.join('\n')).split('\n');
  return values.map((value, i) =>
    typeof value === 'string' ? lines[i] : { ...(cleaned(value, of) as object), text: lines[i] },
  );
}

/** A private key has several lines, each with something of a log in front of it. */
function withoutKeys(text: string): string {
  if (!begin.test(text)) return text;
  let left = 0;
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    const at = line.search(begin);
    if (left > 0) {
      left = end.test(line) ? 0 : Math.max(left - 1, keyLine.test(line) ? 1 : 0);
      kept.push('…');
    } else if (at < 0) kept.push(line);
    else {
      kept.push(`${line.slice(0, at)}… (a private key)`);
      left = end.test(line) ? 0 : keyLines;
    }
  }
  return kept.join('\n');
}
