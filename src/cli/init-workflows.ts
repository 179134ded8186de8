import { addCi, type CiWish } from '../app/init/ci.ts';
import type { DoctorPorts } from '../app/ports.ts';
import { exitCodes } from '../model/errors.ts';
import { commit, gitAdd } from './init-commit.ts';
import { type InitOptions, onlyFirst } from './init-options.ts';
import type { InitTold } from './init-told.ts';
import { type Invocation, refusePointless } from './options.ts';

/** `fleet init --ci` where there is a fleet.yaml: workflows, and nothing else. */
export async function addWorkflows(
  ports: DoctorPorts,
  { common, signal }: Invocation,
  options: InitOptions,
  pipeline: CiWish,
  told: InitTold,
): Promise<number> {
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
