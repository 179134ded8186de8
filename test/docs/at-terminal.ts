import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const mark = '\x1e';

/**
 * Types commands one after the other into one shell at a terminal, as a reader does; the first that fails is the last.
 * Enter is the answer to a question that offers something, `y` that to one that only asks.
 * @param folder where it begins, and where it keeps a file of its own
 * @returns the shell's exit code, and what was on the screen from each command on
 */
export async function atTerminal(
  commands: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly screens: readonly string[] }> {
  const file = join(folder, 'typed.sh');
  const typed = commands.map((command) => `printf '${mark}\\n'\n${command}\n`);
  writeFileSync(file, `set -e\nstty cols 120\n${typed.join('')}`);
  const child = spawn('script', ['-qefc', `sh ${file}`, '/dev/null'], {
    cwd: folder,
    // No colours, and no rows that change.
    env: { ...env, TERM: 'dumb', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let answered = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [question] = /(\[y\/N\]|\[[^\]\n]+\]:) $/.exec(screen.slice(answered)) ?? [];
    if (question === undefined) return;
    answered = screen.length;
    child.stdin.write(question.startsWith('[y/N]') ? 'y\r' : '\r');
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 255));
  });
  return { code, screens: screen.replaceAll('\r', '').split(`${mark}\n`).slice(1) };
}
