import type { Host } from '../../host/host.ts';
import { readFromGuest } from '../../host/hypervisor/look.ts';
import { FleetError } from '../../model/errors.ts';
import type { Export } from '../../model/fleet.ts';
import { plainLine } from '../../model/plain-text.ts';
import { shellQuote } from '../../model/shell-quote.ts';

/** Kubeconfigs and tokens have some kilobytes. */
const mostBytes = 2 ** 20;
/** Seconds that a guest may take. */
const limit = 20;
const sshPort = 22;
/** What comes before it is what a start-up file of the guest's shell says. */
const mark = 'fleet-export';

/** For the guest's root: says when the file begins, and gives it. */
function commandFor({ file, user }: Export): string {
  const read = `[ -e "$1" ] || { echo 'there is no such file' >&2; exit 1; }
[ -f "$1" ] || { echo 'it is not a file' >&2; exit 1; }
[ -r "$1" ] || { echo 'it may not be read' >&2; exit 1; }
echo "$0"; exec head -c ${mostBytes + 1} -- "$1"`;
  const words = ['sh', '-c', read, mark, file];
  const as = user === 'root' ? [] : ['runuser', '-u', user, '--'];
  return [...as, ...words].map(shellQuote).join(' ');
}

/**
 * The content of a file of a guest, over its hypervisor.
 * @throws FleetError `export.failed`, `export.too-large`, and as the hypervisor's script
 */
export async function fetchFile(
  host: Host,
  vm: string,
  address: string,
  wanted: Export,
): Promise<Buffer> {
  const { file } = wanted;
  const room = mark.length + 1024;
  const { code, bytes, lines } = await readFromGuest(
    host,
    { vm, address, port: sshPort, user: 'root', seconds: limit, command: commandFor(wanted) },
    mostBytes + room,
  );
  const begin = bytes.indexOf(`${mark}\n`);
  const content = bytes.subarray(begin + mark.length + 1);
  if (begin >= 0 && content.length > mostBytes)
    throw new FleetError('export.too-large', `${file} of ${vm} has more than 1 MiB`);
  if (code === 0 && begin >= 0) return content;
  const said = plainLine(lines.join(' / ')).trim();
  const how =
    code === 124
      ? `no end within ${limit} s`
      : code === 255
        ? 'ssh into it failed'
        : `exit ${code}`;
  throw new FleetError('export.failed', `${file} of ${vm} could not be read: ${said || how}`, {
    hint:
      code === 255
        ? `A guest that was deployed before its first export lets nobody read one: fleet apply. Else see how it is: fleet verify`
        : `If it comes later than the rest of the guest, wait for it with a check: run: test -e ${file}`,
  });
}
