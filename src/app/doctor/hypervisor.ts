import type { Host } from '../../host/host.ts';
import { examine, readRemote } from '../../host/hypervisor/look.ts';
import { FleetError } from '../../model/errors.ts';
import { Examination, type Examined } from '../../model/examined.ts';
import type { Facts } from '../../model/facts.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { FleetIndex } from '../../model/index.ts';
import { redact } from '../../model/redact.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import type { Clock } from '../../model/time.ts';
import { examineHypervisor } from '../../plan/examine.ts';
import type { RemoteState } from '../../repo/repo.ts';
import { strangers } from '../survey/strangers.ts';
import { attempt, type Clone } from './git.ts';

/** What the whole fleet's hypervisors are compared with. */
export interface Beside {
  readonly index: FleetIndex;
  readonly clock: Clock;
  readonly clone: Promise<Clone>;
  readonly remote: Promise<RemoteState | undefined>;
}

/** What a hypervisor that was reached says, and what is wrong with it. */
export interface Answered {
  readonly examined: readonly Examined[];
  readonly facts: Facts;
}

/** One round trip, and beside it the remote, asked from there. */
export async function askHypervisor(
  host: Host,
  hypervisor: Hypervisor,
  { index, clock, clone, remote }: Beside,
): Promise<Answered> {
  const { outset, settings, repo } = await clone;
  const isPulling = settings.transport === 'pull';
  const { url, branch } = outset ?? {};
  const reading =
    isPulling && url !== undefined && branch !== undefined
      ? attempt(readRemote(host, hypervisor, url, branch))
      : undefined;
  const asked = clock.now();
  const [seen, there] = await Promise.all([
    examine(host, hypervisor).then((said) => ({ ...said, asked, answered: clock.now() })),
    reading,
  ]);
  const found = new Examination(hypervisor.name);
  found.ok('ssh');
  found.all.push(...examineHypervisor(index, hypervisor, seen));
  const { facts } = seen;
  const state = await remote;
  if (reading === undefined) {
    if (isPulling)
      found.note('deploy key', 'not tried: this clone does not say where it pushes to');
  } else if (!facts.missingTools.includes('git')) {
    const { missing, fix } = judgeRemote(hypervisor.name, there, state, url, branch);
    if (missing === undefined) found.ok('deploy key');
    else found.wrong('deploy key', missing, fix, detailOf(there));
  }
  if (repo) {
    const contact = { hypervisor, host, facts };
    const others = await attempt(
      repo.head().then((head) => strangers(repo, settings, head, [contact], state)),
    );
    if (others instanceof FleetError) found.failed('history', others);
    else
      for (const other of others)
        found.wrong(
          'second writers',
          other,
          'Merge that branch here first, or find out who deploys from it.',
        );
  }
  return { examined: found.all, facts };
}

type There = string | undefined | FleetError;

/** @param there what the hypervisor sees of the branch */
function judgeRemote(
  name: string,
  there: There,
  state: RemoteState | undefined,
  url: string | undefined,
  branch: string | undefined,
): { missing?: string; fix: string } {
  const shown = redact(url ?? '');
  if (there instanceof FleetError)
    return {
      missing: `root there cannot read ${shown}${there.code === 'remote.silent' ? `: ${there.message}` : ''}`,
      fix: `${way(name, there.detail ?? '', shown)}\nOr let the commit travel over fleet's own connection, git: { transport: send } in fleet.yaml.`,
    };
  if (state?.head === undefined || there === state.head) return { fix: '' };
  return {
    missing:
      there === undefined
        ? `sees no branch ${branch} in ${shown}`
        : `sees ${branch} at ${there.slice(0, 8)} in ${shown}, this machine at ${state.head.slice(0, 8)}`,
    fix: 'Does git.url lead to the repository that is pushed to, or to a mirror that is behind?',
  };
}

/** The one place that goes by git's and ssh's words, for the hint alone. */
function way(name: string, said: string, url: string): string {
  if (/host key verification failed|remote host identification/i.test(said))
    return `The git server's host key is not known there: programs.ssh.knownHosts of ${name}, or as root there ssh to it once and compare the fingerprint.`;
  if (
    /denied|authenticat|could not read (username|password)|repository not found|\b40[134]\b/i.test(
      said,
    )
  )
    return `As root on ${name}: ssh-keygen -t ed25519\nThen add /root/.ssh/id_ed25519.pub to the repository as a deploy key that may read.`;
  return `As root on ${name}, to see more: git ls-remote ${shellQuote(url)}`;
}

const detailOf = (there: There) =>
  there instanceof FleetError
    ? { code: there.code, ...(there.detail !== undefined && { detail: redact(there.detail) }) }
    : {};

/** What keeps a hypervisor from letting us in with a key, by its error's code. */
const loginCodes: readonly string[] = ['ssh.auth-failed', 'ssh.identity-file'];

export const isRefusal = (error: unknown): boolean =>
  error instanceof FleetError && loginCodes.includes(error.code);

/** What it means that a hypervisor was not reached, or did not answer. */
export function unreached({ name }: Hypervisor, error: Error): Examined[] {
  const found = new Examination(name);
  if (!(error instanceof FleetError)) throw error;
  const { code } = error;
  if (code === 'ssh.no-openssh') {
    found.note('all of it', 'not looked at: there is no ssh on this machine');
    return found.all;
  }
  const check = /host-key/.test(code)
    ? 'host key'
    : isRefusal(error)
      ? 'login'
      : ({ 'ssh.not-started': 'sudo', 'ssh.config': 'ssh config' }[code] ??
        (code.startsWith('ssh.') ? 'reachable' : 'answer'));
  found.failed(check, error, 'ssh -v shows more.');
  found.note('the rest', 'not looked at');
  return found.all;
}
