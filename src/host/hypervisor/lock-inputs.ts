import type { Host, RunOptions, RunResult } from '../host.ts';
import { script } from '../scripts.ts';

/** The script that creates or updates a flake.lock, for any machine with Nix, also this one. Its arguments are inputs. */
export function lockInputsScript(): string {
  return script('lock-inputs');
}

/** Creates or updates a flake.lock on a hypervisor; a failure is a result, not an error. */
export function lockInputsOn(
  host: Host,
  renew: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return host.run(lockInputsScript(), renew, { ...options, title: 'nix flake lock' });
}
