import { isAddress6 } from './addresses6.ts';
import type { SshTarget } from './fleet.ts';

/** What is wrong with an ssh destination, and what to write instead. */
export interface SshTargetProblem {
  readonly problem: string;
  readonly hint: string;
}

const forms = 'write root@203.0.113.20, root@[2001:db8::1]:2222, or a Host of ~/.ssh/config';

/** Reads `user@host[:port]`, `user@[IPv6]:port` or the name of a Host in ~/.ssh/config. */
export function parseSshTarget(text: string): SshTarget | SshTargetProblem {
  if (text.includes('://')) {
    return { problem: 'an ssh destination is not a url', hint: forms };
  }
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  const rest = text.slice(at + 1);
  if (user !== undefined && !/^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(user)) {
    return { problem: `"${user}" is not a user name`, hint: forms };
  }
  const [, bracketed, plain, portText] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    return isAddress6(rest)
      ? {
          problem: 'an IPv6 address needs brackets',
          hint: `write ${text.slice(0, at + 1)}[${rest}]`,
        }
      : { problem: `"${rest}" is not a host with an optional port`, hint: forms };
  }
  if (bracketed === undefined ? !/^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(host) : !isAddress6(host)) {
    const what = bracketed === undefined ? 'a host' : 'an IPv6 address';
    return { problem: `"${host}" is not ${what}`, hint: forms };
  }
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !(/^[0-9]+$/.test(portText!) && port >= 1 && port <= 65535)) {
    return { problem: `"${portText}" is not a port`, hint: 'write a number from 1 to 65535' };
  }
  return { host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}
