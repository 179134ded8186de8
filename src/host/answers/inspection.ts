import { type FoundLoader, foundLoader } from './boot-loader.ts';
import * as shape from './shape.ts';

/** What inspect.sh found out about a host that is new to fleet; undefined: unknown. */
export interface Inspection {
  /** Its host name, without a domain. */
  readonly name: string | undefined;
  /** As in Nix: x86_64-linux. */
  readonly system: string | undefined;
  readonly stateVersion: string | undefined;
  /** Name of the fleet that deployed there last. */
  readonly fleet: string | undefined;
  readonly uplink: string | undefined;
  /** The port that sshd listens on. */
  readonly port: number | undefined;
  /** Its hardware-configuration.nix. */
  readonly hardware: string | undefined;
  /** Path of that file there; undefined: nixos-generate-config printed it. */
  readonly hardwareFile: string | undefined;
  readonly loader: FoundLoader;
}

/** Reads what inspect.sh printed. @throws FleetError `inspect.unreadable` if it is cut off */
export function parseInspection(answer: string): Inspection {
  return shape.understand('inspect.unreadable', answer, () => {
    // Only before the hardware configuration, which may contain any lines.
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
