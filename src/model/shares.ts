import { hash } from 'node:crypto';
import { guestKeysTag } from './guest-keys.ts';

/**
 * The path of a daemon's socket is `HOST-virtiofs-TAG.sock`, and Linux holds it in 108 bytes: with a
 * host name of 63 this is what is left, with some to spare.
 */
const maxTag = 27;

/** Those that are there already, or that fleet adds. */
const taken = ['ro-store', guestKeysTag];

/**
 * What a share is mounted by: readable when it fits, else a readable head and a hash. Mounts that read
 * alike (`/a/b`, `/a-b`) get the hash, too.
 */
export function shareTag(mount: string): string {
  const name = mount.slice(1).replace(/[^A-Za-z0-9_.]/g, '-');
  const clear = /^[A-Za-z0-9_.]+(\/[A-Za-z0-9_.]+)*$/.test(mount.slice(1));
  if (clear && name.length <= maxTag && !taken.includes(name)) return name;
  return `${name.slice(0, maxTag - 6)}-${hash('sha256', mount, 'hex').slice(0, 5)}`;
}
