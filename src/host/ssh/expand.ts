import { userInfo } from 'node:os';

/** The home directory that OpenSSH means by `~`: the password database's, whatever $HOME says. */
export function sshHome(): string {
  return userInfo().homedir;
}

/** `~` and `~/…` as OpenSSH expands them; another user's home is left alone. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? sshHome() + path.slice(1) : path;
}

/**
 * Replaces `%x` by `tokens.x`; undefined when it knows no such token.
 * `ssh -G` leaves tokens of IdentityFile and ProxyCommand unexpanded.
 */
export function expandTokens(
  text: string,
  tokens: Readonly<Record<string, string>>,
): string | undefined {
  let isKnown = true;
  const expanded = text.replace(/%(.?)/gs, (_whole, letter: string) => {
    if (letter === '%') return '%';
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? expanded : undefined;
}
