import { Screen } from '../report/screen.ts';

/** Ms after which it is said who is waited for, and how often the seconds are counted anew. */
const patience = 1000;

/** Names of hypervisors that are written; others are counted. */
const named = 5;

/**
 * Shows at a terminal whom a command waits for, once that takes more than a second, and takes it away again.
 * @returns told of each hypervisor that is asked, and that has answered
 */
export function asking(stream: NodeJS.WriteStream): (hypervisor: string, isAsked: boolean) => void {
  const waiting = new Set<string>();
  let [all, since] = [0, 0];
  let screen: Screen | undefined;
  let timer: NodeJS.Timeout | undefined;
  const show = () => {
    const names = [...waiting];
    const more = names.length > named ? ` and ${names.length - named} more` : '';
    const seconds = Math.floor((Date.now() - since) / 1000);
    const row = `› ${all - names.length} of ${all} answered, ${seconds} s; asking ${names.slice(0, named).join(', ')}${more}`;
    screen ??= new Screen(stream);
    screen.show([row.length > screen.width ? `${row.slice(0, screen.width - 1)}…` : row]);
  };
  const end = () => {
    clearInterval(timer);
    screen?.end();
    [screen, timer] = [undefined, undefined];
    process.off('exit', end);
  };
  return (hypervisor, isAsked) => {
    if (isAsked) {
      if (waiting.size === 0) [all, since] = [0, Date.now()];
      waiting.add(hypervisor);
      all++;
    } else if (!waiting.delete(hypervisor)) return;
    if (waiting.size === 0) return end();
    if (timer) return;
    timer = setInterval(show, patience).unref();
    process.once('exit', end);
  };
}
