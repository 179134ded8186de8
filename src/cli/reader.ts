import { usageError } from './options.ts';

/** Aborted when whoever reads standard output has seen enough: `fleet logs -f web | grep -m 1 ready`. */
export function readerGone(): AbortSignal {
  const gone = new AbortController();
  process.stdout.once('error', () => gone.abort());
  return gone.signal;
}

/** A reader that is slow is waited for, and with it whoever has something to say; one that is gone is not. */
export function write(stream: 'stdout' | 'stderr', text: string | Buffer): Promise<void> {
  if (text.length === 0) return Promise.resolve();
  return new Promise((done) => void process[stream].write(text, () => done()));
}

/** Lines of each name: that many are held in memory before the first is shown. */
const most = 100_000;

/** What `-n` says. @throws FleetError `options.number` */
export function linesOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  throw usageError('options.number', `-n ${text} is not a number up to ${most}`);
}
