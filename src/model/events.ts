import type { CheckResult } from './check-result.ts';

/** What happened while deploying, for whoever shows it: terminal, plain lines, later NDJSON. */
export type DeployEvent =
  | {
      readonly type: 'hypervisor';
      readonly hypervisor: string;
      /** confirming: from here on it keeps what it has, though somebody asks to stop. */
      readonly state: 'begin' | 'confirming' | 'end';
      readonly result?: string;
    }
  | {
      readonly type: 'step';
      readonly hypervisor: string;
      readonly step: string;
      readonly state: 'begin' | 'done' | 'failed';
      readonly ms?: number;
    }
  | {
      /** git follows, when the hypervisors are done. */
      readonly type: 'git';
      readonly remote: string;
      readonly step: string;
      readonly state: 'begin' | 'done' | 'failed';
      readonly ms?: number;
    }
  | { readonly type: 'note'; readonly hypervisor: string; readonly text: string }
  | { readonly type: 'output'; readonly hypervisor: string; readonly line: string }
  | {
      readonly type: 'checked';
      readonly hypervisor: string;
      readonly target: string;
      readonly checks: readonly CheckResult[];
    };

export type Emit = (event: DeployEvent) => void;
