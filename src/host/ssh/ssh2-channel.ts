import type { ClientChannel } from 'ssh2';
import type { Exit, Terminal } from '../host.ts';
import { exitOf } from './exit-of.ts';
import type { Forwarder } from './forward.ts';
import type { Channel } from './link.ts';
import { noSession } from './lost.ts';

/** Starts a command through ssh2. @throws FleetError `ssh.lost`, `ssh.no-session`. */
export function ssh2Channel(
  link: Forwarder,
  command: string,
  pty: Terminal | undefined,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const onLost = () => reject(link.lost('a script was started'));
    if (link.isClosed) return onLost();
    link.client.once('close', onLost);
    const terminal = pty && { term: pty.type, cols: pty.columns, rows: pty.rows };
    try {
      link.client.exec(command, { ...(terminal && { pty: terminal }) }, (error, channel) => {
        link.client.removeListener('close', onLost);
        if (channel && !error) resolve(asChannel(channel, link));
        else if (link.isClosed) onLost();
        else reject(noSession(link.label, error?.message ?? 'no session', error));
      });
    } catch {
      onLost(); // ssh2 throws when the socket is half closed
    }
  });
}

function asChannel(channel: ClientChannel, link: Forwarder): Channel {
  const exit = new Promise<Exit | undefined>((resolve) => {
    let seen: Exit | undefined;
    const onLost = () => resolve(undefined);
    link.client.once('close', onLost);
    channel.once('exit', (code: number | null, signal?: string) => {
      seen = exitOf(code, signal);
    });
    const ended = [channel, channel.stderr].map(
      (s) => new Promise((done) => s.once('close', done)),
    );
    void Promise.all(ended).then(() => {
      link.client.removeListener('close', onLost);
      resolve(seen);
    });
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exit,
    close: () => {
      channel.close();
      // Nobody reads what had arrived.
      channel.resume();
      channel.stderr.resume();
    },
  };
}
