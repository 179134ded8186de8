import type { Host, HostConnector } from '../host/host.ts';
import type { Hypervisor } from '../model/fleet.ts';

/** Connections that outlast whoever closes them, for the next one to use; one on which a call fails is made anew. */
export class KeptHosts implements HostConnector {
  readonly #connector: HostConnector;
  readonly #kept = new Map<string, Host>();
  #isClosed = false;

  constructor(connector: HostConnector) {
    this.#connector = connector;
  }

  async connect(hypervisor: Hypervisor): Promise<Host> {
    const { name } = hypervisor;
    const host = this.#kept.get(name) ?? (await this.#connector.connect(hypervisor));
    if (this.#isClosed) host.close();
    else this.#kept.set(name, host);
    const orDrop = async <T>(call: Promise<T>): Promise<T> => {
      try {
        return await call;
      } catch (error) {
        if (this.#kept.get(name) === host) this.#kept.delete(name);
        host.close();
        throw error;
      }
    };
    return {
      ...host,
      open: (...args) => orDrop(host.open(...args)),
      run: (...args) => orDrop(host.run(...args)),
      // What a guest's port answers, or its ssh, says nothing of the connection to its hypervisor.
      exec: (...args) => orDrop(host.exec(...args)),
      close: () => undefined,
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const host of this.#kept.values()) host.close();
    this.#kept.clear();
  }
}
