import { addCi } from '../app/init/ci.ts';
import { readGivenFiles } from '../app/init/given-files.ts';
import { lookAtHost, nameOfHost } from '../app/init/look-at-host.ts';
import { commitWritten, hasFleet, type Initialised, init, requireNoFleet } from '../app/init.ts';
import type { Ports } from '../app/ports.ts';
import { exitCodes } from '../model/errors.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { wrapHint } from '../report/wrap.ts';
import { canAsk, confirm } from './ask.ts';
import { answers, atTerminal } from './init-questions.ts';
import { InitTold } from './init-told.ts';
import { type Invocation, refusePointless } from './options.ts';
import { doctorPorts } from './ports.ts';
import { ownAction } from './version.ts';

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
  readonly ci?: 'github' | 'forgejo' | 'none';
  readonly action?: string;
  readonly commit?: boolean;
  readonly json?: boolean;
}

/** What only a first fleet.yaml needs. */
const onlyFirst = [
  ...['--from', '--name', '--hypervisor', '--ssh', '--system', '--state-version', '--uplink'],
  ...['--ssh-key', '--hardware'],
];

/**
 * `fleet init`: a first fleet.yaml with one hypervisor; with --from also what that one already runs.
 * Nothing that exists is overwritten, and nothing is changed on the hypervisor. With --ci where there is a fleet.yaml:
 * workflows, and nothing else.
 */
export async function initCommand(
  { common, signal, tell }: Invocation,
  options: InitOptions,
): Promise<number> {
  const { from, hardware, name, stateVersion, system, uplink } = options;
  if (from !== undefined)
    refusePointless(options, ['--ssh'], '--from names the hypervisor, and reads it');
  const ports = await doctorPorts(common);
  const told = new InitTold(options.json);
  const pipeline = { action: options.action ?? ownAction(), ...(options.ci && { ci: options.ci }) };
  if (options.ci !== undefined && hasFleet(ports, common)) {
    refusePointless(options, onlyFirst, 'there is a fleet.yaml, and --ci adds workflows to it');
    const added = await addCi(ports, common, pipeline, signal, told.file);
    const id = await commit(ports, added, 'Workflows of the fleet', options, signal);
    told.end(id);
    if (told.hasWritten) {
      const git = id !== undefined ? '' : `  ${gitAdd(added)}\n`;
      process.stderr.write(
        `\nNext: keys and settings, as docs/ci.md of fleet says (The pipeline; also in its package)\n${git}`,
      );
    }
    return exitCodes.ok;
  }
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
  const made = await init(
    ports,
    {
      where: common,
      answers: { ssh, ...more },
      seen,
      given,
      ...(name !== undefined && { name }),
      ...(hardware !== undefined && { hardwareFile: hardware }),
      pipeline,
      onFile: told.file,
    },
    signal,
  );
  for (const text of made.notes) process.stderr.write(`${wrapHint(text, 0)}\n`);
  const id = await commit(ports, made, 'A fleet', options, signal);
  told.end(id, made.notes);
  const git = id !== undefined ? '' : `  ${gitAdd(made)}\n`;
  const next = seen.found ? 'decide what it asks' : 'describe a network and a vm in it';
  process.stderr.write(`\nNext: ${next}, then\n${git}  fleet plan\n`);
  return exitCodes.ok;
}

const gitAdd = ({ files }: Pick<Initialised, 'files'>): string =>
  `git add ${[...files.keys()].map(shellQuote).join(' ')}`;

/** Commits what was written when that is wanted: by --commit, or by whoever is there to be asked. @returns its id */
async function commit(
  ports: Ports,
  made: Pick<Initialised, 'directory' | 'files'>,
  message: string,
  { commit }: InitOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (made.files.size === 0) return undefined;
  const isWanted = commit ?? (canAsk() && (await confirm('Commit these files?', signal)));
  return isWanted ? commitWritten(ports, made, message, signal) : undefined;
}
