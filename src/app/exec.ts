import { inParallel } from '../deploy/parallel.ts';
import type { Exit, Shell } from '../host/host.ts';
import { readHostKeys } from '../host/hypervisor/look.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { ExecListener, ExecResult } from '../model/exec-result.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { enterGuest, guestLogin, userIn } from './reach/guest-login.ts';
import { type Machine, machinesOf } from './reach/machines.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface ExecInput {
  readonly where: Where;
  /** Hypervisors and vms: names, `web*`, `@tag`; comma-separated. */
  readonly selector: string;
  /** For the login shell of each machine. */
  readonly command: string;
  /** Who one is in guests; default: the first user with a key. */
  readonly user?: string | undefined;
  /** What each command reads; default: nothing. */
  readonly stdin?: Buffer | undefined;
  /** Ms that a command may take. */
  readonly timeoutMs: number;
}

/** Hypervisors at a time, and machines of each. */
const atOnce = { hypervisors: 64, machines: 32 };

/**
 * Runs a command on machines side by side. One that cannot be reached is a result like others.
 * @returns in the order of fleet.yaml's names, hypervisors first
 * @throws FleetError `select.nothing`, `exec.user`; as `knownConfig`; Interrupted
 */
export async function exec(
  ports: Ports,
  input: ExecInput,
  listener: ExecListener,
  emit: Emit,
  signal: AbortSignal,
): Promise<ExecResult[]> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, input.where, emit);
    const machines = machinesOf(index, input.selector);
    if (input.user !== undefined && !machines.some(({ vm }) => vm))
      throw new FleetError(
        'exec.user',
        '--user is who to be in guests, and these are hypervisors',
        {
          exitCode: exitCodes.usage,
          hint: 'On hypervisors it is the user that fleet connects as: ssh.user in fleet.yaml.',
        },
      );
    listener.begin(machines.map(({ name }) => name));
    const results = new Map<string, ExecResult>();
    const run = async (machine: Machine, enter: () => Promise<Shell>): Promise<void> => {
      const began = ports.clock.now();
      const ended = await end(machine, enter, input, listener, signal);
      const result = { ...ended, ms: ports.clock.now() - began };
      results.set(machine.name, result);
      await listener.ended(result);
    };
    const groups = [...Map.groupBy(machines, ({ hypervisor }) => hypervisor)];
    await inParallel(groups, atOnce.hypervisors, async ([hypervisor, here]) => {
      const connected = once(() => ports.connector.connect(hypervisor));
      const guests = here.flatMap(({ vm }) => (vm ? [vm] : []));
      const keys = once(async () =>
        readHostKeys(
          await connected(),
          guests.map(({ name }) => name),
        ),
      );
      await inParallel(here, atOnce.machines, (machine) =>
        run(machine, async () => {
          const { vm } = machine;
          if (!vm) return connected();
          // Before anything is asked: it may be that nobody can log in.
          userIn(vm, input.user);
          return enterGuest(
            await connected(),
            guestLogin(vm, input.user, (await keys()).get(vm.name)),
          );
        }),
      );
    });
    return machines.map(({ name }) => results.get(name)!);
  });
}

/** How a command ended on a machine, or why it did not run there. */
async function end(
  { name, hypervisor, vm }: Machine,
  enter: () => Promise<Shell>,
  input: ExecInput,
  listener: ExecListener,
  signal: AbortSignal,
): Promise<Omit<ExecResult, 'ms'>> {
  const where = { name, hypervisor: hypervisor.name };
  try {
    const shell = await enter();
    try {
      return { ...where, ...(await command(shell, input, listener, signal)) };
    } finally {
      // The hypervisor's connection is that of its guests, too.
      if (vm) shell.close();
    }
  } catch (error) {
    if (error instanceof FleetError) return { ...where, failure: error };
    throw error;
  }
}

/** A timer cannot be longer. */
const longest = 2 ** 31 - 1;

/** @throws FleetError `exec.timed-out`; as `Shell.exec` */
async function command(
  shell: Shell,
  { command, stdin, timeoutMs }: ExecInput,
  listener: ExecListener,
  signal: AbortSignal,
): Promise<Exit> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.min(timeoutMs, longest));
  try {
    const running = await shell.exec(command, {
      ...(stdin && { stdin }),
      signal: AbortSignal.any([late.signal, signal]),
    });
    const passOn = async (stream: 'stdout' | 'stderr') => {
      for await (const chunk of running[stream])
        await listener.output(shell.name, stream, chunk as Buffer);
    };
    const [exit] = await Promise.all([running.exit, passOn('stdout'), passOn('stderr')]);
    return exit;
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new FleetError(
      'exec.timed-out',
      `${shell.name}: the command did not end within ${timeoutMs / 1000} s`,
      { hint: 'It may still be running there. --timeout gives it longer.' },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The same result for whoever asks. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
