import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';

/**
 * What answers on a guest's port: nothing unless the guest is up, and it is that of its sshd, or its kernel
 * parameters name the port, as in `lab.tcp=5432,6379 lab.http=80`. A port of lab.http answers every request
 * with 200.
 */
export function dialGuest(
  root: string,
  address: string,
  port: number,
  sshd: (guest: string) => Duplex,
): Duplex | undefined {
  const guest = read(root, `sandbox/addresses/${address}`)?.split(' ')[0];
  if (guest === undefined || !existsSync(join(root, 'sandbox/up', guest))) return undefined;
  const parameters = read(root, `var/lib/microvms/${guest}/booted/sandbox/parameters`) ?? '';
  const opens = (kind: string) =>
    [...parameters.matchAll(new RegExp(`^lab\\.${kind}=(.*)$`, 'gm'))].some((match) =>
      match[1]?.split(',').includes(String(port)),
    );
  if (opens('http')) return httpPort();
  if (port === 22) return sshd(guest);
  return opens('tcp') ? silentPort() : undefined;
}

function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Accepts, and never says a word. */
const silentPort = (): Duplex =>
  new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

/** Answers the first request, and closes. */
function httpPort(): Duplex {
  let request = '';
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      request += chunk.toString('latin1');
      if (request.includes('\r\n\r\n')) {
        this.push('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n');
        this.push(null);
      }
      done();
    },
  });
}
