import { plainLine } from '../model/plain-text.ts';
import { redact } from '../model/redact.ts';
import type { Clock } from '../model/time.ts';
import type { Host, HostConnector } from './host.ts';

/** An argument longer than this is cut. */
const shown = 80;

/**
 * The same connections, with a line for each of them, and for each script: what it is called with, how it ended, and how
 * long it took. What it reads on standard input, and what it answers, is not shown.
 */
export function toldConnector(
  connector: HostConnector,
  clock: Clock,
  say: (line: string) => void,
): HostConnector {
  return {
    connect: async (hypervisor) => {
      const { name, ssh } = hypervisor;
      const { user, host, port, jump } = ssh;
      const target = `${user ? `${user}@` : ''}${host}${port ? `:${port}` : ''}`;
      const tell = (text: string) => say(`${name}: ${plainLine(redact(text))}`);
      const began = clock.now();
      const took = () => `${((clock.now() - began) / 1000).toFixed(2)} s`;
      try {
        const made = await connector.connect(hypervisor);
        const how = `as ${made.user}, port ${made.port}`;
        tell(`ssh ${target}${jump ? ` by way of ${jump}` : ''}: connected ${how} (${took()})`);
        return toldHost(made, clock, tell);
      } catch (error) {
        tell(`ssh ${target}: ${(error as Error).message} (${took()})`);
        throw error;
      }
    },
  };
}

function toldHost(host: Host, clock: Clock, tell: (text: string) => void): Host {
  const telling = (script: string, args: readonly string[], title?: string) => {
    const began = clock.now();
    const name = title ?? /^echo 'fleet-([\w-]+) /m.exec(script)?.[1] ?? 'a script';
    const line = [name, ...args.map((arg) => arg.slice(0, shown))].join(' ');
    return (end: string) =>
      tell(`${line}: ${end} (${((clock.now() - began) / 1000).toFixed(2)} s)`);
  };
  return {
    ...host,
    open: async (script, args, options) => {
      const end = telling(script, args);
      const running = await host.open(script, args, options);
      running.exit.then(
        ({ code }) => end(`exit ${code}`),
        (error: Error) => end(error.message),
      );
      return running;
    },
    run: async (script, args, options) => {
      const end = telling(script, args, options?.title);
      try {
        const result = await host.run(script, args, options);
        end(`exit ${result.code}`);
        return result;
      } catch (error) {
        end((error as Error).message);
        throw error;
      }
    },
    connectTcp: async (address, port, timeoutMs) => {
      tell(`connects to ${address} port ${port}`);
      return host.connectTcp(address, port, timeoutMs);
    },
    exec: async (command, options) => {
      tell(`runs ${command.slice(0, shown)}`);
      return host.exec(command, options);
    },
    enter: async (guest) => {
      tell(`connects to ${guest.name} (${guest.user}@${guest.address})`);
      return host.enter(guest);
    },
  };
}
