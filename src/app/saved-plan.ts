import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { exitCodes, FleetError } from '../model/errors.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { formatPlanFile, type PlanFile, parsePlanFile, planFile } from '../plan/plan-file.ts';
import { select } from '../plan/selectors.ts';
import { readRegular } from '../repo/work-tree.ts';
import type { LocalPorts } from './ports.ts';
import type { Survey } from './survey/survey.ts';
import { readConfig } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

/** Desk and hypervisors as they were seen, as a plan file has them: a survey for another process. */
export function planFileOf(seen: Survey): PlanFile {
  const { workspace } = seen;
  const { lock } = seen.commit;
  return planFile({
    now: seen.at,
    on: seen.on,
    release: seen.release,
    head: seen.commit.head,
    config: workspace.config,
    files: new Map([
      ...workspace.rendered,
      [workspace.config, workspace.text],
      ...(lock === undefined ? [] : [['flake.lock', lock] as const]),
    ]),
    facts: new Map(seen.contacts.map((c) => [c.hypervisor.name, c.facts])),
    plan: seen.plan,
  });
}

/** Why what apply would do is not known, or cannot be done: such a plan is not worth keeping. */
export function requireSavable(seen: Survey): void {
  const reasons = [
    ...seen.plan.hypervisors.flatMap((h) => [
      ...(h.unreachable === undefined ? [] : [`${h.name} cannot be reached: ${h.unreachable}`]),
      ...h.problems.map((problem) => `${h.name}: ${problem}`),
    ]),
    ...(seen.commit.needsLock
      ? ['create flake.lock first (fleet update): it decides what is built']
      : []),
  ];
  if (reasons.length === 0) return;
  throw new FleetError('plan.not-saved', 'not saved: this plan cannot be applied', {
    detail: reasons.join('\n'),
    hint: 'Fix that and plan again, or leave hypervisors out with --on.',
  });
}

/** Where a plan may be written, absolute. @throws FleetError in git's own folder, or for a user's file. */
export function planPath({ cwd }: Pick<LocalPorts, 'cwd'>, path: string): string {
  const refuse = (code: string, message: string, hint?: string) =>
    new FleetError(code, message, { exitCode: exitCodes.usage, ...(hint && { hint }) });
  let folder: string;
  try {
    folder = realpathSync(dirname(resolve(cwd, path)));
  } catch {
    throw refuse('plan.no-folder', `there is no folder ${dirname(resolve(cwd, path))}`);
  }
  const file = join(folder, basename(path));
  if (file.toLowerCase().split(sep).includes('.git')) {
    throw refuse('plan.in-git', `${path} is in git's own folder: save the plan elsewhere`);
  }
  const there = statSync(file, { throwIfNoEntry: false });
  if (!there) return file;
  if (!there.isFile()) throw refuse('plan.in-the-way', `${path} exists and is not a file`);
  try {
    readPlanFile({ cwd }, file);
  } catch {
    throw refuse(
      'plan.in-the-way',
      `${path} exists and is not a saved plan`,
      'fleet does not overwrite it.',
    );
  }
  return file;
}

/** Whole or not at all, for nobody else to read. @param file what `planPath` gave */
export function savePlan(file: string, plan: PlanFile): void {
  const fresh = join(dirname(file), `.fleet-plan-${randomUUID()}`);
  try {
    writeFileSync(fresh, formatPlanFile(plan), { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('plan.not-written', `cannot write ${file} (${code})`);
  }
}

/**
 * The plan that apply is given. Where there is no such file, and it is a name of fleet.yaml, --on was meant.
 * @throws FleetError as `readPlanFile`
 */
export function givenPlan(ports: LocalPorts, where: Where, path: string): PlanFile {
  try {
    return readPlanFile(ports, path);
  } catch (error) {
    const isThere = existsSync(resolve(ports.cwd, path));
    if (isThere || !(error instanceof FleetError) || !isSelector(ports, where, path)) throw error;
    throw error.retold({
      message: `there is no file ${path}: apply takes a saved plan, and names with --on`,
      hint: `did you mean --on ${shellQuote(path)}?`,
    });
  }
}

/** Whether it selects something of fleet.yaml; of one that cannot be read, nothing. */
function isSelector(ports: LocalPorts, where: Where, text: string): boolean {
  try {
    select(readConfig(ports, where).index.fleet, text);
    return true;
  } catch {
    return false;
  }
}

/** @throws FleetError `plan.not-a-plan` when it is not one, or not there. */
export function readPlanFile({ cwd }: Pick<LocalPorts, 'cwd'>, path: string): PlanFile {
  let text: string;
  try {
    text = readRegular(resolve(cwd, path));
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('plan.not-a-plan', `cannot read ${path} (${code})`, {
      exitCode: exitCodes.usage,
      hint: '`fleet plan --out FILE` writes one.',
    });
  }
  return parsePlanFile(text, path);
}
