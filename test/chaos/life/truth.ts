import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { WorldHost } from '../../scenario/world.ts';
import type { BridgeTruth, GuestTruth, Life, Remembered, Told } from './history.ts';

/** systemd's own words for what happens to a unit. */
const started = '39f53479d3a045ac8e11786248231fbf';
const succeeded = '7ad2d189f7e94e70a38c781354912448';
const failed = 'd9b373ed55a64feb8242e02dbe79a49c';

/** Lives of guests, as systemd wrote them into the journal. */
export async function readLives(host: WorldHost): Promise<Life[]> {
  const { stdout } = await must(
    host,
    `journalctl -o json --output-fields=UNIT,INVOCATION_ID,UNIT_RESULT,MESSAGE_ID SYSLOG_IDENTIFIER=systemd MESSAGE_ID=${started} MESSAGE_ID=${succeeded} MESSAGE_ID=${failed}`,
  );
  return livesOf(stdout);
}

/** @param journal its lines as JSON, the oldest first */
export function livesOf(journal: string): Life[] {
  const lives = new Map<string, Life>();
  for (const line of journal.split('\n').filter((l) => l !== '')) {
    const entry = JSON.parse(line) as Record<string, string>;
    const vm = /^microvm@(.+)\.service$/.exec(entry.UNIT ?? '')?.[1];
    const invocation = entry.INVOCATION_ID;
    if (vm === undefined || invocation === undefined) continue;
    const at = Number(entry.__REALTIME_TIMESTAMP) / 1e6;
    // What never came up has an end only.
    const life = lives.get(invocation) ?? { vm, invocation, began: at };
    if (entry.MESSAGE_ID === started) lives.set(invocation, life);
    else {
      const result = entry.MESSAGE_ID === succeeded ? 'success' : entry.UNIT_RESULT;
      lives.set(invocation, { ...life, ended: at, ...(result ? { result } : {}) });
    }
  }
  return [...lives.values()];
}

/** The spool as it lies there: files in the order of their names, and what is no event apart. */
export function readSpool(host: WorldHost): { events: Told[]; unreadable: string[] } {
  const folder = host.file('/var/lib/fleet/events');
  const names = existsSync(folder) ? readdirSync(folder).filter((n) => n.endsWith('.jsonl')) : [];
  return spoolOf(names.sort().map((name) => readFileSync(`${folder}/${name}`, 'utf8')));
}

/** @param files their texts, in their order; what the last one ends with may be on its way */
export function spoolOf(files: readonly string[]): { events: Told[]; unreadable: string[] } {
  const events: Told[] = [];
  const unreadable: string[] = [];
  for (const text of files)
    for (const line of text.split('\n').slice(0, -1)) {
      const event = eventOf(line);
      if (event) events.push(event);
      else unreadable.push(line.slice(0, 200));
    }
  return { events, unreadable };
}

function eventOf(line: string): Told | undefined {
  try {
    const { epoch, seq, at, up, kind, ...more } = JSON.parse(line);
    const isEvent =
      typeof epoch === 'string' &&
      typeof kind === 'string' &&
      [seq, at, up].every((n) => typeof n === 'number');
    return isEvent && line.length < 4096 ? { epoch, seq, at, up, kind, ...more } : undefined;
  } catch {
    return undefined;
  }
}

/** What fleet remembers of each guest. */
export function readRemembered(host: WorldHost): Record<string, Remembered> {
  const folder = host.file('/var/lib/fleet/guests');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => /^[a-z0-9-]+$/.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n').slice(0, -1);
      const { state = '', ...more } = Object.fromEntries(
        lines.map((line) => line.split('\t') as [string, string]),
      );
      return [name, { state, ...more }];
    }),
  );
}

interface Truth {
  readonly guests: Record<string, GuestTruth>;
  readonly bridges: Record<string, BridgeTruth>;
}

/** What is so now; asks systemd, the kernel and the guests. */
export async function readTruth(
  host: WorldHost,
  guests: Readonly<Record<string, { readonly address: string; readonly tap: string }>>,
  bridges: readonly string[],
): Promise<Truth> {
  const asked = Object.entries(guests).map(
    ([vm, { address, tap }]) =>
      `{ printf 'guest\\t%s\\t%s\\t%s\\t%s\\t%s\\n' ${vm} "$(systemctl show --value -p SubState microvm@${vm})" "$(systemctl show --value -p InvocationID microvm@${vm})" "$(ping -n -q -c 2 -i 0.3 -W 2 ${address} >/dev/null 2>&1 && echo yes || echo no)" "$(basename "$(readlink /sys/class/net/${tap}/master)" 2>/dev/null)"; } &`,
  );
  const { stdout } = await must(host, `${asked.join('\n')}\nwait\nip -j address show`);
  const lines = stdout.split('\n');
  const rows = lines.filter((l) => l.startsWith('guest\t')).map((l) => l.split('\t'));
  const links = JSON.parse(lines.find((l) => l.startsWith('[')) ?? '[]') as {
    ifname?: string;
    flags?: string[];
    addr_info?: { local: string; prefixlen: number }[];
  }[];
  return {
    guests: Object.fromEntries(
      rows.map(([, vm = '', state, invocation = '', answers, bridge]) => [
        vm,
        {
          active: state === 'running',
          invocation,
          answers: answers === 'yes',
          bridge: bridge || undefined,
        },
      ]),
    ),
    bridges: Object.fromEntries(
      bridges.map((name) => {
        const link = links.find((l) => l.ifname === name);
        const addresses = link?.addr_info?.map((a) => `${a.local}/${a.prefixlen}`) ?? [];
        return [name, { up: link?.flags?.includes('UP') ?? false, addresses }];
      }),
    ),
  };
}

async function must(host: WorldHost, command: string) {
  const run = await host.exec(command);
  if (run.code !== 0) throw new Error(`${host.name}: ${command}: ${run.code}\n${run.stderr}`);
  return run;
}
