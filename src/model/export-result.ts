import type { FleetError } from './errors.ts';

/** What became of one export. It never has anything of the file's. */
export interface ExportResult {
  readonly vm: string;
  readonly hypervisor: string;
  /** In the guest. */
  readonly file: string;
  /** Where it was, or would have been, written. */
  readonly to: string;
  /** Where that leads to, where it is a symbolic link or behind one. */
  readonly behind?: string;
  /** unchanged: it is there already. */
  readonly outcome: 'written' | 'unchanged' | 'failed';
  /** The name that it has in a kubeconfig that it was merged into. */
  readonly context?: string;
  /** Texts that were to be replaced and are not in the file. */
  readonly unreplaced: readonly string[];
  readonly failure?: FleetError;
}
