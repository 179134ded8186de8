import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import { hidesSystem, isWithin } from './volumes.ts';

/** Of the hypervisor's own: its keys and secrets, its kernel's interfaces, what guests are made of. */
const own = [
  '/boot',
  '/dev',
  '/etc',
  '/nix',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/var/lib/fleet',
  '/var/lib/microvms',
  '/var/lib/tailscale',
];
/** Of these, folders inside may be what is meant to be shared. */
const inPart = ['/etc', '/run'];

/** A share has a place in the guest for itself. */
export function* distinctShares({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    if (vm.merged.shares.length === 0) continue;
    // Volumes among themselves are another rule's.
    const volumes = new Set(vm.merged.volumes.map(({ mount }) => mount));
    const shares = new Set<string>();
    for (const { path, settings } of vm.layers) {
      for (const [i, { mount }] of (settings.shares ?? []).entries()) {
        const other = shares.has(mount) ? 'another share' : volumes.has(mount) && 'a volume';
        if (other) {
          const message = `vm ${vm.name} has ${other} at ${mount}, too`;
          const hint = 'mount one of the two elsewhere';
          yield { code: 'E523', path: [...path, 'shares', i, 'mount'], message, hint };
        }
        shares.add(mount);
      }
    }
  }
}

/** A share hides nothing that the guest needs and shows nothing that is the hypervisor's own. */
export function* harmlessShares({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [i, { source, mount }] of (settings.shares ?? []).entries()) {
      const at = [...path, 'shares', i];
      if (hidesSystem(mount) || isWithin(mount, '/nix')) {
        const message = `a share at ${mount} would hide what the guest needs there`;
        const hint = 'mount it at another place, such as /srv';
        yield { code: 'E524', path: [...at, 'mount'], message, hint };
      }
      const shown = own.find(
        (folder) =>
          isWithin(folder, source) || (isWithin(source, folder) && !inPart.includes(folder)),
      );
      if (shown !== undefined) yield shows(source, shown, [...at, 'source']);
    }
  }
}

const shows = (source: string, shown: string, path: Path): Finding => ({
  code: 'E524',
  path,
  message: `${source} would show a guest ${shown} of the hypervisor`,
  hint: 'share a folder made for it, such as /srv/media',
});

/** Who may write to the checkout writes what the hypervisor builds, and what git runs there as root. */
export function* sharedCheckouts({ vms, hypervisors }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    const checkout = hypervisors.get(vm.yaml.on)?.yaml.checkout;
    // The usual one is in a folder that is not shared anyway.
    if (checkout === undefined || isWithin(checkout, '/var/lib/fleet')) continue;
    for (const { path, settings } of vm.layers) {
      for (const [i, { source }] of (settings.shares ?? []).entries()) {
        if (!isWithin(checkout, source) && !isWithin(source, checkout)) continue;
        yield shows(source, `the checkout ${checkout}`, [...path, 'shares', i, 'source']);
      }
    }
  }
}
