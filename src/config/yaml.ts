import { parseDocument, type YAMLParseError } from 'yaml';
import type { Data } from '../model/fleet.ts';
import type { Finding } from './finding.ts';
import { Locator } from './locate.ts';
import { readText } from './text.ts';
import { readTree, type Tree } from './tree.ts';
import { explain } from './yaml-errors.ts';

/** A text read as YAML. */
export interface Source {
  /** Absent when the text cannot be read far enough to say more about it. */
  readonly data?: Data;
  readonly findings: Finding[];
  /** Made on demand: a good file is never searched for positions. */
  readonly locator: () => Locator;
}

/** With one of these the data has holes, and whatever else is said of it may be wrong. */
const incomplete = new Set(['E107', 'E108', 'E109', 'E110', 'E113', 'E114']);

/** Text → data, with everything that is wrong with it as text and as YAML. */
export function readYaml(text: string): Source {
  const findings = readText(text);
  const document = parseDocument(text, {
    // Linear in tree.ts; the library compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const root = document.contents;
  const locator = (tree?: Tree) => () => new Locator(text, root, tree?.targets ?? new Map());

  if (document.errors.length > 0) {
    findings.push(...explain(document.errors as YAMLParseError[], text));
    return { findings, locator: locator() };
  }
  if (document.directives?.yaml.version === '1.1') {
    const at = text.search(/^%YAML/m);
    const message = 'YAML 1.1 reads yes, no and 010 in its own way';
    findings.push({
      code: 'E113',
      path: [],
      range: [at, at + 5],
      message,
      hint: 'remove the %YAML line',
    });
  }
  const tree = readTree(root);
  findings.push(...tree.findings);
  const usable = !findings.some(({ code }) => incomplete.has(code));
  return { findings, locator: locator(tree), ...(usable && { data: tree.data }) };
}
