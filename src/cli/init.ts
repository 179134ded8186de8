import { readGivenFiles } from '../app/init/given-files.ts';
import { lookAtHost, nameOfHost } from '../app/init/look-at-host.ts';
import { commitFirst, type Initialised, init, requireNoFleet } from '../app/init.ts';
import type { Ports } from '../app/ports.ts';
import { exitCodes } from '../model/errors.ts';
import { wrapHint } from '../report/wrap.ts';
import { canAsk, confirm } from './ask.ts';
import { answers, atTerminal } from './init-questions.ts';
import { type Invocation, refusePointless } from './options.ts';
import { realPorts } from './ports.ts';

export interface InitOptions {
  readonly from?: string;
  readonly name?: string;
  readonly hypervisor?: string;
  readonly ssh?: string;
  readonly system?: string;
  readonly stateVersion?: string;
  readonly uplink?: string;
  readonly sshKey?: string;
  readonly hardware?: string;
  readonly commit?: boolean;
}

/**
 * `fleet init`: a first fleet.yaml with one hypervisor; with --from also what that one already runs.
 * Nothing that exists is overwritten, and nothing is changed on the hypervisor.
 */
export async function initCommand(
  { common, signal, tell }: Invocation,
  options: InitOptions,
): Promise<number> {
  const { from, hardware, name, stateVersion, system, uplink } = options;
  if (from !== undefined)
    refusePointless(options, ['--ssh'], '--from names the hypervisor, and reads it');
  const ports = await realPorts(common);
  requireNoFleet(ports, common);
  const asker = atTerminal(signal);
  const flags = {
    ssh: from ?? options.ssh,
    name: options.hypervisor,
    uplink,
    system,
    stateVersion,
  };
  // Of a host that nobody names nothing is to be seen, either.
  const unseen = flags.ssh === undefined && !asker.canAsk;
  const { ssh } = await answers(
    asker,
    unseen ? ['ssh', 'uplink', 'system', 'stateVersion'] : ['ssh'],
    flags,
  );
  const given = readGivenFiles(ports, options);
  const isKnown = Boolean(system && stateVersion && uplink && given.hardware);
  const seen = await lookAtHost(ports, { ssh, reads: from !== undefined, isKnown }, tell, signal);
  const usual = { ...seen, name: nameOfHost(ssh) ?? seen.name ?? 'hv1' };
  const more = await answers(asker, ['name', 'uplink', 'system', 'stateVersion'], flags, usual);
  const made = await init(ports, {
    where: common,
    answers: { ssh, ...more },
    seen,
    given,
    ...(name !== undefined && { name }),
    ...(hardware !== undefined && { hardwareFile: hardware }),
    // At once: should a later one not be written, it is known which are there.
    onFile: (path, isKept) => void process.stdout.write(`${isKept ? 'kept' : 'wrote'} ${path}\n`),
  });
  for (const text of made.notes) process.stderr.write(`${wrapHint(text, 0)}\n`);
  const isCommitted = await firstCommit(ports, made, options, signal);
  const git = isCommitted ? '' : `  git add ${[...made.files.keys()].join(' ')}\n`;
  const next = seen.found ? 'decide what it asks' : 'describe a network and a vm in it';
  process.stderr.write(`\nNext: ${next}, then\n${git}  fleet plan\n`);
  return exitCodes.ok;
}

/** Commits what was written when that is wanted: by --commit, or by whoever is there to be asked. */
async function firstCommit(
  ports: Ports,
  made: Initialised,
  { commit }: InitOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const isWanted = commit ?? (canAsk() && (await confirm('Commit these files?', signal)));
  if (!isWanted) return false;
  const id = await commitFirst(ports, made);
  process.stdout.write(`committed ${id.slice(0, 8)}\n`);
  return true;
}
