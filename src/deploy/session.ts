import type { Host } from '../host/host.ts';
import { readReason, renew } from '../host/hypervisor/deployment.ts';
import { readFacts, readHealth } from '../host/hypervisor/look.ts';
import { runStep } from '../host/hypervisor/run-step.ts';
import type { Step } from '../host/hypervisor/steps.ts';
import { isLost, isRefusal } from '../host/lost.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit, Phase } from '../model/events.ts';
import type { Facts, Health } from '../model/facts.ts';
import type { Hypervisor, StepLimits } from '../model/fleet.ts';
import { rebooted } from './host-fault.ts';
import { oneLook } from './one-look.ts';
import type { Ports } from './ports.ts';
import { toldStep } from './watched.ts';

/** Ms that a step may take before its unit is ended, where fleet.yaml has no say. */
const short = 120_000;
/** Ms that the desk still waits after a step's limit and `confirm`: the hypervisor ends the step at its limit. */
const slack = 60_000;
/** Ms between logins once one was refused, because sshd counts failures (PerSourcePenalties). */
const refusedPause = 15_000;

/** What a session knows about its deployment. Times in ms. */
export interface Terms {
  readonly id: string;
  /** How long the hypervisor waits to hear from fleet before it rolls back. */
  readonly confirm: number;
  readonly limits: StepLimits;
}

/**
 * One hypervisor during one deployment: a connection that can be replaced, and the numbered steps
 * that run there as transient units.
 */
export class Session {
  readonly hypervisor: Hypervisor;
  readonly id: string;
  readonly emit: Emit;
  readonly #ports: Ports;
  readonly #confirm: number;
  readonly #limits: StepLimits;
  readonly #look = oneLook((addresses) => this.#read(() => readHealth(this.#host, addresses)));
  #host: Host;
  #isClosed = false;
  /** The last login that was refused, and when, so that it is not repeated needlessly. */
  #refused: { readonly error: unknown; readonly at: number } | undefined;
  #steps = 0;
  #phase: Phase | undefined;
  /** How many steps, switches and reconnections are in hand: meanwhile nobody else renews the lease or connects. */
  #busy = 0;
  #reconnecting: Promise<void> | undefined;
  /** The boot that the deployment began in: facts from another one are refused. Undefined: any will do. */
  bootId: string | undefined;

  constructor(hypervisor: Hypervisor, terms: Terms, host: Host, ports: Ports, emit: Emit) {
    this.hypervisor = hypervisor;
    this.id = terms.id;
    this.#confirm = terms.confirm;
    this.#limits = terms.limits;
    this.#host = host;
    this.#ports = ports;
    this.emit = emit;
  }

  get host(): Host {
    return this.#host;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** In a resumed deployment, numbering continues after the steps that it already had. */
  set lastStep(number: number) {
    this.#steps = number;
  }

  note(text: string): void {
    this.emit({ type: 'note', hypervisor: this.hypervisor.name, text });
  }

  /** Emits that the hypervisor enters this phase. @param targets vms that are brought up in it */
  phase(phase: Phase, targets: readonly string[] = []): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    const { name: hypervisor } = this.hypervisor;
    this.emit({ type: 'phase', phase, hypervisor, ...(targets.length > 0 && { targets }) });
  }

  /** Ms for what may take as long as a build: waiting for a step in hand, or sending a large bundle over a slow line. */
  get longMs(): number {
    return this.#limits.build + slack;
  }

