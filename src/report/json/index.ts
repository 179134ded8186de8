import type { Event, Stamp } from '../../model/events.ts';
import type {
  ApplyDocument,
  ExportDocument,
  OperationDocument,
  ResumeDocument,
  RollbackDocument,
} from './deploying.ts';
import type {
  HostKeysDocument,
  InitDocument,
  RenderDocument,
  ShowDocument,
  UpdateDocument,
  ValidateDocument,
} from './desk.ts';
import type { ErrorDocument } from './failing.ts';
import type {
  AlertsDocument,
  BuildDocument,
  DiffDocument,
  DoctorDocument,
  GenerationsDocument,
  HistoryDocument,
  LogDocument,
  LogsDocument,
  PlanDocument,
  SpoolEventDocument,
  StatusDocument,
  StoryDocument,
  VerifyDocument,
} from './looking.ts';
import type {
  CleanupDocument,
  ExecDocument,
  ForwardDocument,
  GcDocument,
  IncidentDocument,
  TopDocument,
  UnlockDocument,
} from './upkeep.ts';

// What `microvm-fleet/json` exports, and what schemas/ is made of.

export type * from './deploying.ts';
export type * from './desk.ts';
export type * from './document.ts';
export type * from './failing.ts';
export type * from './looking.ts';
export type * from './upkeep.ts';

/** What `--json` prints, whatever the command. */
export type JsonDocument =
  | AlertsDocument
  | ApplyDocument
  | BuildDocument
  | CleanupDocument
  | DiffDocument
  | DoctorDocument
  | ErrorDocument
  | ExecDocument
  | ExportDocument
  | ForwardDocument
  | GcDocument
  | GenerationsDocument
  | HistoryDocument
  | HostKeysDocument
  | IncidentDocument
  | InitDocument
  | LogDocument
  | LogsDocument
  | OperationDocument
  | PlanDocument
  | RenderDocument
  | ResumeDocument
  | RollbackDocument
  | ShowDocument
  | SpoolEventDocument
  | StatusDocument
  | StoryDocument
  | TopDocument
  | UnlockDocument
  | UpdateDocument
  | ValidateDocument
  | VerifyDocument;

/** What the last event of `--json-stream` has. */
export type ResultDocument =
  | ApplyDocument
  | ErrorDocument
  | OperationDocument
  | ResumeDocument
  | RollbackDocument;

/** The last line of `--json-stream`. */
export interface ResultEvent extends Stamp {
  readonly type: 'result';
  /** The document that `--json` prints. */
  readonly result: ResultDocument;
}

/** A line of `--json-stream`. */
export type EventLine = Exclude<Event, { readonly type: 'result' }> | ResultEvent;
