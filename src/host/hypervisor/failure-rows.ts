import type { FleetError } from '../../model/errors.ts';
import { NotHealthy } from '../../model/not-healthy.ts';
import { plainLine } from '../../model/plain-text.ts';

/** How much of a failure is kept: characters of a field, and lines. */
const bounds = { field: 300, lines: 30 } as const;

/**
 * A failure in the form that a hypervisor keeps for `fleet history`: rows of tab-separated fields, bounded.
 * @param hypervisor where it failed, which may be another one
 */
export function failureRows(hypervisor: string, failure: FleetError): string {
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

/** As one field: without line breaks and tabs. */
const field = (text: string): string => plainLine(text, bounds.field);
