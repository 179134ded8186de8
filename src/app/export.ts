import { type Contact, connectAll } from '../deploy/connect-all.ts';
import { inParallel } from '../deploy/parallel.ts';
import { asFleetError } from '../deploy/put-back.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { expectedOf } from '../model/expected.ts';
import type { ExportResult } from '../model/export-result.ts';
import { publishedPort } from '../model/export-text.ts';
import type { Export, Vm } from '../model/fleet.ts';
import { isExporting } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import { select, selectNamed } from '../plan/selectors.ts';
import { fetchFile } from './export/fetch.ts';
import { expandPath } from './export/place.ts';
import { writeExport } from './export/write.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { notRunning } from './reach/running.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface ExportInput {
  readonly where: Where;
  /** Selectors; none: all vms with exports. */
  readonly names: readonly string[];
  /** Also replaces files that fleet did not write. */
  readonly overwrite?: boolean;
}

export interface Exported {
  readonly results: readonly ExportResult[];
  readonly exitCode: ExitCode;
}

/**
 * Fetches the exports of vms to where fleet.yaml says. Needs fleet.yaml and ssh, and neither git nor Nix.
 * @throws FleetError `export.nothing`, `select.nothing`; as `knownConfig`; Interrupted
 */
export async function exportFiles(
  ports: Ports,
  { where, names, overwrite = false }: ExportInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Exported> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { targets } =
      names.length > 0 ? selectNamed(index.fleet, names) : select(index.fleet, undefined);
    const vms = index.fleet.vms.filter((vm) => targets.has(vm.name) && isExporting(vm));
    if (vms.length === 0)
      throw new FleetError(
        'export.nothing',
        names.length === 0 ? 'no vm exports anything' : `${names.join(', ')}: nothing is exported`,
        {
          exitCode: exitCodes.usage,
          hint: 'What a vm exports stands under its exports in fleet.yaml.',
        },
      );
    const on = new Set(vms.map((vm) => vm.on));
    const contacts = await connectAll(
      index.fleet.hypervisors.filter(({ name }) => on.has(name)),
      ports,
    );
    const results = await exportOf(ports, index, contacts, vms, {
      isForced: overwrite,
      notRunning: ({ name }, { facts }) =>
        facts instanceof Error ? undefined : notRunning(name, facts.vms),
    });
    const isWhole = results.every(({ outcome }) => outcome !== 'failed');
    return { results, exitCode: isWhole ? exitCodes.ok : exitCodes.failed };
  });
}

/** Files that are read at a time: an sshd opens ten sessions on a connection (MaxSessions). */
const atOnce = 4;

export interface ExportOptions {
  /** Also replaces files that fleet did not write. */
  readonly isForced?: boolean;
  /** Why a guest need not be asked. Default: all are asked. */
  readonly notRunning?: (vm: Vm, contact: Contact) => FleetError | undefined;
}

/** Fetches the exports of vms over connections that are there. What fails is said of that export alone. */
export async function exportOf(
  ports: Pick<Ports, 'clock' | 'home' | 'surroundings'>,
  index: FleetIndex,
  contacts: readonly Contact[],
  vms: readonly Vm[],
  { isForced = false, notRunning = () => undefined }: ExportOptions = {},
): Promise<ExportResult[]> {
  const wanted = vms.flatMap((vm) => vm.exports.map((one) => ({ vm, one })));
  const fetched = await inParallel(wanted, atOnce, async ({ vm, one }) => {
    const contact = contacts.find(({ hypervisor }) => hypervisor.name === vm.on);
    return { vm, one, contact, content: await contentOf(contact, index, vm, one, notRunning) };
  });
  const results: ExportResult[] = [];
  // One after the other: two may be merged into one file.
  for (const { vm, one, contact, content } of fetched) {
    const { context, file, to } = one;
    const about = {
      ...{ vm: vm.name, hypervisor: vm.on, file, to: expandPath(to, ports.home) },
      ...(context !== undefined && { context }),
    };
    const failed = (error: unknown): ExportResult => ({
      ...about,
      ...{ outcome: 'failed', unreplaced: [], failure: asFleetError(error) },
    });
    if (content instanceof Error) {
      results.push(failed(content));
      continue;
    }
    const values = {
      address: () => expectedOf(vm, index.networks).address,
      hypervisor: () => contact?.host?.address ?? vm.on,
      port: (from: string) => String(publishedPort(from, vm.publish)),
    };
    results.push(
      await writeExport(ports, one, content, values, isForced).then(
        ({ place, isNew, unreplaced }): ExportResult => ({
          ...about,
          ...(place.real !== place.path && { behind: place.real }),
          ...{ outcome: isNew ? 'written' : 'unchanged', unreplaced },
        }),
        failed,
      ),
    );
  }
  return results;
}

async function contentOf(
  contact: Contact | undefined,
  index: FleetIndex,
  vm: Vm,
  one: Export,
  notRunning: NonNullable<ExportOptions['notRunning']>,
): Promise<Buffer | Error> {
  if (!contact?.host || contact.facts instanceof Error) return asFleetError(contact?.facts);
  const reason = notRunning(vm, contact);
  if (reason) return reason;
  try {
    return await fetchFile(contact.host, vm.name, expectedOf(vm, index.networks).address, one);
  } catch (error) {
    return asFleetError(error);
  }
}
