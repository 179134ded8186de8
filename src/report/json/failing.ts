import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Failure } from '../../model/failure.ts';
import type { Envelope } from './document.ts';

/** Why a command did not do what was asked; also of wrong usage. */
export interface CommandFailure extends Failure {
  /** Of `config.invalid`: everything that is wrong in fleet.yaml. */
  readonly diagnostics?: readonly Diagnostic[];
}

/** Instead of the document of any command, when it failed or was not understood. */
export interface ErrorDocument extends Envelope<'error'> {
  readonly error: CommandFailure;
}
