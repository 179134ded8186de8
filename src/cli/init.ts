import { readGivenFiles } from '../app/init/given-files.ts';
import { lookAtHost, nameOfHost } from '../app/init/look-at-host.ts';
import { hasFleet, init, requireNoFleet } from '../app/init.ts';
import { exitCodes } from '../model/errors.ts';
import { wrapHint } from '../report/wrap.ts';
import { doctorPorts } from './doctor-ports.ts';
import { commit, gitAdd } from './init-commit.ts';
import type { InitOptions } from './init-options.ts';
import { answers, atTerminal } from './init-questions.ts';
import { InitTold } from './init-told.ts';
import { addWorkflows } from './init-workflows.ts';
import { type Invocation, refusePointless } from './options.ts';
import { ownAction } from './version.ts';

/**
 * `fleet init`: a first fleet.yaml with one hypervisor; with --from also what that one already runs.
 * Nothing that exists is overwritten, and nothing is changed on the hypervisor. With --ci where there is a fleet.yaml:
 * workflows, and nothing else.
 */
export async function initCommand(invocation: Invocation, options: InitOptions): Promise<number> {
  const { common, signal, tell } = invocation;
  const { from, hardware, name, stateVersion, system, uplink } = options;
  if (from !== undefined)
    refusePointless(options, ['--ssh'], '--from names the hypervisor, and reads it');
  const ports = await doctorPorts(common);
  const told = new InitTold(options.json);
  const pipeline = { action: options.action ?? ownAction(), ...(options.ci && { ci: options.ci }) };
  if (options.ci !== undefined && hasFleet(ports, common))
    return addWorkflows(ports, invocation, options, pipeline, told);
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
