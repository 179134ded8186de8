import { findHere } from '../app/here.ts';
import { thisMachine } from './machine.ts';
import { type CommonOptions, usageError } from './options.ts';
import { localPorts } from './ports.ts';
import { teller } from './tell.ts';

/**
 * `--local`: what fleet.yaml calls this machine, and where that is.
 * @param options of the command; `--on` selects, too
 * @throws FleetError `local.*`
 */
export async function hereOf(
  common: CommonOptions,
  name: string | undefined,
  options: { readonly on?: string },
  names: readonly string[],
): Promise<CommonOptions> {
  const { isRoot, ...machine } = thisMachine();
  if (!isRoot)
    throw usageError(
      'local.not-root',
      '--local has to be run by root: it reads what only root may',
      'sudo fleet …, with the same words. From a desk, over ssh, leave --local out.',
    );
  const { on } = options;
  const selected = on === undefined ? names : [...names, on];
  const asked = { where: common, selected, ...(name !== undefined && { name }) };
  return { ...common, ...(await findHere(localPorts(true), machine, asked, teller(common))) };
}
