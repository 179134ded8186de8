import { type CheckResult, plainCheck } from './check-result.ts';
import { type Emit, type Event, type EventBody, eventsVersion, type Phase } from './events.ts';
import type { Failure } from './failure.ts';
import { plainLine, plainText } from './plain-text.ts';
import type { Clock } from './time.ts';

/** Characters of a line that a step prints, and of a text; checks of one event. */
const most = { line: 1000, text: 8000, seen: 500, checks: 50 } as const;

/**
 * Makes events out of what the engine and the use cases emit, and is the only place that does so: adds version, time,
 * deployment and phase, and keeps everything bounded and printable.
 * @param deployment null: its `deployment` event says which it is
 */
export function stamping(
  listen: (event: Event) => void,
  clock: Pick<Clock, 'now'>,
  deployment: string | null,
): Emit {
  let id = deployment;
  let all: Phase = 'survey';
  const own = new Map<string, Phase>();
  const phaseOf = (body: EventBody): Phase => {
    const hypervisor = 'hypervisor' in body ? body.hypervisor : undefined;
    if (body.type === 'phase') {
      if (hypervisor !== undefined) own.set(hypervisor, body.phase);
      else {
        all = body.phase;
        own.clear();
      }
      return body.phase;
    }
    return (hypervisor === undefined ? undefined : own.get(hypervisor)) ?? all;
  };
  return (body) => {
    if (body.type === 'deployment') id = body.id;
    listen({
      version: eventsVersion,
      time: new Date(clock.now()).toISOString(),
      deployment: body.operationId === undefined ? id : null,
      phase: phaseOf(body),
      ...bounded(body),
    } as Event);
  };
}

function bounded(body: EventBody): EventBody {
  switch (body.type) {
    case 'output':
      return { ...body, line: plainText(body.line, most.line) };
    case 'note':
    case 'warning':
      return { ...body, text: plainText(body.text, most.text) };
    case 'checks':
      return { ...body, checks: body.checks.slice(0, most.checks).map(boundedCheck) };
    case 'failure':
      return { ...body, failure: boundedFailure(body.failure) };
    case 'git':
      return body.failure ? { ...body, failure: boundedFailure(body.failure) } : body;
    case 'hypervisor':
      return body.state === 'end' && body.failure
        ? { ...body, failure: boundedFailure(body.failure) }
        : body;
    default:
      return body;
  }
}

function boundedFailure({ checks, detail, hint, message, ...rest }: Failure): Failure {
  return {
    ...rest,
    message: plainText(message, most.text),
    ...(hint !== undefined && { hint: plainText(hint, most.text) }),
    ...(detail !== undefined && { detail: plainText(detail, most.text) }),
    ...(checks && { checks: checks.slice(0, most.checks).map(boundedCheck) }),
  };
}

function boundedCheck(whole: CheckResult): CheckResult {
  const line = (text: string) => plainLine(text, most.seen);
  const { check, expected, seen, ...rest } = whole;
  return plainCheck({ ...rest, check: line(check), expected: line(expected), seen: line(seen) });
}
