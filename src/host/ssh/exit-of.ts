import type { Exit } from '../host.ts';

/**
 * What ssh2 says of how a command ended. It is the word of whoever runs the sshd: a status of a process is one byte, and
 * a signal has a name of capitals.
 * @param code null: by a signal, whose name has SIG in front
 */
export function exitOf(code: number | null, signal?: string): Exit {
  if (code !== null) return { code: Math.min(code, 255) };
  const [, name] = /^SIG([A-Z0-9]{1,12})$/.exec(signal ?? '') ?? [];
  return { code: 255, ...(name !== undefined && { signal: name }) };
}
