import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const page = 'https://github.example/acme/infra/pull/9';

/** A comment or an issue, as much of it as the API gives. */
export interface Entry {
  readonly id: number;
  /** Of an issue, or of what a comment belongs to. */
  readonly number: number;
  body: string;
  title?: string;
  state?: string;
  readonly user: { readonly login: string; readonly type: string };
}

/** A GitHub on loopback: comments, issues and pull requests of one repository, in pages. */
export class FakeGitHub {
  readonly comments: Entry[] = [];
  readonly issues: Entry[] = [];
  readonly pulls: Record<string, unknown>[] = [];
  /** `POST issues/7/comments`, in order. */
  requests: string[] = [];
  /** Whose token it is. */
  login = 'github-actions[bot]';
  /** The token may only read, as that of a fork's pull request. */
  isReadOnly = false;
  /** Requests that are still refused for their number. */
  limited = 0;
  /** Entries of a page, whatever is asked for. */
  pageSize = 2;
  readonly #server: Server;
  #next = 1;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeGitHub> {
    const github = new FakeGitHub();
    await new Promise<void>((resolve) => github.#server.listen(0, '127.0.0.1', resolve));
    return github;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A comment that somebody else wrote. */
  say(number: number, login: string, body: string, type = 'User'): void {
    this.comments.push({ id: this.#next++, number, body, user: { login, type } });
  }

  /** Of a pull request. */
  commentsOf(number: number): string[] {
    return this.comments.filter((one) => one.number === number).map(({ body }) => body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, this.url);
    const path = pathname.replace('/repos/acme/infra/', '');
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const give = (status: number, answer: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(status, headers).end(JSON.stringify(answer));
    this.requests.push(`${method} ${path}`);
    const isToken = request.headers.authorization === 'Bearer workflow-token';
    if (!isToken) return void give(401, { message: 'Bad credentials' });
    if (this.limited > 0) {
      this.limited--;
      const message = 'You have exceeded a secondary rate limit';
      return void give(403, { message }, { 'retry-after': '1', 'x-ratelimit-remaining': '0' });
    }
    // An app's token, as a workflow's is, is no user's: https://github.com/fullsend-ai/fullsend/pull/1953
    if (path === '/graphql') return void give(200, { data: { viewer: { login: this.login } } });
    if (path === '/user' || (method !== 'GET' && this.isReadOnly))
      return void give(403, { message: 'Resource not accessible by integration' });
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, string>);
    if ((body.body ?? '').length > 65_536)
      return void give(422, { message: 'body is too long (maximum is 65536 characters)' });
    const [status, answer] = this.#handle(method, path, body);
    if (!Array.isArray(answer)) return void give(status, answer);
    const page = Number(searchParams.get('page') ?? 1);
    const from = (page - 1) * this.pageSize;
    const more = answer.length > from + this.pageSize;
    const next = new URL(url, this.url);
    next.searchParams.set('page', String(page + 1));
    give(
      status,
      answer.slice(from, from + this.pageSize),
      more ? { link: `<${next.href}>; rel="next", <${this.url}/last>; rel="last"` } : {},
    );
  }

  #handle(method: string, path: string, body: Record<string, string>): [number, unknown] {
    const user = { login: this.login, type: 'Bot' };
    const [, of, , id] = /^issues\/(comments\/)?((\d+))/.exec(path) ?? [];
    const number = Number(id);
    const list = of ? this.comments : this.issues;
    if (method === 'PATCH') {
      const known = list.find((one) => (of ? one.id : one.number) === number);
      if (!known) return [404, { message: 'Not Found' }];
      return [200, Object.assign(known, body)];
    }
    if (path === 'pulls' && method === 'POST') {
      const isThere = this.pulls.some(({ head }) => head === body.head);
      if (isThere || body.base === 'gone') return [422, { message: 'Validation Failed' }];
      this.pulls.push(body);
      return [201, { ...body, html_url: page }];
    }
    if (path === 'pulls') {
      const repo = { full_name: 'acme/infra' };
      return [200, this.pulls.map((pull) => ({ html_url: page, head: { ref: pull.head, repo } }))];
    }
    const isComments = path.endsWith('/comments');
    if (method === 'GET')
      return [
        200,
        isComments
          ? this.comments.filter((one) => one.number === number)
          : this.issues.filter(({ state }) => state === 'open'),
      ];
    const made = { id: this.#next++, number: isComments ? number : this.#next, body: '', user };
    const entry = { ...made, ...(!isComments && { state: 'open' }), ...body };
    (isComments ? this.comments : this.issues).push(entry);
    return [201, entry];
  }
}
