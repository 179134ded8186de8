import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from 'listr2';
import type { EventBody } from '../model/events.ts';
import { plainLine } from '../model/plain-text.ts';
import { noteText, waitingText } from './event-text.ts';
import { guardAgain, withoutGuard } from './guard.ts';
import { HowFar } from './how-far.ts';

export interface LiveReporter {
  readonly emit: (event: EventBody) => void;
  /** Resolves when the last line stands. */
  finish(): Promise<void>;
}

/**
 * A spinner a hypervisor, with the step it is in, on `stream`. listr2 only shows: what runs,
 * and what is undone, is the engine's business.
 */
export function terminalReporter(
  hypervisors: readonly string[],
  stream: NodeJS.WriteStream,
): LiveReporter {
  // biome-ignore lint/suspicious/noExplicitAny: listr2's own type parameters do not matter here.
  type Task = ListrTaskWrapper<unknown, any, any>;
  const tasks = new Map<string, Task>();
  const ends = new Map<string, (result: string | undefined) => void>();
  const early = new Map<string, string>();
  const notes: string[] = [];
  const far = new HowFar();
  let slow: NodeJS.Timeout | undefined;
  const list = new Listr(
    hypervisors.map((name) => ({
      title: name,
      task: (_: unknown, task: Task) => {
        tasks.set(name, task);
        task.output = early.get(name) ?? 'waiting';
        return new Promise<void>((resolve, reject) => {
          ends.set(name, (result) => {
            if (result !== undefined && result !== 'done') {
              task.title = plainLine(`${name}: ${result}`);
              return reject(new Error(result));
            }
            // Nothing was begun there: no tick for what was not done.
            if (result === undefined) task.skip(`${name}: nothing done`);
            resolve();
          });
        });
      },
      rendererOptions: { outputBar: 1, persistentOutput: false },
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: {
        showErrorMessage: false,
        collapseErrors: false,
        logger: new ListrLogger({
          processOutput: withoutGuard(stream, () => new ProcessOutput(stream, stream)),
        }),
      },
    },
  );
  const running = list.run().catch(() => undefined);
  const show = (name: string, said: string) => {
    const text = plainLine(said);
    const task = tasks.get(name);
    if (task) task.output = text;
    else early.set(name, text);
  };
  const git = (event: EventBody & { readonly type: 'git' }) => {
    const said = `${event.remote}: ${event.step}`;
    clearTimeout(slow);
    if (event.state !== 'begin') return;
    // What is soon done needs no word; where no list stands any more it is written below it.
    if (ends.size > 0) for (const name of ends.keys()) show(name, said);
    else slow = setTimeout(() => void running.then(() => stream.write(`${said} …\n`)), 1000);
  };
  return {
    emit: (event) => {
      far.heed(event);
      if (event.type === 'cancelling') stream.write(`\n${far.becomes()}\n`);
      if (event.type === 'git') git(event);
      if (event.type === 'step' && event.state === 'begin') show(event.hypervisor, event.step);
      const note = noteText(event);
      if (note !== undefined) {
        const { hypervisor } = event as { readonly hypervisor?: string };
        if (hypervisor !== undefined) show(hypervisor, note);
        notes.push(hypervisor === undefined ? `${note}\n` : `${hypervisor}: ${note}\n`);
      }
      if (event.type === 'checks' && event.state === 'passed')
        show(event.hypervisor, `${event.target} is healthy`);
      if (event.type === 'checks' && event.state === 'waiting')
        show(event.hypervisor, waitingText(event));
      if (event.type === 'hypervisor' && event.state === 'end') {
        ends.get(event.hypervisor)?.(event.outcome);
        ends.delete(event.hypervisor);
      }
    },
    finish: async () => {
      for (const end of ends.values()) end(undefined);
      ends.clear();
      await running;
      guardAgain(stream);
      // The live list shows a note for a moment only.
      stream.write(notes.splice(0).join(''));
    },
  };
}
