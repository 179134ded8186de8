import type { Ports as EnginePorts } from '../deploy/ports.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { Clock } from '../model/time.ts';

/** What a use case that contacts nobody needs of the world. */
export interface LocalPorts {
  readonly clock: Clock;
  /** Absolute; relative paths are seen from here. */
  readonly cwd: string;
  readonly surroundings: Surroundings;
}

/** Everything of the world that use cases touch, beside the repository that their input names. */
export interface Ports extends LocalPorts, EnginePorts {
  /** Where the user's .ssh is. */
  readonly home: string;
  /** Whom locks and journals name, as user@host. */
  readonly operator: string;
}
