import { quotePart, splitKey } from '../../model/config.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftHypervisor } from '../normalise.ts';
import { type Fields, isFields } from '../tree.ts';

/**
 * An option that `config` cannot set, or not to anything but what it `is`. Two definitions that differ
 * would fail at the build on the hypervisor, without a line of fleet.yaml.
 */
interface Taken {
  readonly is?: boolean | string;
  readonly hint: string;
}
type Options = Readonly<Record<string, Taken>>;

const field = (name: string): Taken => ({ hint: `use ${name}: instead` });
const fixed = (is: boolean | string, hint = 'leave it out'): Taken => ({ is, hint });

/** Rendered from fields of a vm, or never counted by admission if it stood here. */
const ofVm: Options = {
  'microvm.balloon': field('balloon'),
  'microvm.credentialFiles': field('credentials'),
  'microvm.hotplugMem': field('memory'),
  'microvm.hotpluggedMem': field('memory'),
  'microvm.hypervisor': field('hypervisor'),
  'microvm.interfaces': field('networks'),
  'microvm.mem': field('memory'),
  'microvm.shares': field('shares'),
  'microvm.storeOnDisk': field('store'),
  'microvm.vcpu': field('vcpu'),
  'microvm.volumes': field('volumes'),
  'microvm.vsock': field('vsock'),
  'networking.hostName': { hint: 'its name under vms is its host name' },
  'networking.useNetworkd': fixed(true),
  'system.stateVersion': field('stateVersion'),
  'time.timeZone': field('timezone'),
};

/** The command of a `run` check comes over ssh. */
const ofVmWithRunChecks: Options = {
  'services.openssh.enable': fixed(true, 'its run checks come over ssh'),
};

/** What a hypervisor has always, and what it has because of its own fields. */
const ofHypervisor = ({ networks, yaml: { dns, tailscale } }: DraftHypervisor): Options => ({
  'microvm.stateDir': fixed('/var/lib/microvms'),
  'networking.hostName': { hint: 'its name under hypervisors is its host name' },
  'networking.nftables.enable': fixed(true),
  'services.openssh.enable': fixed(true),
  'system.stateVersion': field('stateVersion'),
  'systemd.network.enable': fixed(true),
  ...(networks.size > 0 &&
    dns?.forwardTo?.length !== 0 && {
      'services.dnsmasq.enable': fixed(true, 'dns: { forwardTo: [] } leaves port 53 to others'),
      'services.dnsmasq.resolveLocalQueries': fixed(false),
    }),
  ...(tailscale?.enable && {
    'services.tailscale.enable': fixed(true),
    ...(tailscale.advertiseRoutes && { 'services.tailscale.useRoutingFeatures': fixed('server') }),
  }),
});

/** `config` contradicts no field and asks for nothing behind fleet's back. */
export function* takenOptions({ layers, vms, hypervisors }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) yield* check(settings.config, path, ofVm);
  for (const vm of vms.values()) {
    if (vm.merged.checks.every(({ run }) => run === undefined)) continue;
    for (const { path, settings } of vm.layers) {
      yield* check(settings.config, path, ofVmWithRunChecks);
    }
  }
  for (const hypervisor of hypervisors.values()) {
    yield* check(hypervisor.yaml.config, hypervisor.path, ofHypervisor(hypervisor));
  }
}

function* check(config: Fields | undefined, path: Path, options: Options): Iterable<Finding> {
  if (config) yield* within(config, [...path, 'config'], '', Object.entries(options));
}

/** @param above the option that `fields` are of, with a dot; empty at the top */
function* within(
  fields: Fields,
  path: Path,
  above: string,
  options: readonly (readonly [string, Taken])[],
): Iterable<Finding> {
  for (const [key, value] of Object.entries(fields)) {
    const parts = splitKey(key);
    if (parts === undefined) continue;
    const option = above + parts.map(quotePart).join('.');
    const at = [...path, key];
    const found = options.find(([name]) => `${option}.`.startsWith(`${name}.`));
    if (found) {
      const [name, taken] = found;
      if (option === name && value === taken.is) continue;
      const message =
        taken.is === undefined
          ? `${name} is not for config: fleet sets or counts it`
          : `${name} has to be ${taken.is} here`;
      yield { code: 'E604', path: at, on: 'key', message, hint: taken.hint };
    } else if (isFields(value)) {
      // Deeper only where one of them can still be.
      const inner = options.filter(([name]) => name.startsWith(`${option}.`));
      if (inner.length > 0) yield* within(value, at, `${option}.`, inner);
    }
  }
}
