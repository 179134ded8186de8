import type { Command } from 'commander';
import type { Where } from '../app/workspace/where.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { parseDuration } from '../model/units.ts';
import type { EventStream } from './stream.ts';

/** Options that every command has: -C, --config. */
export interface CommonOptions extends Where {
  /** `--ssh-config`: instead of ~/.ssh/config. */
  readonly sshConfig?: string;
  /** `--quiet`: results, warnings and errors, and no progress. */
  readonly quiet?: boolean;
  /** `--verbose`: each connection, and each script that runs on a hypervisor. */
  readonly verbose?: boolean;
}

/** Where no option says otherwise. */
export const usual: CommonOptions = { directory: '.', config: 'fleet.yaml' };

export interface Invocation {
  readonly common: CommonOptions;
  /** Aborted when a person asked to stop. */
  readonly signal: AbortSignal;
  /** Says on standard error what a use case tells, before or without a deployment. */
  readonly tell: Emit;
  /** All commands and options there are. */
  readonly program: Command;
  /** With --json-stream: its last event has the result. */
  readonly stream?: EventStream;
  /** Words behind `--`; absent: there is none. */
  readonly rest?: readonly string[];
}

/** A mistake in what was asked for. */
export function usageError(code: string, message: string, hint?: string): FleetError {
  return new FleetError(code, message, { exitCode: exitCodes.usage, ...(hint && { hint }) });
}

/**
 * An option that would do nothing is a misunderstanding: whoever wrote it expects something of it.
 * @param given as commander has them; a name of two words is `lockTimeout` there
 * @throws FleetError `options.pointless` when one of `names`, as in `--lock-timeout`, is given
 */
export function refusePointless(given: object, names: readonly string[], because: string): void {
  const keyOf = (name: string) =>
    name.replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const values = new Map<string, unknown>(Object.entries(given));
  const found = names.filter(
    (name) => ![undefined, false].includes(values.get(keyOf(name)) as never),
  );
  if (found.length === 0) return;
  const one = found.length === 1;
  throw usageError(
    'options.pointless',
    `${found.join(', ')} ${one ? 'does' : 'do'} nothing here: ${because}`,
    `Leave ${one ? 'it' : 'them'} out.`,
  );
}

/** `--lock-timeout` in ms; 0 without it. @throws FleetError `options.duration` */
export function lockTimeout(text: string | undefined): number {
  return duration('--lock-timeout', text ?? '0s');
}

/** In ms. @throws FleetError `options.duration` */
export function duration(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw usageError(
    'options.duration',
    `${option} ${text} is not a duration`,
    'For instance 30s or 10m.',
  );
}

/** `--user`. @throws FleetError `options.user` */
export function userName(text: string | undefined): string | undefined {
  if (text === undefined || /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(text)) return text;
  throw usageError('options.user', `--user ${text} is not a name of a user`);
}
