import type { ErrorObject } from 'ajv';
import type { Data } from '../model/fleet.ts';
import type { Finding, Path } from './finding.ts';
import type { FleetYaml } from './schema.generated.ts';
import { explainShape } from './shape-errors.ts';
import { type Fields, isFields } from './tree.ts';
import { validate } from './validate.generated.ts';

/** Fields of fleet.yaml that are maps of named things. */
const kinds = ['inputs', 'profiles', 'hypervisors', 'networks', 'vms'] as const;
export type Kind = (typeof kinds)[number];

/** The part of fleet.yaml that is valid by the schema. */
export interface Shape {
  /** Without the invalid parts. The rules still check the rest, so that everything is reported at once. */
  readonly yaml: FleetYaml;
  /** Names of each kind, including invalid things; undefined: unknown. */
  readonly known: Readonly<Record<Kind, ReadonlySet<string> | undefined>>;
  readonly findings: Finding[];
}

const check = validate as unknown as {
  (data: unknown): boolean;
  errors?: ErrorObject[] | null;
};

/** Checks data against the schema and returns the valid part. */
export function readShape(data: Fields): Shape {
  const known = Object.fromEntries(
    kinds.map((kind) => {
      const things = Object.hasOwn(data, kind) ? data[kind] : {};
      return [kind, isFields(things) ? new Set(Object.keys(things)) : undefined];
    }),
  ) as Record<Kind, Set<string> | undefined>;
  if (check(data)) return { yaml: data as unknown as FleetYaml, known, findings: [] };

  const findings: Finding[] = [];
  const broken: Path[] = [];
  for (const error of check.errors ?? []) {
    const path = pathOf(data, error.instancePath);
    const finding = explainShape(error, path);
    // Reported already, as an error of the text, but still invalid.
    if (finding === undefined && error.keyword === 'pattern') broken.push(path);
    if (finding === undefined) continue;
    findings.push(finding);
    broken.push(finding.path);
  }
  return { yaml: without(data, broken) as unknown as FleetYaml, known, findings };
}

/** A JSON pointer as a path. Only the data tells whether a step is an index. */
function pathOf(data: Data, pointer: string): (string | number)[] {
  let at: Data | undefined = data;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(at)) {
        at = at[Number(key)];
        return Number(key);
      }
      at = isFields(at) ? at[key] : undefined;
      return key;
    });
}

/** The data without the things (a vm, a network, the defaults) that contain these paths. */
function without(data: Fields, paths: readonly Path[]): Fields {
  const rest: Record<string, Data> = { ...data };
  const copied = new Set<string>();
  for (const [top, name] of paths) {
    if (typeof top !== 'string') continue;
    const things = rest[top];
    if (!kinds.includes(top as Kind) || name === undefined || !isFields(things)) {
      delete rest[top];
      continue;
    }
    if (!copied.has(top)) rest[top] = { ...things };
    copied.add(top);
    delete (rest[top] as Record<string, Data>)[name];
  }
  return rest;
}
