import type { History, Injury, Told } from './history.ts';

const injuring = ['tap-out', 'bridge-down', 'address-gone'];
/** Seconds until the watch has looked, also on a machine that does other things. */
const noticedWithin = 75;

const isOf = (event: Told, what: string | undefined) => String(event.what).includes(what ?? '?');

/** What is the hypervisor's and breaks is told and repaired, and nothing else is. */
export function wrongRepairs(history: History): string[] {
  const wrong: string[] = [];
  const broken = history.events.filter((e) => e.kind === 'network.broken');
  const repaired = history.events.filter((e) => e.kind === 'network.repaired');
  for (const injury of history.injuries) {
    if (!injuring.includes(injury.kind) || (injury.code ?? 0) !== 0) continue;
    const late = injury.until + noticedWithin;
    if (late > history.until || isOvertaken(history, injury, late)) continue;
    const name = `${injury.kind} of ${injury.what} at ${injury.at}`;
    const found = broken.find((e) => isOf(e, injury.what) && e.at >= injury.at - 1 && e.at <= late);
    if (!found) wrong.push(`${name}: nobody tells of it`);
    else if (!repaired.some((e) => isOf(e, injury.what) && e.at >= found.at && e.at <= late + 15))
      wrong.push(`${name}: nobody tells that it was repaired`);
  }
  for (const event of broken) {
    if (event.at < history.began) continue;
    const cause = history.injuries.some((i) => explains(history, i, event));
    if (!cause) wrong.push(`${String(event.what)} broke at ${event.at}: nothing was done to it`);
  }
  return wrong;
}

/** A guest that starts anew has a new TAP; a boot and a deployment make all of it anew. */
function isOvertaken({ injuries, lives, guests }: History, injury: Injury, late: number): boolean {
  const vm = Object.keys(guests).find((name) => guests[name]?.tap === injury.what);
  return (
    injuries.some(
      (i) =>
        i !== injury &&
        (i.kind === 'power-cut' || i.kind === 'reboot' || i.kind === 'deploy') &&
        i.until >= injury.at &&
        i.at <= late,
    ) ||
    lives.some(
      (life) =>
        life.vm === vm &&
        ((life.ended !== undefined && life.ended >= injury.at - 1 && life.ended <= late) ||
          (life.began >= injury.at - 1 && life.began <= late)),
    )
  );
}

function explains(history: History, injury: Injury, event: Told): boolean {
  if (event.at < injury.at - 1 || event.at > injury.until + noticedWithin) return false;
  if (['power-cut', 'reboot', 'deploy'].includes(injury.kind)) return true;
  if (isOf(event, injury.what)) return true;
  // A bridge that is down has lost its guests' traffic, and one whose guest starts has a TAP that is not in it yet.
  const own = Object.entries(history.guests).filter(([, policy]) => isOf(event, policy.tap));
  return own.some(([vm, policy]) => injury.vm === vm || injury.what === policy.bridge);
}
