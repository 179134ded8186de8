import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import GithubSlugger from 'github-slugger';
import { lexer, type Token, type Tokens, walkTokens } from 'marked';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What is set as code: a block, or words in a line. */
export interface Code {
  /** `README.md:12`, or the line at which the paragraph or list around it begins. */
  readonly where: string;
  /** Of a fence, such as `console`; empty for an indented block, absent for words in a line. */
  readonly language?: string;
  readonly text: string;
  /** The heading above it. */
  readonly section?: string;
  /**
   * Who runs it, where blocks.test.ts does not: of an HTML comment above it, `run by FILE` or `only parsed: WHY`. It holds
   * up to the next heading; above all headings, for the page.
   */
  readonly mark?: string;
}

export interface Link {
  readonly where: string;
  readonly to: string;
}

/** A page of Markdown in this repository. */
export interface Page {
  /** From the top of the repository. */
  readonly path: string;
  readonly text: string;
  readonly codes: readonly Code[];
  /** Also of pictures. */
  readonly links: readonly Link[];
  /** As GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>;
}

export function readPage(path: string, text: string): Page {
  const codes: Code[] = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  let line = 1;
  let ofPage: string | undefined;
  let mark: string | undefined;
  let section = '';
  for (const block of lexer(text)) {
    const where = `${path}:${line}`;
    void walkTokens([block], (token) => {
      if (token.type === 'code') {
        const { lang = '', text } = token as Tokens.Code;
        codes.push({ where, section, language: lang, text, ...(mark !== undefined && { mark }) });
      }
      if (token.type === 'codespan') codes.push({ where, text: (token as Tokens.Codespan).text });
      // What only looks like an address, http://127.0.0.1:8080, is a link to GitHub, and none of the writer's.
      if ((token.type === 'link' || token.type === 'image') && /^!?\[/.test(token.raw))
        links.push({ where, to: (token as Tokens.Link | Tokens.Image).href });
      if (token.type !== 'heading') return;
      if (section === '') ofPage = mark;
      mark = ofPage;
      section = plain(token.tokens ?? []);
      anchors.add(slugger.slug(section));
    });
    if (block.type === 'html')
      mark = /^<!-- ((run by|only parsed:) .*) -->$/m.exec(block.raw)?.[1] ?? mark;
    line += block.raw.split('\n').length - 1;
  }
  return { path, text, codes, links, anchors };
}

const plain = (tokens: readonly Token[]): string =>
  tokens
    .map((token) =>
      'tokens' in token && token.tokens ? plain(token.tokens) : 'text' in token ? token.text : '',
    )
    .join('');

/** README and every page that belongs with it. */
export const pages: readonly Page[] = globSync(['*.md', '{docs,examples,test/lab}/**/*.md'], {
  cwd: root,
})
  .sort()
  .map((path) => readPage(path, readFileSync(root + path, 'utf8')));
