import type { EventBody } from '../model/events.ts';
import { plainLine } from '../model/plain-text.ts';
import { HowFar } from './how-far.ts';
import { LiveRows, type Mark, type Row, stateOf } from './live-rows.ts';
import { plainReporter } from './plain.ts';
import { Screen } from './screen.ts';
import { type Style, styleFor } from './style.ts';
import { wrap } from './wrap.ts';

export interface LiveReporter {
  readonly emit: (event: EventBody) => void;
  /** Takes away what changes; the transcript stays. */
  finish(): void;
}

/** How often what counts seconds is shown anew, in ms. */
const often = 500;

/**
 * A transcript as a pipe gets it, without what only says that something goes on: that is shown below it, in rows
 * that change, until all is over.
 */
export function terminalReporter(
  hypervisors: readonly string[],
  stream: NodeJS.WriteStream,
  now: () => number = Date.now,
): LiveReporter {
  const screen = new Screen(stream);
  const style = styleFor(stream);
  const far = new HowFar();
  const live = new LiveRows(hypervisors, now());
  let mark: Mark | undefined;
  const transcript = plainReporter((text) =>
    screen.write(`${painted(mark, style)} ${wrap(text.trimEnd(), 2, screen.width)}\n`),
  );
  const draw = () =>
    screen.show(live.rows(now(), screen.height).map((row) => rowText(row, screen.width, style)));
  const timer = setInterval(draw, often);
  timer.unref();
  return {
    emit: (event) => {
      far.heed(event);
      live.heed(event, now());
      mark = markOf(event);
      if (event.type === 'cancelling') screen.write(`\n${wrap(far.becomes(), 0, screen.width)}\n`);
      else if (!isPassing(event)) transcript(event);
      draw();
    },
    finish: () => {
      clearInterval(timer);
      screen.end();
    },
  };
}

/** Only says that something goes on: the rows show it. */
function isPassing(event: EventBody): boolean {
  switch (event.type) {
    case 'step':
    case 'git':
      return event.state === 'begin';
    case 'checks':
      return event.state === 'waiting';
    default:
      return event.type === 'output';
  }
}

function markOf(event: EventBody): Mark | undefined {
  switch (event.type) {
    case 'failure':
      return 'failed';
    case 'step':
    case 'git':
      return event.state === 'failed' ? 'failed' : 'done';
    case 'checks':
      return event.state === 'failed' ? 'failed' : 'done';
    case 'hypervisor':
      return event.state === 'end' ? stateOf(event) : undefined;
    default:
      return undefined;
  }
}

function painted(mark: Mark | undefined, style: Style): string {
  switch (mark) {
    case 'done':
      return style('green', '✔');
    case 'failed':
      return style('red', '✖');
    case 'untouched':
      return style('dim', '–');
    case 'working':
      return style('cyan', '›');
    default:
      return ' ';
  }
}

function rowText({ mark, text }: Row, width: number, style: Style): string {
  const characters = [...plainLine(text)];
  const room = width - 2;
  const clipped =
    characters.length > room ? `${characters.slice(0, room - 1).join('')}…` : characters.join('');
  return `${painted(mark, style)} ${mark === undefined ? style('dim', clipped) : clipped}`;
}
