import { spawn } from 'node:child_process';
import { ssh } from '../app/ssh.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { type Invocation, usageError, userName } from './options.ts';
import { realPorts } from './ports.ts';

export interface SshOptions {
  readonly user?: string;
  readonly tty?: boolean;
}

/** `fleet ssh NAME [--user U] [-t] [-- CMD…]`: exits as ssh does. */
export async function sshCommand(
  { common, signal, tell, rest }: Invocation,
  options: SshOptions,
  words: readonly string[],
): Promise<number> {
  const [name = '', ...more] = words.slice(0, words.length - (rest?.length ?? 0));
  if (name === '' || more.length > 0)
    throw usageError(
      'ssh.name',
      'one name, and a command behind --',
      'For instance: fleet ssh web1 -- uptime',
    );
  const user = userName(options.user);
  const ports = await realPorts(common);
  const {
    options: said,
    host,
    close,
  } = await ssh(ports, { where: common, name, user }, tell, signal);
  try {
    const command = rest && rest.length > 0 ? [rest.join(' ')] : [];
    // An ssh_config that says what runs there means those who say nothing.
    const own = command.length > 0 ? ['-o', 'RemoteCommand=none'] : [];
    const terminal = options.tty ? ['-t'] : [];
    return await run([...said, ...own, ...terminal, '--', host, ...command], signal);
  } finally {
    close();
  }
}

/** Runs ssh at our terminal, as our own. @throws FleetError `ssh.no-openssh` */
function run(words: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', words, { stdio: 'inherit' });
    const stop = () => void child.kill();
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', (cause) => {
      const hint = 'Install the OpenSSH client.';
      reject(new FleetError('ssh.no-openssh', 'ssh cannot be started', { hint, cause }));
    });
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? exitCodes.ownFailure);
    });
  });
}
