import { FleetError } from '../model/errors.ts';
import { object } from './event.ts';
import type { Runner } from './runner.ts';

/** Ms that GitHub has to answer a request. */
const patience = 20_000;
/** Ms that all requests of a step may take together, with what is waited for GitHub to take them again. */
const longest = 60_000;
/** Bytes of an answer: a page has 100 comments, each of 65 536 characters. */
const most = 64 * 1024 * 1024;
/** Pages of a list that are read: of 100 entries each. */
const pages = 30;

const viewer = 'query { viewer { login } }';

/**
 * The account that a workflow's token writes as. Each forge keeps its own from being registered, and only its own: on
 * github.com gitea-actions is a name as any other. https://code.forgejo.org/forgejo/runner and https://gitea.com/gitea/act_runner
 * (internal/app/run/runner.go) set these variables, Forgejo's both.
 */
const accountOf = ({ env }: Runner): string =>
  env.FORGEJO_ACTIONS
    ? 'forgejo-actions'
    : env.GITEA_ACTIONS
      ? 'gitea-actions'
      : 'github-actions[bot]';

type Sleep = (ms: number) => Promise<void>;

/** The REST API of the repository that the workflow is in: https://docs.github.com/rest */
export class GitHub {
  readonly #api: URL;
  readonly #repository: string;
  readonly #token: string;
  readonly #sleep: Sleep;
  readonly #graphql: URL | undefined;
  readonly #account: string;
  /** Since the first request. */
  #begun: number | undefined;

  constructor(runner: Runner, token: string, sleep: Sleep) {
    this.#api = new URL(`${runner.get('GITHUB_API_URL').replace(/\/$/, '')}/`);
    this.#repository = runner.get('GITHUB_REPOSITORY');
    this.#token = token;
    this.#sleep = sleep;
    const { GITHUB_GRAPHQL_URL: graphql } = runner.env;
    this.#graphql = graphql ? new URL(graphql) : undefined;
    this.#account = accountOf(runner);
  }

  /** @param path below the repository. @throws FleetError `action.github`, or `action.forbidden` for a token that may not */
  async send(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { answer } = await this.#request(method, this.#at(path), body);
    return object(answer);
  }

  /** All entries of a list, from page to page. */
  async list(path: string): Promise<Readonly<Record<string, unknown>>[]> {
    const entries: Readonly<Record<string, unknown>>[] = [];
    let url: URL | undefined = this.#at(path);
    url.searchParams.set('per_page', '100');
    for (let page = 0; url && page < pages; page++) {
      const { answer, next }: Answer = await this.#request('GET', url);
      if (Array.isArray(answer)) for (const one of answer) entries.push(object(one));
      // The token goes to nobody else.
      url = next?.origin === this.#api.origin ? next : undefined;
    }
    return entries;
  }

  /** Who writes with this token. */
  async login(): Promise<string> {
    return (
      (await this.#loginBy('GET', new URL('user', this.#api))) ??
      // A GitHub App's token, and so that of a workflow, is no user's, but GraphQL knows by which account it writes.
      (this.#graphql && (await this.#loginBy('POST', this.#graphql, { query: viewer }))) ??
      this.#account
    );
  }

  /** @returns undefined where this does not say */
  async #loginBy(method: 'GET' | 'POST', url: URL, body?: object): Promise<string | undefined> {
    try {
      const answer = object((await this.#request(method, url, body)).answer);
      const { login } = body ? object(object(answer.data).viewer) : answer;
      return typeof login === 'string' ? login : undefined;
    } catch (error) {
      if (error instanceof FleetError && error.code === 'action.forbidden') return undefined;
      throw error;
    }
  }

  #at(path: string): URL {
    return new URL(`repos/${this.#repository}/${path}`, this.#api);
  }

  async #request(method: string, url: URL, body?: object): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      const given = await this.#ask(method, url, body).catch((error: unknown) => error as Error);
      if (given instanceof Error) {
        // What was asked for may have been made, though the answer is lost.
        if (
          (method !== 'POST' || url === this.#graphql) &&
          (await this.#mayRetry(tried, tried * 1000))
        )
          continue;
        throw new FleetError('action.github', `GitHub does not answer: ${reason(given)}`);
      }
      const { response, text } = given;
      if (response.ok) return { answer: parsed(text, url), next: nextOf(response, url) };
      const wait = waitOf(response, tried);
      if (wait !== undefined && (await this.#mayRetry(tried, wait))) continue;
      throw refused(response.status, `${method} ${url.pathname}`, text, wait !== undefined);
    }
  }

  /** An answer with all of its text, in time. */
  async #ask(
    method: string,
    url: URL,
    body?: object,
  ): Promise<{ readonly response: Response; readonly text: string }> {
    const left = this.#left();
    if (left <= 0) throw new Error(`all requests together took over ${longest / 1000} s`);
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${this.#token}`,
        'user-agent': 'microvm-fleet',
        'x-github-api-version': '2022-11-28',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(Math.min(patience, left)),
    });
    return { response, text: await textOf(response) };
  }

  /** Ms that are left of those that all requests may take. */
  #left(): number {
    this.#begun ??= performance.now();
    return longest - (performance.now() - this.#begun);
  }

  async #mayRetry(tried: number, ms: number): Promise<boolean> {
    if (tried >= 4 || ms > this.#left()) return false;
    await this.#sleep(ms);
    return true;
  }
}

interface Answer {
  readonly answer: unknown;
  readonly next: URL | undefined;
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`an answer of over ${most / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws FleetError `action.github` for what is no JSON, as the page of a proxy */
function parsed(text: string, { pathname }: URL): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new FleetError('action.github', `${pathname}: the answer is not GitHub's: it is no JSON`);
  }
}

/** Of `Link: <…>; rel="next"`. */
function nextOf({ headers }: Response, from: URL): URL | undefined {
  const [, url] = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(headers.get('link') ?? '') ?? [];
  return url === undefined || !URL.canParse(url, from.href) ? undefined : new URL(url, from.href);
}

/** Ms after which the same may be asked again; undefined: never. */
function waitOf({ headers, status }: Response, tried: number): number | undefined {
  if (status >= 500) return tried * 1000;
  const after = Number(headers.get('retry-after'));
  const isLimited = status === 429 || after > 0 || headers.get('x-ratelimit-remaining') === '0';
  if (!isLimited || ![403, 429].includes(status)) return undefined;
  if (after > 0) return after * 1000;
  const reset = Number(headers.get('x-ratelimit-reset')) * 1000 - Date.now();
  return reset > 0 ? reset : tried * 1000;
}

function refused(status: number, what: string, text: string, isLimited: boolean): FleetError {
  const message = messageOf(text);
  if (isLimited)
    return new FleetError(
      'action.github',
      `GitHub takes no more requests just now: ${what}: ${status} ${message}`,
    );
  const isForbidden = [401, 403, 404].includes(status);
  return new FleetError(
    isForbidden ? 'action.forbidden' : 'action.github',
    `${what}: ${status} ${message}`,
  );
}

function messageOf(text: string): string {
  try {
    const { message } = object(JSON.parse(text));
    return typeof message === 'string' ? message.slice(0, 300) : '';
  } catch {
    return '';
  }
}

const reason = (error: unknown): string => {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
};
