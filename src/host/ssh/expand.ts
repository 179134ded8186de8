import { userInfo } from 'node:os';

/** The home directory that OpenSSH uses for `~`: from the password database, not from $HOME. */
export function sshHome(): string {
  return userInfo().homedir;
}

/** Expands `~` and `~/…` as OpenSSH does, but not `~user`. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? sshHome() + path.slice(1) : path;
}

/**
 * Replaces `%x` by `tokens.x`, because `ssh -G` does not expand tokens in IdentityFile and ProxyCommand. Undefined for
 * a token that it does not know.
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
