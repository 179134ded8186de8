import { age } from '../model/age.ts';
import type { Alert, Alerts, AlertsOn, UntoldWay } from '../model/alert.ts';
import { silentText } from './silent-text.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { wrap } from './wrap.ts';

interface Row {
  readonly hypervisor: string;
  readonly alert: Alert;
  readonly now: number;
}

const order = ['firing', 'pending', 'resolved'] as const;
/** A hypervisor whose last look is older does not look any more: it looks every 15 s. */
const silentAfter = 120;

/** What fires first, then what may, then what has been resolved; below it what cannot be judged, or told. */
export function alertsText(all: readonly AlertsOn[], style: Style, width: number): string {
  const known = all.flatMap(({ hypervisor, answer }) =>
    answer instanceof Error ? [] : [{ hypervisor, answer }],
  );
  const rows = known.flatMap(({ hypervisor, answer }) =>
    answer.alerts.map((alert): Row => ({ hypervisor, alert, now: answer.now })),
  );
  const since = ({ alert }: Row) => alert.resolved ?? alert.since;
  rows.sort(
    (a, b) => order.indexOf(a.alert.state) - order.indexOf(b.alert.state) || since(b) - since(a),
  );
  const shown = table(
    rows,
    [
      {
        title: 'STATE',
        text: ({ alert }) => alert.state,
        style: ({ alert }) =>
          (({ firing: 'red', pending: 'yellow', resolved: 'dim' }) as const)[alert.state],
      },
      { title: 'RULE', text: ({ alert }) => alert.rule },
      { title: 'ON', text: ({ hypervisor }) => hypervisor },
      {
        title: 'WHAT',
        text: ({ alert }) => [alert.vm, alert.what].filter(Boolean).join(' '),
        most: 30,
      },
      { title: 'SINCE', text: ({ alert, now }) => age(alert.resolved ?? alert.since, now) ?? '' },
      { title: 'WHY', text: ({ alert }) => alert.why },
    ],
    style,
    width,
  );
  const notes = known.flatMap(({ hypervisor, answer }) => notesOf(hypervisor, answer));
  const silent = all.flatMap(({ hypervisor, answer }) =>
    answer instanceof Error
      ? [silentText({ hypervisor, error: answer }, 'its alerts are not included')]
      : [],
  );
  const nothing = rows.length === 0 && known.length > 0 ? 'No alerts.\n' : '';
  return [shown || nothing, ...notes.map((note) => `${wrap(note, 2)}\n`), ...silent].join('');
}

function notesOf(hypervisor: string, { looked, now, rules, unknown, untold }: Alerts): string[] {
  if (rules === 0 && looked === undefined)
    return [`${hypervisor}: has no rules, or has not looked since it booted`];
  const late = looked !== undefined && now - looked > silentAfter ? age(looked, now) : undefined;
  return [
    ...(late === undefined
      ? []
      : [
          `${hypervisor}: last looked ${late} ago: systemctl status fleet-alerts.timer fleet-alerts`,
        ]),
    ...unknown.map(({ rule, why }) => `${hypervisor}: rule ${rule} says nothing: ${why}`),
    ...untold.map((one) => `${hypervisor}: ${wayText(one, now)}`),
  ];
}

function wayText({ way, waiting, problem, since }: UntoldWay, now: number): string {
  const wait = `${waiting} ${waiting === 1 ? 'waits' : 'wait'} to be told by ${way}`;
  if (problem === undefined) return wait;
  const long = age(since, now);
  return `alerts are not told by ${way}${long ? `, for ${long}` : ''}: ${problem}; ${wait}`;
}
