import type { Facts } from '../host/facts.ts';
import type { Host, RunOptions } from '../host/host.ts';
import { isLost, readFacts, runScript } from '../host/hypervisor.ts';
import { type ScriptName, stepScript } from '../host/scripts.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { Emit } from './events.ts';
import type { Ports } from './ports.ts';

/** Seconds that a step may take before its unit is ended. */
const limits = { short: 120, switch: 300, guest: 420, build: 3600 } as const;

export interface StepOptions {
  readonly limit?: keyof typeof limits;
  /**
   * change: something that runs may change, the way back undoes it; build: it must not make the
   * kernel kill guests; harmless: nothing to go back from.
   */
  readonly kind?: 'change' | 'build' | 'harmless';
  readonly onLine?: (line: string) => void;
}

/**
 * One hypervisor during one deployment: a connection that can be made anew, and the numbered steps
 * that run there as transient units.
 */
export class Session {
  readonly hypervisor: Hypervisor;
  readonly id: string;
  readonly #ports: Ports;
  readonly #emit: Emit;
  /** How long the hypervisor waits to hear of us, in ms. */
  readonly #confirm: number;
  #host: Host;
  #steps = 0;
  /** Steps, switches and reconnections in hand: then nobody else renews the lease or connects. */
  #busy = 0;
  #reconnecting: Promise<void> | undefined;

  constructor(
    hypervisor: Hypervisor,
    deployment: { readonly id: string; readonly confirm: number },
    host: Host,
    ports: Ports,
    emit: Emit,
  ) {
    this.hypervisor = hypervisor;
    this.id = deployment.id;
    this.#confirm = deployment.confirm;
    this.#host = host;
    this.#ports = ports;
    this.#emit = emit;
  }

  get host(): Host {
    return this.#host;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** Steps of a deployment that is taken up again go on after the ones there were. */
  set lastStep(number: number) {
    this.#steps = number;
  }

  note(text: string): void {
    this.#emit({ type: 'note', hypervisor: this.hypervisor.name, text });
  }

  /** Runs a script; its output is the answer. @throws FleetError when it says what is wrong, or fails. */
  call(name: ScriptName, args: readonly string[], options?: RunOptions): Promise<string> {
    return runScript(this.#host, name, args, options);
  }

  /**
   * Runs a script as a step of the deployment: journalled, and not stopped by a lost link, after
   * which it is picked up again. @returns its whole output
   */
  async step(
    title: string,
    name: ScriptName,
    args: readonly string[],
    options: StepOptions = {},
  ): Promise<string> {
    this.#steps += 1;
    const number = String(this.#steps).padStart(3, '0');
    const limit = String(limits[options.limit ?? 'short']);
    let output = '';
    let lines = 0;
    const onLine = (line: string) => {
      output += `${line}\n`;
      lines += 1;
      this.#emit({ type: 'output', hypervisor: this.hypervisor.name, line });
      options.onLine?.(line);
    };
    const kind = options.kind ?? 'change';
    const words = [this.id, number, name, limit, kind, ...args];
    const work = async () => {
      try {
        const stdin = stepScript(name);
        await runScript(this.#host, 'step', words, { title, stdin, onLine });
      } catch (error) {
        if (!isLost(error)) throw error;
        this.note('the connection was lost, the step goes on: connecting again');
        await this.reconnectWithin(this.#confirm);
        const rest = [this.id, number, name, limit, String(lines)];
        await runScript(this.#host, 'follow', rest, { title, onLine });
      }
      return output;
    };
    // A harmless one, a fetch that takes its time, is not waited for: fleet has to be heard of meanwhile.
    return kind === 'harmless' ? this.#told(title, work) : this.during(title, work);
  }

  /** Tells of some work while it goes on, and keeps others from the connection. */
  async during<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await this.#told(title, work);
    } finally {
      this.#busy -= 1;
    }
  }

  async #told<T>(title: string, work: () => Promise<T>): Promise<T> {
    const started = this.#ports.clock.now();
    const say = (state: 'begin' | 'done' | 'failed') =>
      this.#emit({
        type: 'step',
        hypervisor: this.hypervisor.name,
        step: title,
        state,
        ...(state !== 'begin' && { ms: this.#ports.clock.now() - started }),
      });
    say('begin');
    try {
      const result = await work();
      say('done');
      return result;
    } catch (error) {
      say('failed');
      throw error;
    }
  }

  /** Reads the truth. Addresses given are pinged from the hypervisor. */
  async facts(addresses: readonly string[] = []): Promise<Facts> {
    try {
      return await readFacts(this.#host, this.hypervisor, 'full', addresses);
    } catch (error) {
      if (!isLost(error)) throw error;
      await this.reconnectWithin(this.#confirm);
      return readFacts(this.#host, this.hypervisor, 'full', addresses);
    }
  }

  /** Last lines of a guest and its helpers since this deployment began; none when they cannot be read. */
  async reason(guest: string): Promise<readonly string[]> {
    try {
      const text = await this.call('reason', [this.id, guest]);
      return text.split('\n').filter((line) => line.trim() !== '');
    } catch {
      return [];
    }
  }

  /** Lets the hypervisor hear of us. @throws FleetError `back.taken` when it has not waited. */
  async renew(): Promise<void> {
    await this.call('renew', [this.id], { timeoutMs: this.#confirm });
  }

  /** A fresh connection instead of the one there was; the old one proves nothing any more. */
  reconnect(): Promise<void> {
    this.#reconnecting ??= this.#connect().finally(() => {
      this.#reconnecting = undefined;
    });
    return this.#reconnecting;
  }

  async #connect(): Promise<void> {
    this.#host.close();
    this.#host = await this.#ports.connector.connect(this.hypervisor);
  }

  /** As reconnect, trying again until `ms` have passed. */
  async reconnectWithin(ms: number): Promise<void> {
    const until = this.#ports.clock.now() + ms;
    this.#busy += 1;
    try {
      for (;;) {
        try {
          return await this.reconnect();
        } catch (error) {
          if (this.#ports.clock.now() >= until) throw error;
          await this.#ports.clock.sleep(1000);
        }
      }
    } finally {
      this.#busy -= 1;
    }
  }

  close(): void {
    this.#host.close();
  }
}
