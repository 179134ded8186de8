import { CommanderError } from 'commander';
import { parse } from 'shell-quote';
import { declaredProgram } from '../../src/cli/help/declared.ts';
import type { Code } from './pages.ts';

const shells = new Set(['', 'sh', 'console', undefined]);

/** Every `fleet …` in code that is for a shell, taken apart as a shell does. */
export function fleetCommands({ language, text }: Pick<Code, 'language' | 'text'>): string[][] {
  if (!shells.has(language)) return [];
  return commandLines(text, language).flatMap(commandsOf);
}

/** What is typed: all of a block, or what stands behind a prompt in a transcript. */
export function commandLines(text: string, language = ''): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  if (language !== 'console') return lines.map((line) => line.replace(/^\$ /, ''));
  return lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
}

/** Of one line: what stands between `|`, `&&`, `$(` and the like, where it begins with fleet. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const part of parse(line, (name) => `$${name}`)) {
    if (typeof part === 'string') commands.at(-1)?.push(part);
    else if ('comment' in part) break;
    else if (part.op === 'glob') commands.at(-1)?.push(part.pattern);
    else commands.push([]);
  }
  const inner = [...line.matchAll(/"\$\(([^)]*)\)/g)].flatMap(([, text = '']) => commandsOf(text));
  const own = commands.filter(([first]) => first === 'fleet').map((words) => words.slice(1));
  return [...own, ...inner];
}

/**
 * What fleet would say against it, by the very declarations of its commands and options; nothing is run.
 * @param isMention words in a line may leave arguments out: `fleet logs` is the command as such
 */
export function objection(words: readonly string[], isMention = false): string | undefined {
  const program = declaredProgram();
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  try {
    program.parse([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isFine =
      error.exitCode === 0 ||
      error.code === 'commander.help' ||
      (isMention && /issingArgument$/.test(error.code));
    return isFine ? undefined : error.message;
  }
}
