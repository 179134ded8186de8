import type { Host, RunOptions, RunResult } from '../host.ts';
import { script } from '../scripts.ts';

/** The text of what makes or renews a flake.lock: for a machine with Nix, this one too. Its arguments are inputs. */
export function lockInputsScript(): string {
  return script('lock-inputs');
}

/** Makes or renews a flake.lock on a hypervisor; a failure is a result. */
export function lockInputsOn(
  host: Host,
  renew: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return host.run(lockInputsScript(), renew, { ...options, title: 'nix flake lock' });
}