  /**
   * Runs a step of the deployment. The step is journalled and survives a lost link; the session then reconnects and
   * waits for it again. @returns its answer
   */
  async step<T>(step: Step<T>): Promise<T> {
    this.#steps += 1;
    const number = String(this.#steps).padStart(3, '0');
    const limitMs = step.limit === 'short' ? short : this.#limits[step.limit];
    const until = this.#ports.clock.now() + limitMs + this.#confirm + slack;
    let lines = 0;
    const onLine = (line: string) => {
      lines += 1;
      this.emit({ type: 'output', hypervisor: this.hypervisor.name, line });
    };
    const onKilled = (guest: string) => this.note(`${guest} did not stop in time and was killed`);
    const own = { id: this.id, number, seconds: Math.ceil(limitMs / 1000), onLine, onKilled };
    const work = async () => {
      let isLate = false;
      for (;;) {
        const timeoutMs = Math.max(1000, until - this.#ports.clock.now());
        try {
          const how = { ...own, timeoutMs, ...(isLate && { follow: lines }) };
          return await runStep(this.#host, step, how);
        } catch (error) {
          if (!isLost(error) || this.#ports.clock.now() >= until)
            throw explained(error, step.limit);
          this.note('connection lost; the step goes on, reconnecting');
          await this.reconnectWithin(this.#confirm);
          isLate = true;
        }
      }
    };
    // During a harmless step, such as a long fetch, the way back does not wait: the lease has to be renewed meanwhile.
    return step.kind === 'harmless'
      ? toldStep(this, this.#ports.clock, step.title, work)
      : this.during(step.title, work);
  }

  /** Emits events around some work, and keeps others off the connection meanwhile. */
  async during<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await toldStep(this, this.#ports.clock, title, work);
    } finally {
      this.#busy -= 1;
    }
  }

  /**
   * Reads all facts. The addresses given are pinged from the hypervisor.
   * @throws FleetError `host.rebooted` when it is not in the boot that the deployment began in
   */
  async facts(addresses: readonly string[] = []): Promise<Facts> {
    return this.#inThisBoot(
      await this.#read(() => readFacts(this.#host, this.hypervisor, 'full', addresses)),
    );
  }

  /** Reads the health of guests, which is cheap, once for all who ask meanwhile. @throws FleetError `host.rebooted` as `facts` */
  async health(addresses: readonly string[] = []): Promise<Health> {
    return this.#inThisBoot(await this.#look(addresses));
  }

  #inThisBoot<T extends Pick<Facts, 'bootId'>>(seen: T): T {
    const { bootId } = seen;
    if (this.bootId && bootId && bootId !== this.bootId) throw rebooted(this.hypervisor.name);
    return seen;
  }

  /** Runs a call, and once more over a fresh connection if the link is lost. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!isLost(error)) throw error;
      await this.reconnectWithin(this.#confirm);
      return read();
    }
  }

  /** Last lines of a guest and its helpers since this deployment began; none if they cannot be read. */
  async reason(guest: string): Promise<readonly string[]> {
    try {
      return await readReason(this.#host, this.id, guest);
    } catch {
      return [];
    }
  }

  /** Renews the lease. @throws FleetError `back.taken` when the hypervisor has already taken its way back. */
  async renew(): Promise<void> {
    await renew(this.#host, this.id, this.#confirm);
  }

  /** Records which commit is deployed, where no checkout does. @throws as `renew` */
  async deploys(what: { readonly commit: string; readonly branch: string }): Promise<void> {
    await this.#read(() => renew(this.#host, this.id, this.#confirm, what));
  }

  /**
   * Replaces the connection by a fresh one, because the old one proves nothing any more. Does not try again right
   * after a refused login.
   */
  reconnect(): Promise<void> {
    if (this.#isClosed) return Promise.reject(isOver(this.hypervisor.name));
    if (this.#refused) return Promise.reject(this.#refused.error);
    this.#reconnecting ??= this.#connect().finally(() => {
      this.#reconnecting = undefined;
    });
    return this.#reconnecting;
  }

  async #connect(): Promise<void> {
    this.#host.close();
    let host: Host;
    try {
      host = await this.#ports.connector.connect(this.hypervisor);
    } catch (error) {
      if (isRefusal(error)) this.#refused = { error, at: this.#ports.clock.now() };
      throw error;
    }
    this.#host = host;
    if (!this.#isClosed) return;
    host.close();
    throw isOver(this.hypervisor.name);
  }

  /**
   * As `reconnect`, trying again until `ms` have passed. A refused login is final, unless the hypervisor may roll back
   * to a system that let fleet in. @throws the first failure: later ones follow from it
   */
  async reconnectWithin(ms: number, mayGoBack = false): Promise<void> {
    const { clock } = this.#ports;
    const until = clock.now() + ms;
    let first: unknown;
    let pause = 1000;
    this.#busy += 1;
    try {
      for (;;) {
        try {
          return await this.reconnect();
        } catch (error) {
          const isFinal = !isLost(error) || (isRefusal(error) && !mayGoBack);
          if (first === undefined || (isRefusal(error) && !isRefusal(first))) first = error;
          if (isFinal || clock.now() >= until || this.#isClosed) throw first;
          const wait = this.#refused ? this.#refused.at + refusedPause - clock.now() : pause;
          await clock.sleep(Math.max(20, Math.min(wait, until - clock.now())));
          this.#refused = undefined;
          // An sshd that answers but lets nobody in is overloaded, or has a penalty on us: wait.
          if (error instanceof FleetError && error.code === 'ssh.handshake')
            pause = Math.min(refusedPause, pause * 2);
        }
      }
    } finally {
      this.#busy -= 1;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#host.close();
  }
}

/** Nobody waits for this deployment any more. Unlike a lost link, this is not retried. */
const isOver = (name: string) =>
  new FleetError('session.closed', `fleet no longer follows the deployment on ${name} from here`);

/** The error for a step that took too long: not the commit's fault, and the hint says what can be done. */
function explained(error: unknown, limit: 'short' | keyof StepLimits): unknown {
  if (!(error instanceof FleetError) || limit === 'short' || error.hint !== undefined) return error;
  if (error.code !== 'step.ended' && error.code !== 'step.still-running') return error;
  return error.retold({
    hint: `If it just needs longer, raise rollout.limits.${limit} in fleet.yaml.`,
  });
}
