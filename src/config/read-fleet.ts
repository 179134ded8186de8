import type { Diagnostic } from '../model/diagnostic.ts';
import type { Fleet } from '../model/fleet.ts';
import { assemble } from './assemble.ts';
import type { Finding } from './finding.ts';
import { type Draft, normalise } from './normalise.ts';
import { sshUsers } from './rules/ci.ts';
import { rules } from './rules/index.ts';
import { type ReadModule, whatHypervisorsLack } from './rules/lacking.ts';
import { readShape } from './shape.ts';
import { isFields } from './tree.ts';
import { readYaml, type Source } from './yaml.ts';

/** A Fleet with warnings, or all errors. */
type FleetReading =
  | { readonly fleet: Fleet; readonly warnings: Diagnostic[] }
  | { readonly diagnostics: Diagnostic[] };

/** Where a fleet.yaml is to be used. */
export interface Use {
  /** On a runner, which has no ~/.ssh/config. */
  readonly ci?: boolean;
  /** Of the repository. Given, hypervisors that would not boot or let nobody in are told, which a plan sees for itself. */
  readonly readModule?: ReadModule;
}

/** Reads the text of a fleet.yaml; `file` is its name in diagnostics. Never throws. */
export function readFleet(text: string, file: string, use: Use = {}): FleetReading {
  // A byte order mark is not part of the text and counts for no column.
  const source = readYaml(text.replace(/^\ufeff/, ''));
  const { draft, findings } = inspect(source, use);
  const found = [...source.findings, ...findings, ...undecided(text)];
  const diagnostics = found.length > 0 ? place(found, source, file) : [];
  if (draft && diagnostics.every(({ severity }) => severity === 'warning')) {
    return { fleet: assemble(draft), warnings: diagnostics };
  }
  return { diagnostics };
}

/**
 * Decisions that `fleet init` left to a person, as comments. Those of vms that are commented out begin with two `#`, so
 * they count only when the vm is uncommented.
 */
function* undecided(text: string): Iterable<Finding> {
  for (const match of text.replace(/^\ufeff/, '').matchAll(/^( *# )(DECIDE: .*)$/gm)) {
    const [, before = '', said = ''] = match;
    const start = match.index + before.length;
    yield {
      code: 'W120',
      path: [],
      range: [start, start + 'DECIDE'.length],
      message: `not decided yet: ${said.slice('DECIDE: '.length, 60).replace(/\s\S*$/, '')}…`,
      hint: 'decide what the comment asks, then delete it',
    };
  }
}

/** Checks the schema, then the rules on the parts that are valid by the schema. */
function inspect(
  { data, findings }: Source,
  { ci, readModule }: Use,
): { draft?: Draft; findings: Finding[] } {
  if (data === undefined) return { findings: [] };
  if (!isFields(data)) {
    const hint = 'begin with version: 1 and name: NAME';
    const finding: Finding =
      data === null && findings.length === 0
        ? { code: 'E100', path: [], range: [0, 0], message: 'this file is empty', hint }
        : { code: 'E106', path: [], message: 'fleet.yaml must be a map of fields', hint };
    return { findings: [finding] };
  }
  const shape = readShape(data);
  const draft = normalise(shape);
  const asked = [...rules];
  if (ci) asked.push(sshUsers);
  // What does not have its form is left out, and not to be missed.
  if (readModule && shape.findings.length === 0)
    asked.push((draft) => whatHypervisorsLack(draft, readModule));
  return { draft, findings: [...shape.findings, ...asked.flatMap((rule) => [...rule(draft)])] };
}

/** Findings with line and column, in the order of the file, without duplicates. */
function place(findings: readonly Finding[], source: Source, file: string): Diagnostic[] {
  const locator = source.locator();
  const unique = new Map<string, Diagnostic>();
  for (const finding of findings) {
    const found = locator.diagnostic(finding, file);
    // A mistake in the defaults or behind an alias is found in every vm, but was made once.
    const key = `${found.code}:${found.line}:${found.column}`;
    if (!unique.has(key)) unique.set(key, found);
  }
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
