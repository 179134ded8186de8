import { realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { exitCodes, FleetError } from '../model/errors.ts';
import { failureOf } from '../model/failure.ts';
import { failureMarkdown } from '../report/result-markdown.ts';
import { build } from './build.ts';
import { childEnvironment, run, type Signals } from './child.ts';
import { apply, rollback } from './deploy.ts';
import { type Event, readEvent } from './event.ts';
import { commentFailure } from './failed.ts';
import { Fleet } from './fleet.ts';
import { GitHub } from './github.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { install } from './install.ts';
import type { Job } from './job.ts';
import { writeKeys } from './keys.ts';
import { plan } from './plan.ts';
import { refuseUnsafe } from './refuse.ts';
import type { Runner } from './runner.ts';
import { validated } from './validate.ts';
import { verify } from './verify.ts';

/** What the Action brings with it. */
export interface Brought {
  /** Node. */
  readonly node: string;
  /** fleet's main file. */
  readonly fleet: string;
  readonly sleep: (ms: number) => Promise<void>;
}

const commands: Readonly<Record<Inputs['command'], (job: Job) => Promise<number>>> = {
  apply,
  build,
  plan,
  rollback,
  validate: validated,
  verify,
};

/** One step of a workflow. Never throws. @returns the exit code: the job fails unless it is 0 */
export async function action(runner: Runner, brought: Brought, signals: Signals): Promise<number> {
  try {
    return await step(runner, brought, signals);
  } catch (error) {
    runner.endGroup();
    if (!(error instanceof FleetError)) {
      runner.annotate(
        'error',
        `this is a bug in fleet's Action, please report it:\n${(error as Error).stack}`,
      );
      runner.output('outcome', signals.isSent ? 'interrupted' : 'failed');
      return exitCodes.failed;
    }
    const { code, detail, exitCode, hint, message } = error;
    runner.annotate('error', [message, detail, hint].filter(Boolean).join('\n'), {
      title: `fleet ${code}`,
    });
    runner.summary(`### fleet: failed\n\n${failureMarkdown(failureOf(error))}`);
    const ended = exitCode === exitCodes.usage ? 'invalid' : 'failed';
    runner.output('outcome', signals.isSent ? 'interrupted' : ended);
    return exitCode;
  }
}

async function step(runner: Runner, brought: Brought, signals: Signals): Promise<number> {
  const inputs = readInputs(runner);
  if (inputs.token !== undefined) runner.mask(inputs.token);
  const event = readEvent(runner);
  const folder = within(runner.get('GITHUB_WORKSPACE'), inputs.directory);
  const head = await headOf(runner, folder);
  refuseUnsafe(event, inputs, {
    head,
    sha: runner.get('GITHUB_SHA'),
    ref: runner.env.GITHUB_REF ?? '',
  });
  const keys = writeKeys(runner, inputs);
  try {
    const { version } = inputs;
    const main = version === undefined ? brought.fleet : await install(runner, version, signals);
    const words = [brought.node, main, ...keys.options];
    const git = await committer(runner, folder);
    const fleet = new Fleet(runner, words, folder, signals, git);
    const github =
      inputs.token === undefined ? undefined : new GitHub(runner, inputs.token, brought.sleep);
    const command = commands[inputs.command];
    const base = await baseOf(runner, folder, event, head);
    const job: Job = {
      runner,
      inputs,
      event,
      fleet,
      github,
      head: head ?? runner.get('GITHUB_SHA'),
      ...(base !== undefined && { base }),
    };
    try {
      return await command(job);
    } catch (error) {
      if (error instanceof FleetError && !signals.isSent)
        await commentFailure(job, failureOf(error));
      throw error;
    }
  } finally {
    keys.remove();
  }
}

/** The real folder. @throws FleetError `action.input` where a link leads out of the workspace */
function within(workspace: string, directory: string): string {
  try {
    const top = realpathSync(workspace);
    const folder = realpathSync(join(top, directory));
    const isWithin = folder === top || folder.startsWith(top + sep);
    // What git keeps of its own is nobody's work tree.
    if (isWithin && !relative(top, folder).split(sep).includes('.git')) return folder;
  } catch {
    // Said below.
  }
  throw new FleetError(
    'action.input',
    `there is no folder ${JSON.stringify(directory)} in the workspace`,
    {
      exitCode: exitCodes.usage,
      hint: 'A step before this one has to check the repository out: actions/checkout.',
    },
  );
}

/** The commit that is checked out; undefined: none. */
async function headOf(runner: Runner, cwd: string): Promise<string | undefined> {
  return git(runner, cwd, 'rev-parse', '--verify', 'HEAD');
}

/**
 * What a pull request is compared with, if it is in the clone: where its merge is checked out, what it is merged into, for the
 * branch may have moved on since the event.
 */
async function baseOf(
  runner: Runner,
  cwd: string,
  { base, pullRequest }: Event,
  head: string | undefined,
): Promise<string | undefined> {
  if (pullRequest === undefined) return undefined;
  const commit = (name: string) =>
    git(runner, cwd, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  const isMerge = head === runner.get('GITHUB_SHA') && (await commit('HEAD^2')) !== undefined;
  return isMerge ? commit('HEAD^1') : base === undefined ? undefined : commit(base);
}

/** Who commits, where git is not told: a runner has no name, and a plan without one cannot be applied. */
async function committer(runner: Runner, cwd: string): Promise<Record<string, string>> {
  if ((await git(runner, cwd, 'config', 'user.email')) !== undefined) return {};
  // That of GitHub's own workflows: with it commits are shown as theirs.
  const email = '41898282+github-actions[bot]@users.noreply.github.com';
  return Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'fleet'],
      [`GIT_${who}_EMAIL`, email],
    ]),
  );
}

/** What git says; undefined: it says no. */
async function git(
  runner: Runner,
  cwd: string,
  ...words: readonly string[]
): Promise<string | undefined> {
  // A folder of a commit may look like a bare repository, with a configuration that starts programs.
  const args = ['-c', 'safe.bareRepository=explicit', ...words];
  const { code, stdout } = await run({
    command: 'git',
    args,
    cwd,
    env: childEnvironment(runner.env),
  });
  return code === 0 ? stdout.trim() : undefined;
}
