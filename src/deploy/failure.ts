import { keepFailure as keepFailureAt } from '../host/hypervisor/deployment.ts';
import { isLost } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import { NotHealthy } from '../model/not-healthy.ts';
import { plainLine } from '../model/plain-text.ts';
import type { Session } from './session.ts';

/** How much of a failure is kept with its deployment: characters of a field, and lines. */
const bounds = { field: 300, lines: 30 } as const;

/** Guests of which a failure tells the last lines. */
const guestsTold = 3;

/**
 * A failure with the last lines of the guests that it is about and of their helpers. What says nothing of a guest (a
 * lost link, an interruption) stays as it is.
 */
export async function withReason(
  session: Session,
  error: unknown,
  guests: readonly string[],
): Promise<unknown> {
  if (!(error instanceof FleetError) || guests.length === 0) return error;
  if (isLost(error) || /^(back|lock|confirm)\.|^interrupted$/.test(error.code)) return error;
  const told = [...new Set(guests)].slice(0, guestsTold);
  const lines = (await Promise.all(told.map((guest) => session.reason(guest)))).flat();
  if (lines.length === 0) return error;
  if (error instanceof NotHealthy) return error.with(lines);
  return error.retold({
    detail: [...(error.detail === undefined ? [] : [error.detail]), ...lines].join('\n'),
  });
}

/**
 * A failure as failure.sh keeps it and parseHistory reads it: rows of tab-separated fields, bounded.
 * @param hypervisor where it failed, which need not be where it is kept
 */
function failureRows(hypervisor: string, failure: FleetError): string {
  const rows = [
    ['code', failure.code],
    ['message', failure.message],
    ['blames', failure.blames],
    ['hypervisor', hypervisor],
    ...(failure instanceof NotHealthy ? rowsOfChecks(failure) : rowsOfDetail(failure.detail)),
  ];
  return rows.map((row) => `${row.map(field).join('\t')}\n`).join('');
}

function rowsOfChecks({ target, checks, lines }: NotHealthy): string[][] {
  const failed = checks.filter((check) => !check.ok).slice(0, bounds.lines);
  return [
    ['target', target],
    ...failed.map((c) => ['check', c.target, c.check, c.expected, c.seen]),
    ...lines.slice(-bounds.lines).map((line) => ['line', line]),
  ];
}

function rowsOfDetail(detail: string | undefined): string[][] {
  const lines = detail?.split('\n') ?? [];
  return lines.slice(-bounds.lines).map((line) => ['line', line]);
}

/** On one line, and between two tabs. */
const field = (text: string): string => plainLine(text, bounds.field);

/** Has a hypervisor keep why its deployment failed. Does not throw. @returns whether it is written there */
export async function keepFailure(
  session: Session,
  hypervisor: string,
  failure: FleetError,
): Promise<boolean> {
  try {
    await keepFailureAt(session.host, session.id, failureRows(hypervisor, failure));
    return true;
  } catch {
    return false;
  }
}
