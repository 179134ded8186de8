import { expandConfig, quotePart, splitKey } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import { checkUser } from '../../model/guest-keys.ts';
import { tailscaleInterface } from '../../model/names.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft, DraftHypervisor, DraftVm } from '../normalise.ts';
import { type Fields, isFields } from '../tree.ts';
import { hasForwarder, isSshdElsewhere, runsTailscale, servicesOf } from './services.ts';

/**
 * An option that `config` must not set, or only to a value that `fits`. Otherwise the build on the hypervisor would fail,
 * without naming a line of fleet.yaml.
 */
interface Taken {
  readonly fits?: (value: Data) => boolean;
  /** The message for any other value, after the name of the option. */
  readonly problem: string;
  readonly hint: string;
}
type Options = Readonly<Record<string, Taken>>;

const fleets = 'cannot be set in config: fleet manages it';
/** These options can do more than the field. For that use a module, which admission does not count. */
const field = (name: string, beyond = ''): Taken => ({
  problem: fleets,
  hint: `use ${name}: instead${beyond}`,
});
const hostName = (where: string): Taken => ({
  problem: fleets,
  hint: `its name under ${where} is its host name`,
});
const fixed = (is: boolean | string, hint = 'leave it out'): Taken => ({
  fits: (value) => value === is,
  problem: `must be ${is} here`,
  hint,
});

/** For every machine. Values in `config` are text, which Nix cannot import. */
const ofAll: Options = {
  imports: {
    fits: (value) => Array.isArray(value) && value.length === 0,
    problem: 'does not belong in config, which holds options',
    hint: 'use modules: instead',
  },
  'environment.systemPackages': {
    fits: (value) => Array.isArray(value) && value.length === 0,
    problem: 'does not belong in config: here it would be text, not packages',
    hint: 'use packages: instead',
  },
};

/** Rendered from fields of a vm, or not counted by admission if set here. */
const ofVm: Options = {
  ...ofAll,
  'microvm.balloon': field('balloon'),
  'microvm.credentialFiles': field('credentials'),
  'microvm.hotplugMem': field('memory'),
  'microvm.hotpluggedMem': field('memory'),
  'microvm.hypervisor': field('hypervisor'),
  'microvm.initialBalloonMem': field('balloon'),
  'microvm.interfaces': field('networks', '; for a macvtap or a bridge of your own, use a module'),
  'microvm.mem': field('memory'),
  'microvm.shares': field('shares', '; for what it cannot express, use a module'),
  'microvm.storeOnDisk': field('store'),
  'microvm.user': { problem: fleets, hint: 'leave it out: its files belong to microvm' },
  'microvm.vcpu': field('vcpu'),
  'microvm.volumes': field('volumes', '; for a device or another disk, use a module'),
  'microvm.vsock': field('vsock'),
  'networking.hostName': hostName('vms'),
  'networking.useNetworkd': fixed(true),
  'system.stateVersion': field('stateVersion'),
  'time.timeZone': field('timezone'),
};

/** Somebody whom the hypervisor logs in to a guest as, and what for. */
interface Visitor {
  readonly user: string;
  readonly group: string;
  readonly what: string;
}
const checker: Visitor = { user: checkUser, group: 'users', what: 'run checks' };
const exporter: Visitor = { user: 'root', group: 'root', what: 'exports' };

/** sshd's lists, and whether a visitor or its group has to be in them, or must not be. */
const admission = ({ user, group }: Visitor) =>
  [
    ['AllowGroups', group, true],
    ['AllowUsers', user, true],
    ['DenyGroups', group, false],
    ['DenyUsers', user, false],
  ] as const;

/** Settings that keep a visitor out, in all the layers of the vm together. */
function keptOut({ merged }: DraftVm, visitor: Visitor): Options {
  const { settings } = servicesOf(merged).openssh ?? {};
  const wrong = admission(visitor).filter(([list, name, isWanted]) => {
    const names = isFields(settings) ? settings[list] : undefined;
    if (!Array.isArray(names)) return false;
    // A pattern may match the user.
    const isOpen = isWanted && names.some((each) => /[*?@]/.test(String(each)));
    return !isOpen && names.includes(name) !== isWanted;
  });
  return Object.fromEntries(
    wrong.map(([list, name, isWanted]) => [
      `services.openssh.settings.${list}`,
      {
        problem: `locks out the ${visitor.what} of this vm, which log in as ${visitor.user}`,
        hint: isWanted ? `add ${name}` : `take ${name} out`,
      },
    ]),
  );
}

