import type { Host, HostConnector } from './host.ts';

/**
 * The same connections, and who is waited for: each hypervisor from its first connection on, until it has answered a
 * first script, begun another, or failed.
 */
export function askedConnector(
  connector: HostConnector,
  tell: (hypervisor: string, isAsked: boolean) => void,
): HostConnector {
  const known = new Set<string>();
  return {
    connect: async (hypervisor) => {
      const { name } = hypervisor;
      if (known.has(name)) return connector.connect(hypervisor);
      known.add(name);
      tell(name, true);
      try {
        return asked(await connector.connect(hypervisor), () => tell(name, false));
      } catch (error) {
        tell(name, false);
        throw error;
      }
    },
  };
}

function asked(host: Host, answered: () => void): Host {
  const first =
    <A extends unknown[], R>(call: (...how: A) => R) =>
    (...how: A): R => {
      answered();
      return call(...how);
    };
  return {
    ...host,
    open: first(host.open),
    run: (...how) => host.run(...how).finally(answered),
    connectTcp: first(host.connectTcp),
    exec: first(host.exec),
    enter: first(host.enter),
    close: first(host.close),
  };
}
