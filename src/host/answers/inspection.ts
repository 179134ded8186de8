import { type FoundLoader, foundLoader } from './boot-loader.ts';
import * as shape from './shape.ts';

/** What a host says of itself that fleet has never seen; undefined: it does not say. */
export interface Inspection {
  /** The first word of its host name. */
  readonly name: string | undefined;
  /** As Nix calls it. */
  readonly system: string | undefined;
  readonly stateVersion: string | undefined;
  /** The fleet that deployed there last. */
  readonly fleet: string | undefined;
  readonly uplink: string | undefined;
  /** That sshd listens on. */
  readonly port: number | undefined;
  /** Its hardware-configuration.nix. */
  readonly hardware: string | undefined;
  /** Where that is there; undefined: it was made up just now. */
  readonly hardwareFile: string | undefined;
  readonly loader: FoundLoader;
}

/** Reads what inspect.sh printed. @throws FleetError `inspect.unreadable` when it is cut off */
export function parseInspection(answer: string): Inspection {
  return shape.understand('inspect.unreadable', answer, () => {
    // A hardware configuration may have whatever lines.
    const at = answer.indexOf('== hardware\n');
    if (at < 0) throw new Error('it is cut off');
    const hardware = answer.slice(at + '== hardware\n'.length);
    const records = answer
      .slice(0, at)
      .split('\n')
      .map((line) => line.split('\t'));
    const fields = new Map(records.map(([key = '', value = '']) => [key, value]));
    const machine = fields.get('machine');
    return {
      name: fields.get('name')?.split('.')[0]?.toLowerCase() || undefined,
      system: machine ? `${machine}-linux` : undefined,
      fleet: shape.words(fields.get('fleet')) || undefined,
      stateVersion: fields.get('state-version') || undefined,
      uplink: fields.get('uplink') || undefined,
      port: Number(fields.get('port')) || undefined,
      hardware: hardware.trim() === '' ? undefined : hardware,
      hardwareFile: fields.get('hardware-file') || undefined,
      loader: foundLoader(records),
    };
  });
}
