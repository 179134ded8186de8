import type { Emit } from '../model/events.ts';
import { stamping } from '../model/stamp.ts';
import type { Clock } from '../model/time.ts';
import type { ResultDocument } from '../report/json/index.ts';
import { eventLine } from '../report/ndjson.ts';

/** The events of one command on standard output, a line each: `--json-stream`. */
export class EventStream {
  /** Of the deployment that the command makes; null: it resumes one that it has to find. */
  readonly id: string | null;
  readonly emit: Emit;

  constructor(clock: Clock, id: string | null) {
    this.id = id;
    this.emit = stamping((event) => process.stdout.write(eventLine(event)), clock, id);
  }

  /** The last event. @param result the document that --json prints */
  end(result: ResultDocument): void {
    this.emit({ type: 'result', result });
  }

  /** Tells somebody else, too. */
  beside(emit: Emit): Emit {
    return (event) => {
      this.emit(event);
      emit(event);
    };
  }
}
