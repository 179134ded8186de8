import { hostname, userInfo } from 'node:os';
import type { Machine } from '../app/here.ts';

/** The machine that fleet runs on, as a hypervisor. */
export function thisMachine(): Machine & { readonly isRoot: boolean } {
  // Of a pretend hypervisor whoever runs it is root.
  const root = process.env.FLEET_ROOT ?? '';
  return { root, hostname: hostname(), isRoot: root !== '' || process.getuid?.() === 0 };
}

/** @param isHere on a hypervisor: everybody is root there, and sudo knows who it was */
export function operator(isHere: boolean): string {
  const { GITHUB_ACTOR, SUDO_USER } = process.env;
  const login = isHere ? SUDO_USER : GITHUB_ACTOR;
  const user = login ?? safely(() => userInfo().username) ?? 'somebody';
  return `${user}@${hostname()}`.replace(/[^\w.@-]/g, '-');
}

/** A container may run as a user id that has no name. */
export function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
