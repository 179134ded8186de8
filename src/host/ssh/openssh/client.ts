import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Surroundings } from '../../../model/surroundings.ts';
import type { Exit, Terminal } from '../../host.ts';
import type { Channel } from '../link.ts';

/** Options of an ssh that uses this master and connects nowhere else, whatever ssh_config says. */
export function throughMaster(socket: string): string[] {
  // Without its master ssh would connect by itself. This ProxyCommand makes that fail.
  const options = ['BatchMode=yes', 'ControlMaster=no', 'ProxyCommand=false', 'EscapeChar=none'];
  return ['-F', 'none', '-S', socket, ...options.flatMap((option) => ['-o', option])];
}

/** Starts ssh in a session of its own, so that Ctrl-C in our terminal does not reach it, and it cannot ask questions there. */
export function spawnSsh(
  args: readonly string[],
  env: Surroundings['env'],
): ChildProcessWithoutNullStreams {
  return spawn('ssh', args, { stdio: 'pipe', detached: true, env });
}

/** The exit status of an ssh; 255 may be its own failure. */
export function ended(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(255));
    child.once('close', (code) => resolve(code ?? 255));
  });
}

/** Starts a command through a master. ssh's own messages go to the file `log`. */
export function startCommand(
  socket: string,
  log: string,
  command: string,
  pty: Terminal | undefined,
  judge: (code: number) => Promise<Exit | undefined>,
  env: Surroundings['env'],
): { channel: Channel; child: ChildProcessWithoutNullStreams } {
  const words = [...throughMaster(socket), '-E', log, pty ? '-tt' : '-T', '--', 'fleet', command];
  const child = spawnSsh(words, pty ? { ...env, TERM: pty.type } : env);
  const { stdin, stdout, stderr } = child;
  const exit = ended(child).then(judge);
  exit.catch(() => {});
  const close = () => {
    child.kill('SIGKILL');
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  };
  return { channel: { stdin, stdout, stderr, exit, close }, child };
}

/** Opens a TCP connection through a master; `opened` is undefined if it could not be made. */
export function startForward(
  socket: string,
  address: string,
  port: number,
  env: Surroundings['env'],
): { child: ChildProcessWithoutNullStreams; opened: Promise<Duplex | undefined> } {
  const target = `[${address}]:${port}`;
  const child = spawnSsh(['-v', ...throughMaster(socket), '-W', target, '--', 'fleet'], env);
  const { stderr } = child;
  const opened = new Promise<Duplex | undefined>((resolve) => {
    let said = '';
    stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
      if (!said.includes('master session id')) return;
      stderr.removeAllListeners('data').resume();
      resolve(asDuplex(child));
    });
    void ended(child).then(() => resolve(undefined));
  });
  return { child, opened };
}

/** Standard input and output of a process as a connection, which ends with the process. */
function asDuplex(child: ChildProcessWithoutNullStreams): Duplex {
  const { stdin, stdout } = child;
  const duplex = new Duplex({
    read: () => void stdout.resume(),
    // A process that stops reading is no error: its output tells what happened.
    write: (chunk, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => {
      stdin.end();
      done();
    },
    destroy: (error, done) => {
      child.kill('SIGKILL');
      done(error);
    },
  });
  stdin.on('error', () => {});
  stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) stdout.pause();
  });
  stdout.once('end', () => duplex.push(null));
  child.once('close', () => duplex.end());
  return duplex;
}
