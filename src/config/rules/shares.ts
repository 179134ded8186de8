import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import { hidesSystem, isWithin } from './volumes.ts';

/** Folders of the hypervisor itself: keys and secrets, kernel interfaces, programs, and files that guests are made of. */
const own = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/etc/fleet',
  '/etc/nix',
  '/etc/nixos',
  '/etc/ssh',
  '/etc/static',
  '/etc/systemd',
  '/etc/wireguard',
  '/lib',
  '/lib64',
  '/nix',
  '/proc',
  '/root',
  '/run',
  '/run/agenix',
  '/run/booted-system',
  '/run/current-system',
  '/run/dbus',
  '/run/fleet',
  '/run/keys',
  '/run/secrets',
  '/run/systemd',
  '/run/udev',
  '/run/user',
  '/run/wrappers',
  '/sbin',
  '/sys',
  // anybody's, and gone after a reboot
  '/tmp',
  '/usr',
  '/var/lib/fleet',
  '/var/lib/microvms',
  '/var/lib/dbus',
  '/var/lib/nixos',
  '/var/lib/private',
  '/var/lib/sops-nix',
  '/var/lib/systemd',
  '/var/lib/tailscale',
  '/var/cron',
  '/var/spool/cron',
  '/var/tmp',
];
/** Folders inside these may be shared. */
const inPart = ['/etc', '/run', '/run/agenix', '/run/keys', '/run/secrets'];

/** Folders that are links on every NixOS. */
const links = [
  ['/var/run', '/run'],
  ['/var/lock', '/run/lock'],
] as const;

/** The path with such links resolved. */
function placeOf(path: string): string {
  const link = links.find(([from]) => isWithin(path, from));
  return link ? link[1] + path.slice(link[0].length) : path;
}

/**
 * The hypervisor's own folder that a share would expose, if any. With impermanence the originals are elsewhere, under the
 * same names (`/persist/etc/ssh`). Keys of ssh and gpg are private wherever they are.
 */
function shownBy(source: string): string | undefined {
  const place = placeOf(source);
  const keys = /^.*\/\.(ssh|gnupg)(?=\/|$)/.exec(place);
  return (
    keys?.[0] ??
    own.find(
      (folder) =>
        isWithin(folder, place) ||
        (isWithin(place, folder) && !inPart.includes(folder)) ||
        (folder.lastIndexOf('/') > 0 && `${place}/`.indexOf(`${folder}/`) > 0),
    )
  );
}

/** Not inside mounts from elsewhere. */
const mounted = ['/run/media', '/run/mount'];

/** Folders in which sops-nix, agenix and the like re-create links. */
const isPassing = (source: string): boolean =>
  /^\/run\/(secrets|agenix|keys|credentials)([.-][^/]*)?(\/|$)/.test(source);

