import type { CheckResult } from './check-result.ts';
import type { Failure } from './failure.ts';
import type { HypervisorResult } from './result.ts';

/** Of the events as programs read them; docs/events.md says what may be added within one. */
export const eventsVersion = 1;

/** What a deployment is at, in this order; a hypervisor leaves out what it does not need. */
export const phases = [
  /** Hypervisors and the remote are looked at. */
  'survey',
  /** Every hypervisor is locked, and its way back armed. */
  'lock',
  /** Commit and push. */
  'publish',
  'checkout',
  'build',
  /** The hypervisor itself: repairs, guests that have to stop first, its system. */
  'switch',
  /** Guests are created, updated and started, each looked at until it has settled. */
  'guests',
  /** The last look at everything, over a fresh connection. */
  'verify',
  'confirm',
  'roll-back',
  /** What became of it goes to git. */
  'record',
] as const;

export type Phase = (typeof phases)[number];

/** What happened. `hypervisor` is absent where it is about all of them, or about this desk. */
export type EventBody =
  | {
      /** The first of a deployment, also of one that is taken up again. */
      readonly type: 'deployment';
      readonly operation: 'apply' | 'restart' | 'rollback' | 'resume';
      /** By it a deployment that lost its fleet is resumed. */
      readonly id: string;
      readonly operator: string;
      readonly hypervisors: readonly string[];
      /** Ms after which a hypervisor that does not hear of fleet rolls back by itself. */
      readonly confirm: number;
    }
  | {
      /** Somebody asked to stop: the step in hand is finished, and what is not confirmed is rolled back. */
      readonly type: 'cancelling';
      /** Ms after which nobody waits for that any more, and hypervisors do it by themselves. */
      readonly within: number;
    }
  | {
      /** From here on it, or everything, is at this. */
      readonly type: 'phase';
      readonly phase: Phase;
      readonly hypervisor?: string;
      /** Of `guests`: the vms that are brought up there. */
      readonly targets?: readonly string[];
    }
  | {
      readonly type: 'hypervisor';
      readonly hypervisor: string;
      /** confirming: from here on it keeps what it has, though somebody asks to stop. */
      readonly state: 'begin' | 'confirming';
    }
  | {
      readonly type: 'hypervisor';
      readonly hypervisor: string;
      readonly state: 'end';
      readonly outcome: HypervisorResult['outcome'];
      readonly failure?: Failure;
      /** As in its result. */
      readonly because?: string;
    }
  | {
      readonly type: 'step';
      readonly hypervisor: string;
      readonly step: string;
      readonly state: 'begin' | 'done' | 'failed';
      readonly ms?: number;
    }
  | {
      /** What is done with the commit, here and at the remote. */
      readonly type: 'git';
      readonly remote: string;
      readonly step: string;
      readonly state: 'begin' | 'done' | 'failed';
      readonly ms?: number;
      /** Once it is done. */
      readonly commit?: string;
      /** The branch with the revert of a commit that was rolled back, for somebody to merge (git.revert: pull-request). */
      readonly revertBranch?: string;
      readonly failure?: Failure;
    }
  | {
      /** Something failed; what a deployment has changed there is rolled back from here on. */
      readonly type: 'failure';
      readonly hypervisor: string;
      readonly failure: Failure;
    }
  | {
      /** warning: somebody has to know it, though nothing has failed. */
      readonly type: 'note' | 'warning';
      readonly hypervisor?: string;
      readonly text: string;
    }
  | {
      /** A line of what a step prints. */
      readonly type: 'output';
      readonly hypervisor: string;
      readonly line: string;
    }
  | {
      readonly type: 'checks';
      readonly hypervisor: string;
      /** A vm, or the hypervisor. */
      readonly target: string;
      /** waiting: what does not hold yet; failed: what did not in time; passed: all that was looked at. */
      readonly state: 'waiting' | 'passed' | 'failed';
      readonly checks: readonly CheckResult[];
      /** Since when it is looked at, and how long at most, in ms. */
      readonly ms?: number;
      readonly limitMs?: number;
    }
  | {
      /** The last: what the command gives, as --json has it. */
      readonly type: 'result';
      readonly result: object;
    };

/** What the engine and the use cases tell while they work. */
export type Emit = (event: EventBody & Pick<Stamp, 'operationId'>) => void;

/** What every event is given as it leaves. */
export interface Stamp {
  readonly version: typeof eventsVersion;
  /**
   * UTC, to the millisecond: 2026-01-02T03:04:05.678Z.
   * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$
   */
  readonly time: string;
  /** Its id; null: it is not known yet which one is resumed, or there is none. */
  readonly deployment: string | null;
  /** Of the operation on one vm that it is about, by which its hypervisor remembers it. */
  readonly operationId?: string;
  /** Of its hypervisor, where it is about one. */
  readonly phase: Phase;
}

/** An event as it leaves: when, and of which deployment. */
export type Event = EventBody & Stamp;
