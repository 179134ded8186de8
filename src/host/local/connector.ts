import { FleetError } from '../../model/errors.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import type { Host, HostConnector } from '../host.ts';
import { openGuestLink } from '../ssh/enter.ts';
import { openCommand, openScript } from '../ssh/open.ts';
import type { SshOptions } from '../ssh/open-link.ts';
import { runScript } from '../ssh/run.ts';
import { sshdAnswers } from './dial.ts';
import { localLink } from './link.ts';

/** Ms for sshd on this machine to greet. */
const greetMs = 3000;

/**
 * The hypervisor that fleet runs on, without ssh. Whoever runs fleet is root already: nothing asks for sudo.
 *
 * Over ssh a fresh connection also proves that people can still get in. Here it is a new process, and proves only that
 * commands run; so if sshd answered when fleet first looked, it has to answer at each fresh connection from then on. One
 * that was silent from the beginning (a cut network, a broken sshd: why somebody is at the console) is not asked for.
 */
export function localConnector(here: string, options: SshOptions): HostConnector {
  let answered: boolean | undefined;
  return {
    connect: async (hypervisor) => {
      const { name, ssh } = hypervisor;
      if (name !== here)
        throw new FleetError('local.elsewhere', `${name}: --local reaches ${here} alone`, {
          hint: `From a desk, over ssh, leave --local out; or run it on ${name}.`,
        });
      const port = ssh.port ?? 22;
      const answers = await sshdAnswers(port, greetMs);
      answered ??= answers;
      if (answered && !answers)
        // `ssh.`: as any connection that cannot be made, it is tried again until it can be, or the hypervisor rolls back.
        throw new FleetError(
          'ssh.none-here',
          `${name}: sshd on this machine answered at the beginning, and does not any more (port ${port})`,
          { hint: 'Whoever is not at its console cannot log in now: systemctl status sshd' },
        );
      return localHost(hypervisor, options, port);
    },
  };
}

function localHost({ name, ssh }: Hypervisor, options: SshOptions, port: number): Host {
  const surroundings = { ...options.surroundings, env: environment(options.surroundings.env) };
  const link = localLink(name, surroundings);
  const login = localLink(name, surroundings, surroundings.env.SHELL ?? 'sh');
  return {
    name,
    user: link.at.user,
    publicKey: undefined,
    address: 'localhost',
    port,
    open: (script, args, open) => openScript(link, false, script, args, open),
    run: (script, args, run) => runScript(link, false, script, args, run),
    exec: (command, exec) => openCommand(login, command, exec),
    connectTcp: (address, to, timeoutMs) => link.forward(address, to, timeoutMs),
    enter: async (guest) => {
      const entered = await openGuestLink({ to: ssh, name, link, isHere: true }, guest, options);
      return {
        name: guest.name,
        user: entered.at.user,
        exec: (command, exec) => openCommand(entered, command, exec),
        close: () => entered.close(),
      };
    },
    close: () => {
      link.close();
      login.close();
    },
  };
}

/** Variables that scripts get: those that a login has. Over ssh none of the desk's reach them. */
const passed = ['HOME', 'LANG', 'LOGNAME', 'SHELL', 'TERM', 'TMPDIR', 'USER'];

/** NixOS has its tools here; a rescue shell may have another PATH. */
const tools = ['/run/wrappers/bin', '/run/current-system/sw/bin'];

function environment(env: Surroundings['env']): Surroundings['env'] {
  const root = env.FLEET_ROOT;
  const path = (env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin').split(':');
  const more = root === undefined ? tools.filter((folder) => !path.includes(folder)) : [];
  return {
    ...Object.fromEntries(passed.flatMap((key) => (env[key] ? [[key, env[key]]] : []))),
    PATH: [...path, ...more].join(':'),
    ...(env.SSH_CONNECTION && { SSH_CONNECTION: env.SSH_CONNECTION }),
    ...(root !== undefined && { FLEET_ROOT: root }),
  };
}
