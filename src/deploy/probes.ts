import type { Duplex } from 'node:stream';
import type { Host } from '../host/host.ts';
import { runInGuest } from '../host/hypervisor/look.ts';
import { expectedOf } from '../model/expected.ts';
import type { Facts } from '../model/facts.ts';
import type { Check } from '../model/fleet.ts';
import { checkUser } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import { plainLine } from '../model/plain-text.ts';
import type { PlanCheck } from '../plan/checks.ts';

/** Limit of one probe; the guest's deadline decides how often it is tried. */
const probeMs = 3000;
/** One try of a command inside a guest, in seconds. */
const runSeconds = 10;
const sshPort = 22;

/** The checks that fleet.yaml asks for, made through the ssh connection to the hypervisor. */
export async function probe(
  host: Host,
  target: string,
  address: string,
  checks: readonly Check[],
): Promise<PlanCheck[]> {
  // Inside one guest, one command at a time.
  let before: Promise<unknown> = Promise.resolve();
  return Promise.all(
    checks.map(async (check): Promise<PlanCheck> => {
      const look = (): Promise<string> =>
        check.kind === 'run'
          ? inTurn(host, () => runInside(host, target, address, check.command))
          : dial(host, address, check);
      const looking = check.kind === 'run' ? before.then(look) : look();
      if (check.kind === 'run') before = looking.catch(() => {});
      const seen = await looking.catch((error: unknown) =>
        plainLine(error instanceof Error ? error.message : String(error)),
      );
      const expected = expectation(check);
      const result = { target, check: nameOf(check), ok: seen === expected, expected, seen };
      if (result.ok) return result;
      const says = `${result.check}: expected ${expected}, seen ${seen}`;
      return { ...result, fault: { code: 'check', says } };
    }),
  );
}

/**
 * Commands at a time over one connection, whatever guests they are for: an sshd opens ten sessions on it
 * (MaxSessions), and looks and steps need some.
 */
const atOnce = 4;
const turns = new WeakMap<Host, { running: number; readonly waiting: (() => void)[] }>();

async function inTurn<T>(host: Host, run: () => Promise<T>): Promise<T> {
  const turn = turns.get(host) ?? { running: 0, waiting: [] };
  turns.set(host, turn);
  if (turn.running < atOnce) turn.running += 1;
  else await new Promise<void>((resolve) => turn.waiting.push(resolve));
  try {
    return await run();
  } finally {
    const next = turn.waiting.shift();
    if (next) next();
    else turn.running -= 1;
  }
}

/** The checks of those guests of a hypervisor that run what was deployed and answer. */
export async function probeAll(
  index: FleetIndex,
  hypervisor: string,
  host: Host,
  facts: Facts,
  isWanted: (vm: string) => boolean = () => true,
): Promise<PlanCheck[]> {
  const wanted = index.vmsOn(hypervisor).filter(({ name }) => isWanted(name));
  const looks = wanted.map((vm) => {
    const { address } = expectedOf(vm, index.networks);
    const runs = facts.vms.get(vm.name)?.unit.active === 'active' && facts.deployed.has(vm.name);
    if (!runs || vm.state !== 'running' || facts.answers.get(address) !== true) return [];
    return probe(host, vm.name, address, vm.checks);
  });
  return (await Promise.all(looks)).flat();
}

function nameOf(check: Check): string {
  if (check.kind === 'run') return `run ${check.command}`;
  return check.kind === 'tcp' ? `tcp ${check.port}` : `http ${check.port}${check.path}`;
}

function expectation(check: Check): string {
  if (check.kind === 'run') return 'exit 0';
  return check.kind === 'tcp' ? 'connects' : String(check.status);
}

async function dial(
  host: Host,
  address: string,
  check: Exclude<Check, { kind: 'run' }>,
): Promise<string> {
  const socket = await host.connectTcp(address, check.port, probeMs);
  const seen = check.kind === 'tcp' ? 'connects' : String(await status(socket, address, check));
  socket.destroy();
  return seen;
}

/** `exit 0`, or how the command ended, with its last output. */
async function runInside(
  host: Host,
  vm: string,
  address: string,
  command: string,
): Promise<string> {
  const { code, lines } = await runInGuest(host, {
    ...{ vm, address, port: sshPort, user: checkUser },
    ...{ seconds: runSeconds, command },
  });
  if (code === 0) return 'exit 0';
  // A guest may print anything.
  const clean = plainLine(lines.join(' / ')).trim();
  const end =
    code === 124 ? `no end within ${runSeconds} s` : code === 255 ? 'ssh failed' : `exit ${code}`;
  return clean === '' ? end : `${end}: ${clean}`;
}

async function status(
  socket: Duplex,
  address: string,
  check: { readonly port: number; readonly path: string },
): Promise<number> {
  // What comes with it takes longer to load than most commands last.
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        createConnection: () => socket,
        headers: { host: `${address}:${check.port}`, connection: 'close' },
        path: check.path,
      },
      (response) => {
        clearTimeout(timer);
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    // `timeout` of request() needs an agent, and there is none.
    const timer = setTimeout(
      () => asked.destroy(new Error(`no answer within ${probeMs / 1000} s`)),
      probeMs,
    );
    asked.once('error', (error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    });
    asked.end();
  });
}
