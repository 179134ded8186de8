import { cleanUp, findUnowned, mayGo } from '../app/cleanup.ts';
import { exitCodes } from '../model/errors.ts';
import { cleanedText, leftoversText } from '../report/cleanup-text.ts';
import { cleanupDocument, documentText } from '../report/documents.ts';
import { styleFor } from '../report/style.ts';
import { agreed } from './cleanup-questions.ts';
import { type Invocation, usageError } from './options.ts';
import { realPorts } from './ports.ts';

export interface CleanupOptions {
  readonly volumes?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `fleet cleanup [SEL] [--volumes NAMES]`: shows what nobody owns, asks, deletes it. Exit 1 when a hypervisor fails. */
export async function cleanupCommand(
  { common, signal, tell }: Invocation,
  { volumes, yes = false, json = false }: CleanupOptions,
  [on]: readonly string[],
): Promise<number> {
  const ports = await realPorts(common);
  const names = volumes === undefined ? [] : vmNames(volumes);
  const input = { where: common, volumes: names, ...(on !== undefined && { on }) };
  const found = await findUnowned(ports, input, tell, signal);
  const silent = found.found.filter(({ answer }) => answer instanceof Error);
  const shown = json ? process.stderr : process.stdout;
  shown.write(leftoversText(found.found, ports.clock.now() / 1000, styleFor(shown)));
  const wanted = mayGo(found.found, new Set(names));
  const chosen = wanted.length > 0 ? await agreed(wanted, names, yes, signal) : [];
  if (wanted.length > 0 && chosen.length === 0) {
    process.stderr.write('Nothing was deleted.\n');
    if (json) process.stdout.write(documentText(cleanupDocument(found.found, [], true)));
    return exitCodes.failed;
  }
  const cleaned = chosen.length > 0 ? await cleanUp(ports, found, chosen, signal) : [];
  process.stdout.write(
    json
      ? documentText(cleanupDocument(found.found, cleaned))
      : cleanedText(cleaned, styleFor(process.stdout)),
  );
  const isWell = cleaned.every(
    ({ answer }) => !(answer instanceof Error) && answer.kept.length === 0,
  );
  return isWell && silent.length === 0 ? exitCodes.ok : exitCodes.failed;
}

/** @throws FleetError `options.volumes`: a pattern could name more than whoever wrote it thinks of */
function vmNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-z0-9][a-z0-9-]*$/.test(name));
  if (wrong === undefined) return names;
  throw usageError(
    'options.volumes',
    `--volumes ${wrong} is not the name of a vm`,
    'Names in full, with commas between: no patterns, no tags.',
  );
}
