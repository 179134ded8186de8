import type { Ports as EnginePorts } from '../deploy/ports.ts';
import type { DeskTools } from '../host/desk.ts';
import type { SshCommander } from '../host/host.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { Clock } from '../model/time.ts';

/** What a use case needs from outside when it contacts nobody. */
export interface LocalPorts {
  readonly clock: Clock;
  /** Absolute; relative paths start here. */
  readonly cwd: string;
  readonly surroundings: Surroundings;
}

/** Everything outside the process that use cases touch, besides the repository that their input names. */
export interface Ports extends LocalPorts, EnginePorts {
  /** For a person at a terminal. */
  readonly sshCommand: SshCommander;
  /** Where the user's .ssh is. */
  readonly home: string;
  /** The person that locks and journals name, as user@host. */
  readonly operator: string;
}

/** For who also looks at this machine. */
export interface DoctorPorts extends Ports {
  readonly desk: DeskTools;
  /** Version of the Node that runs fleet. */
  readonly node: string;
}
