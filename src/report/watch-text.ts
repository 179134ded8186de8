import { type FleetStatus, type Standing, standings } from '../model/status.ts';
import { cutTo, rowsOf } from './columns.ts';
import { hypervisorState, standingColours, statusText, summary, vmState } from './status-text.ts';
import type { Style } from './style.ts';

export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/** A row that is told of: who, how it is, and why. */
interface Told {
  readonly standing: Standing;
  readonly title: string;
  readonly text: string;
}

/**
 * The status on a screen: all of it where that fits, else a line each for what is wrong and for what moves, and the
 * rest in numbers. @param at what is said above, beside the summary
 */
export function watchText(seen: FleetStatus, style: Style, screen: Screen, at: string): string {
  const { rows } = screen;
  // Some terminals begin a new line after the last column.
  const columns = screen.columns - 1;
  const whole = `${style('dim', at)}\n${statusText(seen, style, columns)}`;
  // The cursor stands below. A command to be copied is in one line, which the terminal may have to break.
  if (rowsOf(whole, screen.columns) <= rows) return whole;
  const told = toldOf(seen);
  const room = Math.max(2, rows - 6);
  const moving = told.filter(({ standing }) => standing === 'moving');
  const wrong = told.filter(({ standing }) => standing === 'wrong');
  // What moves is not pushed out by what is wrong, nor the other way round.
  const forMoving = Math.min(moving.length, Math.max(room - wrong.length, Math.floor(room / 4)));
  const shown = [...part(wrong, room - forMoving), ...part(moving, forMoving)];
  const lines = [
    style('dim', cutTo(at, columns)),
    style('bold', cutTo(summary(seen), columns)),
    '',
    ...shown.map(({ standing, title, text }) => {
      const line = cutTo(`${title}  ${text}`, columns);
      return `${style(standingColours[standing], line.slice(0, title.length))}${line.slice(title.length)}`;
    }),
    '',
    cutTo(countsText(seen), columns),
    '',
  ];
  return lines.slice(0, rows).join('\n');
}

/** As many as there is room for; the last line says how many are left. */
function part(all: readonly Told[], room: number): Told[] {
  if (all.length <= room) return [...all];
  if (room < 1) return [];
  const [{ standing }] = all as [Told];
  const left = all.length - room + 1;
  return [
    ...all.slice(0, room - 1),
    { standing, title: `and ${left} more`, text: '(fleet status)' },
  ];
}

function toldOf({ hypervisors, vms }: FleetStatus): Told[] {
  const all = [
    ...hypervisors.map((row) => ({ row, title: row.name, state: hypervisorState(row, true) })),
    ...vms.map((row) => ({ row, title: `${row.name} on ${row.hypervisor}`, state: vmState(row) })),
  ];
  return all
    .map(({ row: { standing, findings }, title, state }) => {
      const why = findings.find(({ wrong }) => wrong)?.message.split('\n')[0];
      return { standing, title, text: standing === 'wrong' && why ? why : state };
    })
    .toSorted((a, b) => standings.indexOf(a.standing) - standings.indexOf(b.standing));
}

/** `Not shown: 97 hypervisors and 280 vms well, 3 with notes, 4 unknown.` */
function countsText({ hypervisors, vms }: FleetStatus): string {
  const count = (rows: readonly { readonly standing: Standing }[], standing: Standing) =>
    rows.filter((row) => row.standing === standing).length;
  const [sound, ready] = [count(hypervisors, 'well'), count(vms, 'well')];
  const parts = [
    `${sound} hypervisor${sound === 1 ? '' : 's'} and ${ready} vm${ready === 1 ? '' : 's'} well`,
    `${count([...hypervisors, ...vms], 'noted')} with notes`,
    `${count(vms, 'unknown')} unknown`,
  ];
  return `Not shown: ${parts.filter((text) => !text.startsWith('0 ')).join(', ')}.`;
}
