import type { Code } from '../codes.ts';
import { type Finding, formatPath, type Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A field that has no effect yet, and the values that say what holds anyway. */
interface NotYet {
  readonly code: Code;
  readonly field: string;
  readonly holds: (value: unknown, beside: Fields) => boolean;
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
const hypervisor: NotYet[] = [
  { code: 'E912', field: 'autostart', holds: is('all'), today: 'all running vms start' },
];
const vm: NotYet[] = [
  { code: 'E932', field: 'vsock', holds: is(), today: 'guests have no vsock' },
  {
    code: 'E933',
    field: 'hypervisor',
    holds: is('qemu', 'cloud-hypervisor'),
    today: 'qemu and cloud-hypervisor work',
  },
  { code: 'E934', field: 'store', holds: is('shared'), today: 'the store is shared' },
  { code: 'E935', field: 'balloon', holds: is(false), today: 'guests keep their memory' },
  {
    code: 'E936',
    field: 'autostart',
    holds: (value, beside) => value === (beside.state === 'stopped' ? 'never' : 'always'),
    today: 'running vms start after a reboot, stopped ones never do',
  },
  { code: 'E937', field: 'shares', holds: empty, today: 'a guest has volumes only' },
  { code: 'E939', field: 'credentials', holds: empty, today: 'guests are given no credentials' },
];

/** Fields of the format that would be set without effect are an error until they have one. */
export function* notYet({ yaml, layers, hypervisors }: Draft): Iterable<Finding> {
  yield* check(rollout, yaml.rollout, ['rollout']);
  for (const { path, yaml: fields } of hypervisors.values()) yield* check(hypervisor, fields, path);
  for (const { path, settings } of layers) {
    yield* check(vm, settings, path);
    for (const [i, { run }] of (settings.checks ?? []).entries()) {
      if (run === undefined) continue;
      yield finding('E940', [...path, 'checks', i, 'run'], 'checks are tcp or http');
    }
  }
}

function* check(table: NotYet[], fields: object | undefined, path: Path): Iterable<Finding> {
  if (fields === undefined) return;
  for (const { code, field, holds, today } of table) {
    const value = (fields as Fields)[field];
    if (value === undefined || holds(value, fields as Fields)) continue;
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