/** A share needs a mount point of its own in the guest. */
export function* distinctShares({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    if (vm.merged.shares.length === 0) continue;
    // Another rule compares volumes with each other.
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

/** A share must not hide what the guest needs, nor expose the hypervisor's own files. */
export function* harmlessShares({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [i, { source, mount, readOnly }] of (settings.shares ?? []).entries()) {
      const at = [...path, 'shares', i];
      if (hidesSystem(mount) || isWithin(mount, '/nix')) {
        const message = `a share at ${mount} would hide what the guest needs there`;
        const hint = 'mount it at another place, such as /srv';
        yield { code: 'E524', path: [...at, 'mount'], message, hint };
      }
      const shown = shownBy(source);
      if (shown !== undefined) yield shows(source, shown, [...at, 'source']);
      else if (!readOnly && isOfSystem(source)) {
        const message = `the guest could write to ${source}, and what is there is the hypervisor's`;
        const hint = 'write readOnly: true, or share a folder made for it, such as /srv/media';
        yield { code: 'E524', path: [...at, 'source'], message, hint };
      } else if (isPassing(placeOf(source))) {
        const message = `${source} is replaced at every switch and reboot: a running guest goes on seeing the old folder, or an empty one`;
        const hint = 'give a qemu guest secrets as credentials, or share a folder that stays';
        yield { code: 'W504', path: [...at, 'source'], message, hint };
      }
    }
  }
}

const isOfSystem = (source: string): boolean =>
  ['/etc', '/run'].some((folder) => isWithin(placeOf(source), folder)) &&
  !mounted.some((folder) => isWithin(placeOf(source), folder));

const shows = (source: string, shown: string, path: Path): Finding => ({
  code: 'E524',
  path,
  message: `${source} would show a guest ${shown} of the hypervisor`,
  hint: 'share a folder made for it, such as /srv/media',
});

/** A path on a hypervisor, and who names it. */
interface Place {
  readonly what: string;
  readonly folder: string;
  readonly path: Path;
}

/**
 * The path of a share or credential must not lead through a folder that a guest writes to: virtiofsd runs as root, so root
 * in the guest could put a link there that root on the hypervisor follows.
 */
export function* separateShares({ hypervisors }: Draft): Iterable<Finding> {
  for (const { vms } of hypervisors.values()) {
    const shares: (Place & { readonly writable: boolean })[] = [];
    const others: Place[] = [];
    for (const vm of vms) {
      for (const layer of vm.layers) {
        for (const [i, share] of (layer.settings.shares ?? []).entries()) {
          const at = [...layer.path, 'shares', i, 'source'];
          const what = `the share ${share.mount} of ${vm.name}`;
          shares.push({
            what,
            folder: placeOf(share.source),
            path: at,
            writable: share.readOnly !== true,
          });
        }
        for (const [name, file] of Object.entries(layer.settings.credentials ?? {})) {
          const at = [...layer.path, 'credentials', name];
          others.push({
            what: `the credential ${name} of ${vm.name}`,
            folder: placeOf(file),
            path: at,
          });
        }
      }
    }
    if (shares.length > 0) yield* meeting(shares, others);
  }
}

/** A tree of path components, so that looking up a path is linear in its length. */
function* meeting(
  shares: readonly (Place & { readonly writable: boolean })[],
  others: readonly Place[],
): Iterable<Finding> {
  const byFolder = Map.groupBy(
    shares.filter(({ writable }) => writable),
    ({ folder }) => folder,
  );
  const said = new Set<string>();
  for (const place of [...shares, ...others]) {
    const isShare = 'writable' in place;
    for (const above of upTo(place.folder, !isShare)) {
      const outer = byFolder.get(above)?.[0];
      const key = JSON.stringify(place.path);
      if (!outer || said.has(key)) continue;
      said.add(key);
      const message = `${place.what} is at ${place.folder}, within ${outer.folder}, where the guest of ${outer.what} writes`;
      const hint = `it could place a link there to any file of the hypervisor: use a folder beside it, or readOnly: true`;
      yield { code: 'E540', path: place.path, message, hint };
    }
  }
}

/** `/a/b/c` → `/a`, `/a/b`, and itself when wanted. */
function upTo(folder: string, itself: boolean): string[] {
  const parts = folder.split('/').slice(1);
  const all = parts.map((_, n) => `/${parts.slice(0, n + 1).join('/')}`);
  return itself ? all : all.slice(0, -1);
}

/** A share must not contain the checkout: who can write there decides what the hypervisor builds and git runs as root. */
export function* sharedCheckouts({ vms, hypervisors }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    const checkout = hypervisors.get(vm.yaml.on)?.yaml.checkout;
    // The default checkout is in a folder that cannot be shared anyway.
    if (checkout === undefined || isWithin(checkout, '/var/lib/fleet')) continue;
    for (const { path, settings } of vm.layers) {
      for (const [i, { source }] of (settings.shares ?? []).entries()) {
        if (!isWithin(checkout, source) && !isWithin(source, checkout)) continue;
        yield shows(source, `the checkout ${checkout}`, [...path, 'shares', i, 'source']);
      }
    }
  }
}

/** Folders where guests, or all users, may write: git and Nix would run there as root on somebody else's files. */
const notForCheckouts = [
  '/tmp',
  '/var/tmp',
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/nix',
  '/home',
  '/var/lib/microvms',
];

/** The checkout has to be in a folder that only root writes to, and not where fleet keeps something else. */
export function* checkoutPlaces({ hypervisors }: Draft): Iterable<Finding> {
  for (const { yaml, path } of hypervisors.values()) {
    const { checkout } = yaml;
    if (checkout === undefined) continue;
    const inState =
      isWithin(checkout, '/var/lib/fleet') && !/^\/var\/lib\/fleet\/repo[^/]*$/.test(checkout);
    const bad = inState
      ? '/var/lib/fleet'
      : notForCheckouts.find((folder) => isWithin(checkout, folder));
    if (bad === undefined) continue;
    const message = `the checkout cannot be at ${checkout}: ${bad} is where others than root write, or where fleet keeps something else`;
    yield {
      code: 'E541',
      path: [...path, 'checkout'],
      message,
      hint: 'leave it out, or write /srv/fleet',
    };
  }
}

/** A credential must not be a file of a guest or of fleet. */
export function* credentialFiles({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [name, file] of Object.entries(settings.credentials ?? {})) {
      const bad = [
        '/var/lib/microvms',
        '/var/lib/fleet',
        '/proc',
        '/sys',
        '/dev',
        '/tmp',
        '/var/tmp',
      ].find((folder) => isWithin(file, folder));
      if (bad === undefined) continue;
      const message = `the credential ${name} is in ${bad}, where others than root write or fleet keeps its own`;
      yield {
        code: 'E540',
        path: [...path, 'credentials', name],
        message,
        hint: 'such as /etc/fleet-credentials/NAME',
      };
    }
  }
}
