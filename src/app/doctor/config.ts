import { posix } from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { ConfigError, FleetError } from '../../model/errors.ts';
import { Examination } from '../../model/examined.ts';
import { timestamp } from '../../model/time.ts';
import { readWithin } from '../../repo/work-tree.ts';
import type { LocalPorts } from '../ports.ts';
import { schemaFile, schemaText } from '../schema.ts';
import { lastKnown } from '../workspace/known-config.ts';
import { type Config, readConfig } from '../workspace/read-config.ts';
import type { Where } from '../workspace/where.ts';

/** How many mistakes of a fleet.yaml are told; `fleet validate` tells all. */
const told = 5;

/** fleet.yaml, or the last usable one in git, and what is wrong with it; undefined: there is none. */
export async function examineConfig(
  ports: LocalPorts,
  where: Where,
): Promise<{ found: Examination; config: Config | undefined }> {
  const found = new Examination('fleet.yaml');
  try {
    const config = readConfig(ports, where, { lacking: true });
    found.ok('valid');
    for (const [check, code] of [
      ['decided', 'W120'],
      ['hardware', 'W506'],
      ['keys', 'W507'],
    ] as const) {
      const own = config.warnings.filter((warning) => warning.code === code);
      if (own.length === 0) found.ok(check);
      for (const one of own) found.wrong(check, placed(one), one.hint ?? '', { code });
    }
    examineSchema(found, config);
    return { found, config };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    sayInvalid(found, error);
    const known = await lastKnown(ports, where).catch(() => undefined);
    if (known)
      found.note(
        'last valid',
        `the rest goes by fleet.yaml of commit ${known.commit.slice(0, 8)}, ${timestamp(known.at)}`,
      );
    else found.note('hypervisors', 'not looked at: nothing here says which there are');
    return { found, config: known?.config };
  }
}

function sayInvalid(found: Examination, error: FleetError): void {
  if (!(error instanceof ConfigError)) {
    found.failed('readable', error);
    return;
  }
  const errors = error.diagnostics.filter(({ severity }) => severity === 'error');
  for (const one of errors.slice(0, told))
    found.wrong('valid', placed(one), one.hint ?? '', { code: one.code });
  if (errors.length > told)
    found.wrong(
      'valid',
      `${errors.length - told} more mistakes`,
      'To see them all: fleet validate',
    );
}

const placed = ({ file, line, column, message }: Diagnostic): string =>
  `${file}:${line}:${column} ${message}`;

/**
 * The schema that editors go by, where the first lines name a file. An old one calls right what is wrong, but only in an
 * editor: nothing is deployed by it.
 */
function examineSchema(found: Examination, { directory, config, text }: Config): void {
  const [, named] = /^#\s*yaml-language-server:\s*\$schema=(\S+)/m.exec(text.slice(0, 4096)) ?? [];
  if (named === undefined || /^[a-z]+:/i.test(named)) return;
  const path = posix.join(posix.dirname(config), named);
  const renew = `fleet schema > ${isSchema(path) ? path : schemaFile}`;
  let theirs: string | undefined;
  try {
    theirs = readWithin(directory, path);
  } catch {
    // Outside of the repository, or no file: as good as missing to whoever has only the repository.
  }
  if (theirs === undefined)
    found.note(
      'schema',
      `${path}, which ${config} names, cannot be read: editors check nothing`,
      renew,
    );
  else if (isSame(theirs, schemaText())) found.ok('schema');
  else
    found.note(
      'schema',
      `${path} is not this fleet's: editors check by another version`,
      `${renew}\nUnless somebody here has a newer fleet: then update this one.`,
    );
}

/** Whoever types what is advised writes it: no file of another kind, and none out of the repository, is named. */
const isSchema = (path: string): boolean =>
  /^[\w./-]+\.json$/.test(path) &&
  path.split('/').every((part) => !/^(|\.\.|\.git|-.*)$/i.test(part));

function isSame(one: string, other: string): boolean {
  try {
    return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
}
