import { connectAll } from '../deploy/connect-all.ts';
import { unlock } from '../host/hypervisor/deployment.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { takeUp, whenBack } from '../model/take-up.ts';
import { timestamp } from '../model/time.ts';
import { confirm } from './ask.ts';
import { knownConfig } from './known-config.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';

/** `fleet unlock HYPERVISOR`: ends a deployment that died there; refuses while it is alive. */
export async function unlockCommand(
  invocation: Invocation,
  options: { readonly yes?: boolean },
  [name = '']: readonly string[],
): Promise<number> {
  const { index } = await knownConfig(invocation.common);
  const hypervisor = index.hypervisors.get(name);
  if (!hypervisor) {
    throw new FleetError('unlock.unknown', `fleet.yaml has no hypervisor called ${name}`, {
      exitCode: exitCodes.usage,
      hint: `hypervisors: ${index.fleet.hypervisors.map((h) => h.name).join(', ')}`,
    });
  }
  const [contact] = await connectAll([hypervisor], realPorts(invocation.common));
  try {
    sayUnknownState(contact ? [contact] : []);
    if (!contact?.host || contact.facts instanceof Error) throw contact?.facts;
    const open = contact.facts.lock ?? contact.facts.open[0];
    if (!open) {
      process.stdout.write(`${name} is not locked.\n`);
      return exitCodes.ok;
    }
    const { atWork, id, left, operation, owner, since } = open;
    const title = `${operation} ${id} of ${owner}, begun ${timestamp(since)}`;
    if (atWork) {
      throw new FleetError('unlock.at-work', `${title}, is still at work on ${name}`, {
        exitCode: exitCodes.locked,
        hint:
          open.decided === undefined
            ? `If its fleet is gone, ${name} rolls itself back and frees the lock ${whenBack(left)}. Before that: ${takeUp(open)}.`
            : 'It is about to end by itself.',
      });
    }
    process.stdout.write(
      `${title}, is no longer running.\n` +
        (open.decided === 'confirmed'
          ? 'It was confirmed; its records will be completed.\n'
          : 'What it changed will be rolled back.\n'),
    );
    if (!options.yes && !(await confirm(`Unlock ${name}?`, invocation.signal))) {
      process.stderr.write('Nothing was changed.\n');
      return exitCodes.failed;
    }
    const { host } = contact;
    const goesOn = () =>
      `${name} finishes it by itself: waiting for its answer. Ctrl-C again leaves at once.`;
    const result = await invocation.changing(goesOn, () => unlock(host, id));
    process.stdout.write(`${name} is free${result ? ` (${id}: ${result})` : ''}.\n`);
    return result === 'rollback-failed' ? exitCodes.rollbackFailed : exitCodes.ok;
  } finally {
    contact?.host?.close();
  }
}
