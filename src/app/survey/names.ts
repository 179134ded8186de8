import type { Contact } from '../../deploy/connect-all.ts';
import { exitCodes, FleetError } from '../../model/errors.ts';
import type { FleetIndex } from '../../model/index.ts';
import { meant } from '../../model/meant.ts';
import { systemName } from '../../model/names.ts';
import type { Selection } from '../../plan/selectors.ts';

const namesIn = (names: string | undefined): string[] =>
  (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** Warnings about names in `--release` and `--restart` that have no effect. */
export function pointless(
  index: FleetIndex,
  { targets }: Selection,
  contacts: readonly Contact[],
  release: ReadonlySet<string>,
  restart: ReadonlySet<string>,
): string[] {
  const said = (option: string, name: string) => `--${option} ${name} does nothing: ${name} is not`;
  const heldOn = new Map(contacts.map(({ hypervisor, facts }) => [hypervisor.name, facts]));
  return [
    ...[...restart].flatMap((name) =>
      targets.has(name) ? [] : [`${said('restart', name)} selected by --on`],
    ),
    ...[...release].flatMap((name) => {
      if (!targets.has(name)) return [`${said('release', name)} selected by --on`];
      const facts = heldOn.get(index.vms.get(name)?.on ?? name);
      const isKnown = facts !== undefined && !(facts instanceof Error);
      const target = index.vms.has(name) ? name : systemName;
      const isHeld =
        isKnown && (facts.held.has(target) || facts.stopped.get(name)?.isHeld === true);
      return isKnown && !isHeld ? [`${said('release', name)} held`] : [];
    }),
  ];
}

/** What `--restart` asks for: guests, or that none is restarted. @throws as `restartedNames` */
export function restartsOf(index: FleetIndex, said: string | undefined) {
  const isNone = said === 'never';
  return { restart: restartedNames(index, isNone ? undefined : said), restartsNone: isNone };
}

/** @throws FleetError for a name that no vm has, or a vm that fleet.yaml wants stopped. */
function restartedNames(index: FleetIndex, names: string | undefined): Set<string> {
  const restarted = namesIn(names);
  for (const name of restarted) {
    if (index.vms.get(name)?.state === 'running') continue;
    const why = index.vms.has(name) ? `${name} is stopped` : `there is no vm ${name}`;
    throw new FleetError('restart.unknown', `--restart: in fleet.yaml ${why}`, {
      exitCode: exitCodes.usage,
      hint: index.vms.has(name)
        ? `Leave it out, or have it run: state: running under vms.${name}.`
        : meant(name, index.fleet, ['vms']),
    });
  }
  return new Set(restarted);
}

/** @throws FleetError for a name that is not in the fleet: with a typo, the target would silently stay held. */
export function releasedNames(index: FleetIndex, names: string | undefined): Set<string> {
  const released = namesIn(names);
  const unknown = released.filter((name) => !index.vms.has(name) && !index.hypervisors.has(name));
  if (unknown.length > 0) {
    throw new FleetError(
      'release.unknown',
      `--release: fleet.yaml has no vm or hypervisor called ${unknown.join(', ')}`,
      {
        exitCode: exitCodes.usage,
        hint: meant(unknown[0] ?? '', index.fleet, ['vms', 'hypervisors']),
      },
    );
  }
  return new Set(released);
}
