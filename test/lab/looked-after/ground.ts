import { Desk, type Run } from '../../scenario/desk.ts';
import { emptyFleet } from '../../scenario/fleet.ts';
import { Look } from '../../scenario/look.ts';
import { type Lab, startLab } from '../lab.ts';
import { until } from '../run.ts';
import { worldOf } from '../world.ts';

export type Event = Record<string, unknown> & { kind: string; seq: number; vm?: string };
// biome-ignore lint/suspicious/noExplicitAny: what a hypervisor knows of its policy is data.
type Data = Record<string, any>;

export const guests = ['app', 'db', 'job', 'web'] as const;
export type Guest = (typeof guests)[number];
/** Two networks: what is broken in one is no fault of the guests in the other. */
export const addresses: Readonly<Record<Guest, string>> = {
  web: '10.1.0.2',
  app: '10.1.0.3',
  db: '10.2.0.2',
  job: '10.2.0.3',
};

/** A hypervisor with four guests, and what a test does on it and sees of it. */
export class Ground {
  readonly lab: Lab;
  readonly desk: Desk;
  readonly look: Look;
  #link = '';
  #changed = Promise.resolve();
  #policy: Data = {};

  private constructor(lab: Lab, desk: Desk, look: Look) {
    this.lab = lab;
    this.desk = desk;
    this.look = look;
  }

  static async make(): Promise<Ground> {
    const lab = await startLab({ hosts: 1 });
    try {
      const world = worldOf(lab);
      const desk = new Desk(world, 'looked-after', emptyFleet(world));
      return new Ground(lab, desk, new Look(world.hosts[0]!));
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.desk.close();
    await this.lab.stop();
  }

  sh(command: string): Promise<string> {
    return this.look.sh(command);
  }

  /** Asks until it is so, not more often than a busy hypervisor bears. */
  untilSo(what: string, ask: () => Promise<boolean>): Promise<true> {
    return until(what, 90_000, async () => {
      if (await ask()) return true;
      await new Promise((resolve) => setTimeout(resolve, 250));
      return undefined;
    });
  }

  /** fleet at the desk, which has to end well. */
  async fleet(...args: string[]): Promise<Run> {
    const run = await this.desk.fleet(args);
    if (run.code !== 0)
      throw new Error(`fleet ${args.join(' ')}: ${run.code}\n${run.stdout}${run.stderr}`);
    return run;
  }

  /** fleet on the hypervisor itself, as `cli: true` put it there. */
  async local(words: string): Promise<Run> {
    return this.lab.hosts[0]!.exec(`cd / && /run/current-system/sw/bin/fleet ${words} </dev/null`);
  }

  async told(): Promise<Event[]> {
    return (await this.sh('cat /var/lib/fleet/events/*.jsonl'))
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Event);
  }
  /** What was told of a kind, of one guest or of the hypervisor. */
  async events(kind: string, vm?: Guest): Promise<Event[]> {
    return (await this.told()).filter((event) => event.kind === kind && event.vm === vm);
  }
  async count(): Promise<number> {
    return (await this.told()).length;
  }
  /** What was told behind so many events: kind, and vm or what. */
  async since(from: number): Promise<string[]> {
    return (await this.told())
      .slice(from)
      .map(({ kind, vm, what }) =>
        [kind, vm ?? what].filter((word) => word !== undefined).join(' '),
      );
  }

  /** What this hypervisor does about a guest from now on; what is rendered says the rest. */
  async policy(vm: Guest, recovery: object): Promise<void> {
    await this.change((policy) => {
      policy.vms[vm].recovery = recovery;
    });
    await this.sh(`rm -f /run/fleet/tries/${vm}`);
  }
  change(change: (policy: Data) => void): Promise<void> {
    // Tests at the same time change it one after the other.
    this.#changed = this.#changed.then(() => this.#change(change));
    return this.#changed;
  }
  async #change(change: (policy: Data) => void): Promise<void> {
    if (this.#link === '') {
      this.#link = await this.sh('readlink /etc/fleet/watch.json');
      this.#policy = JSON.parse(await this.sh('cat /etc/fleet/watch.json'));
    }
    change(this.#policy);
    await this.sh(`cat >/etc/fleet/.watch.json.$$ <<'END'
${JSON.stringify(this.#policy)}
END
      mv -f /etc/fleet/.watch.json.$$ /etc/fleet/watch.json`);
  }
  /** The rendered policy again. */
  async asRendered(): Promise<void> {
    if (this.#link === '') return;
    await this.sh(`ln -sfn '${this.#link}' /etc/fleet/watch.json`);
    this.#link = '';
  }

  life(vm: Guest): Promise<string> {
    return this.look.invocation(vm);
  }
  subState(vm: Guest): Promise<string> {
    return this.sh(`systemctl show --value -p SubState microvm@${vm}`);
  }
  state(vm: Guest, key = 'state'): Promise<string> {
    return this.sh(`sed -n 's/^${key}\t//p' /var/lib/fleet/guests/${vm}`);
  }
  kill(vm: Guest, signal = 'KILL'): Promise<string> {
    return this.sh(`systemctl kill --kill-whom=main --signal=${signal} microvm@${vm}`);
  }
  /** Waits for what runs in the guest, lest it dies while it boots. */
  isUp(vm: Guest): Promise<true> {
    return this.untilSo(`${vm} answers`, () => this.look.answers(addresses[vm]));
  }
  /** Has the guest itself do something. */
  async inside(vm: Guest, command: string): Promise<void> {
    await this.isUp(vm);
    await this.untilSo(`the shell of ${vm}`, async () => {
      const { code } = await this.lab.hosts[0]!.exec(
        `timeout 3 bash -c 'exec 3<>/dev/tcp/${addresses[vm]}/7 && echo "${command}" >&3'`,
      );
      return code === 0;
    });
  }
  /** The event that tells of the end of the life that runs now, once `act` has ended it. */
  async endOf(vm: Guest, act: () => Promise<unknown>): Promise<Event> {
    // Not its start script, nor a life that is over.
    await this.untilSo(`the VMM of ${vm} runs`, async () =>
      (
        await this.sh(`ps -o comm= -p "$(systemctl show --value -p MainPID microvm@${vm})" || true`)
      ).startsWith('qemu'),
    );
    const before = await this.life(vm);
    await act();
    return until(`the end of ${vm}`, 60_000, async () =>
      (await this.events('guest.ended', vm)).find(({ invocation }) => invocation === before),
    );
  }
  async runsAgain(vm: Guest, before: unknown): Promise<void> {
    await this.untilSo(
      `${vm} runs again`,
      async () => (await this.subState(vm)) === 'running' && (await this.life(vm)) !== before,
    );
  }
  /** The watch has seen it well in this life. */
  ready(vm: Guest): Promise<true> {
    return this.untilSo(`${vm} is Ready`, async () => {
      await this.glance();
      const record = await this.sh(`cat /var/lib/fleet/guests/${vm} 2>/dev/null || true`);
      return (
        /^state\tReady$/m.test(record) && record.includes(`invocation\t${await this.life(vm)}`)
      );
    });
  }
  /** A look, beside those of the timer. */
  glance(): Promise<string> {
    return this.sh('systemctl start fleet-watch');
  }
}
