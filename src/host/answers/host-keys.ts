import type { HostKey } from '../../model/host-key.ts';
import * as shape from './shape.ts';

/** Reads what host-keys.sh printed, by names of guests. @throws FleetError `host-keys.unreadable` */
export function parseHostKeys(answer: string): Map<string, HostKey[]> {
  return shape.understand('host-keys.unreadable', answer, () => {
    const keys = new Map<string, HostKey[]>();
    for (const [name, type = '', base64 = ''] of shape.Rows.in(answer).of('host-key')) {
      if (!/^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521))$/.test(type))
        throw new Error(`${JSON.stringify(type.slice(0, 100))} is not a type of host key`);
      if (!/^AAAA[A-Za-z0-9+/]{20,2000}={0,2}$/.test(base64))
        throw new Error(`${JSON.stringify(base64.slice(0, 100))} is not a host key`);
      shape.push(keys, shape.name(name, 'name of a vm'), { type, base64 });
    }
    return keys;
  });
}
