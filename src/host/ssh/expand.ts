import { userInfo } from 'node:os';
import { FleetError } from '../../model/errors.ts';

/** The home directory that OpenSSH means by `~`: the password database's, whatever $HOME says. */
export function sshHome(): string {
  return userInfo().homedir;
}

/** `~` and `~/…` as OpenSSH expands them; another user's home is left alone. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? sshHome() + path.slice(1) : path;
}

/** Replaces `%x` by `tokens.x`. `ssh -G` leaves tokens of IdentityFile and ProxyCommand unexpanded. */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.?)/gs, (whole, letter: string) => {
    if (letter === '%') return '%';
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value !== undefined) return value;
    throw new FleetError('ssh.config', `ssh_config: fleet does not know ${whole} in "${text}"`, {
      hint: `Write out what ${whole} stands for.`,
    });
  });
}
