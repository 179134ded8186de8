import { usageError } from './options.ts';

/** `--to N` with one name, `--to NAME=N` with any. @throws FleetError of usage */
export function readNumbers(
  names: readonly string[],
  to: readonly string[],
): Map<string, number | 'kept'> {
  return new Map(
    to.map((text) => {
      const at = text.lastIndexOf('=');
      const name = at < 0 ? names[0] : text.slice(0, at);
      const number = text.slice(at + 1);
      const refuse = (why: string, hint?: string) =>
        usageError('rollback.bad-generation', `--to ${text}: ${why}`, hint);
      if (at < 0 && names.length > 1)
        throw refuse('which of them is meant?', `Write --to NAME=${number}, once for each name.`);
      if (name === undefined) throw refuse('there is no name: what is to be rolled back?');
      if (!names.includes(name)) throw refuse(`${name} is not among the names to roll back`);
      if (number !== 'kept' && !/^[0-9]{1,9}$/.test(number))
        throw refuse(`${number} is not a generation number`);
      return [name, number === 'kept' ? 'kept' : Number(number)] as const;
    }),
  );
}
