import type { Code } from '../codes.ts';
import { type Finding, formatPath, type Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A field that has no effect yet, and the values that say what holds anyway. */
interface NotYet {
  readonly code: Code;
  readonly field: string;
  readonly holds: (value: unknown) => boolean;
  /** What holds today. */
  readonly today: string;
}

const is =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const empty = (value: unknown): boolean => Object.keys(value as object).length === 0;

const rollout: NotYet[] = [
  { code: 'E903', field: 'maxParallelVms', holds: is(1), today: 'guests restart one by one' },
];
const flake: NotYet[] = [
  { code: 'E905', field: 'outputs', holds: is(), today: 'flake.nix has no further outputs' },
];
const hypervisor: NotYet[] = [
  { code: 'E911', field: 'capacity', holds: empty, today: 'capacity is not checked' },
];

/** Fields of the format that would be set without effect are an error until they have one. */
export function* notYet({ yaml, layers, hypervisors }: Draft): Iterable<Finding> {
  yield* check(rollout, yaml.rollout, ['rollout']);
  yield* check(flake, yaml.flake, ['flake']);
  for (const { path, yaml: fields } of hypervisors.values()) yield* check(hypervisor, fields, path);
}

function* check(table: NotYet[], fields: object | undefined, path: Path): Iterable<Finding> {
  if (fields === undefined) return;
  for (const { code, field, holds, today } of table) {
    const value = (fields as Fields)[field];
    if (value === undefined || holds(value)) continue;
    yield finding(code, [...path, field], today);
  }
}

const finding = (code: Code, path: Path, today: string): Finding => ({
  code,
  path,
  on: 'key',
  message: `"${formatPath(path)}" is not yet rendered`,
  hint: `leave it out; today ${today}`,
});