/** A `run` check needs ssh, and so does an export. */
const ofVisited = (vm: DraftVm, visitor: Visitor): Options => ({
  'services.openssh.enable': fixed(true, `its ${visitor.what} come over ssh`),
  'services.openssh.settings.PubkeyAuthentication': fixed(
    true,
    `its ${visitor.what} log in by key`,
  ),
  ...keptOut(vm, visitor),
  ...(visitor.user === 'root' && {
    'services.openssh.settings.PermitRootLogin': {
      fits: (value) => value === 'prohibit-password' || value === 'yes',
      problem: 'keeps root out, as whom its exports are read',
      hint: 'leave it out: root logs in by key only',
    } satisfies Taken,
  }),
  ...(isSshdElsewhere(vm) && {
    'services.openssh.ports': {
      problem: `must include 22: its ${visitor.what} log in there`,
      hint: 'add 22',
    },
  }),
});

/** NixOS refuses these together with nftables; without a firewall they have no effect. */
const iptablesCommands: Taken = {
  fits: (value) => value === '',
  problem: 'is for iptables, and hypervisors have nftables',
  hint: 'use networking.firewall.extraInputRules or networking.nftables.tables',
};

/** Options that every hypervisor has, and those that follow from its fields. */
const ofHypervisor = (hypervisor: DraftHypervisor): Options => ({
  ...ofAll,
  'microvm.stateDir': fixed('/var/lib/microvms'),
  ...(hasFirewall(hypervisor) && {
    'networking.firewall.extraCommands': iptablesCommands,
    'networking.firewall.extraStopCommands': iptablesCommands,
  }),
  'networking.hostName': hostName('hypervisors'),
  'networking.nftables.enable': fixed(true),
  'services.openssh.enable': fixed(true),
  'system.stateVersion': field('stateVersion'),
  'systemd.network.enable': fixed(true),
  // Its time zone is the one here, else that of the defaults.
  'time.timeZone': {
    fits: (value) => typeof value === 'string',
    problem: 'must be a time zone: fleet sets one where config does not',
    hint: 'write one, such as Europe/Berlin, or leave it out',
  },
  ...(hasForwarder(hypervisor) && {
    'services.dnsmasq.enable': fixed(true, 'dns: { forwardTo: [] } leaves port 53 to others'),
    'services.dnsmasq.resolveLocalQueries': fixed(false),
  }),
  ...tailscaleOptions(hypervisor),
});

const tailscaleOptions = ({ yaml }: DraftHypervisor): Options => ({
  // The firewall uses this name for the tailnet.
  ...(runsTailscale(yaml) && { 'services.tailscale.interfaceName': fixed(tailscaleInterface) }),
  ...(yaml.tailscale?.enable && {
    'services.tailscale.enable': fixed(true),
    ...(yaml.tailscale.advertiseRoutes && {
      'services.tailscale.useRoutingFeatures': {
        fits: (value) => value === 'server' || value === 'both',
        problem: 'must be server or both here',
        hint: 'leave it out',
      },
    }),
  }),
});

function hasFirewall({ yaml: { config = {} } }: DraftHypervisor): boolean {
  const { networking } = expandConfig(config) as {
    networking?: { firewall?: { enable?: Data } | null } | null;
  };
  return networking?.firewall?.enable !== false;
}

/** `config` must not contradict a field, nor set what fleet has to control. */
export function* takenOptions({ layers, vms, hypervisors }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) yield* check(settings.config, path, ofVm);
  for (const vm of vms.values()) {
    const { checks, exports } = vm.merged;
    const options = {
      ...(exports.length > 0 && ofVisited(vm, exporter)),
      ...(checks.some(({ run }) => run !== undefined) && ofVisited(vm, checker)),
    };
    for (const { path, settings } of vm.layers) yield* check(settings.config, path, options);
  }
  for (const hypervisor of hypervisors.values()) {
    yield* check(hypervisor.yaml.config, hypervisor.path, ofHypervisor(hypervisor));
  }
}

function* check(config: Fields | undefined, path: Path, options: Options): Iterable<Finding> {
  if (config) yield* within(config, [...path, 'config'], '', Object.entries(options));
}

/** @param above the option that `fields` belong to, with a dot; empty at the top */
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
      if (option === name && taken.fits?.(value)) continue;
      const message = `${name} ${taken.problem}`;
      yield { code: 'E604', path: at, on: 'key', message, hint: taken.hint };
    } else if (isFields(value)) {
      // Goes deeper only where such an option is possible.
      const inner = options.filter(([name]) => name.startsWith(`${option}.`));
      if (inner.length > 0) yield* within(value, at, `${option}.`, inner);
    }
  }
}
