import { usual } from './options.ts';

/**
 * `validate` as editors and hooks call it, at every save: without the code that understands all commands
 * and options. Undefined for everything else. Returns the exit code.
 */
export async function quick(args: readonly string[]): Promise<number | undefined> {
  const elsewhere = args[0] === '-C' && args.length > 1;
  const [command, ...options] = elsewhere ? args.slice(2) : args;
  const json = options.length === 1 && options[0] === '--json';
  if (command !== 'validate' || (options.length > 0 && !json)) return undefined;
  const common = { ...usual, ...(elsewhere && { directory: args[1]! }) };
  try {
    const { validateCommand } = await import('./validate.ts');
    return await validateCommand({ common }, { json });
  } catch (error) {
    return (await import('./report-error.ts')).reportError(error, { json });
  }
}
