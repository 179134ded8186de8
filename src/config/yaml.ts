import { parseDocument, type YAMLParseError } from 'yaml';
import type { Data } from '../model/fleet.ts';
import type { Finding } from './finding.ts';
import { Locator } from './locate.ts';
import { readText } from './text.ts';
import { readTree, type Tree } from './tree.ts';
import { explain } from './yaml-errors.ts';

/** A text read as YAML. */
export interface Source {
  /** Absent if the text is too broken to check anything else. */
  readonly data?: Data;
  readonly findings: Finding[];
  /** Made on demand, because a valid file needs no positions. */
  readonly locator: () => Locator;
}

/** After one of these errors the data is incomplete, so other findings may be wrong. */
const incomplete = new Set(['E107', 'E108', 'E109', 'E110', 'E113', 'E114']);

/** Reads text as YAML. @returns the data, with all errors of the text and of YAML */
export function readYaml(text: string): Source {
  const findings = readText(text);
  const document = parseDocument(text, {
    // tree.ts does this in linear time; the library compares every key with every other.
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
