import { expandConfig } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { DraftHypervisor, DraftVm } from '../normalise.ts';

type Yaml = DraftHypervisor['yaml'];

/** Settings of NixOS services, whose types are not checked. */
interface Services {
  readonly openssh?: {
    readonly enable?: Data;
    readonly ports?: Data;
    readonly settings?: Data;
  } | null;
  readonly tailscale?: { readonly enable?: Data; readonly port?: Data } | null;
}

/** The settings in a config under `services`. */
export function servicesOf({ config = {} }: Pick<Yaml, 'config'>): Services {
  const { services } = expandConfig(config) as { services?: Services | null };
  return services ?? {};
}

/** Enabled by its field or under `config`. */
export const runsTailscale = (yaml: Yaml): boolean =>
  yaml.tailscale?.enable === true || servicesOf(yaml).tailscale?.enable === true;

/** Whether fleet runs a DNS forwarder on the gateways. */
export const hasForwarder = ({ networks, yaml: { dns } }: DraftHypervisor): boolean =>
  networks.size > 0 && dns?.forwardTo?.length !== 0;

/**
 * Whether the guest's sshd listens only on ports other than 22, which run checks use. Unknown, and counted as no, if a
 * module may add a port, or if 22 appears anywhere, as in listenAddresses.
 */
export function isSshdElsewhere({ merged }: DraftVm): boolean {
  const openssh = servicesOf(merged).openssh ?? {};
  const { ports } = openssh;
  const isSet = Array.isArray(ports) && ports.length > 0;
  return isSet && merged.modules.length === 0 && !/\b22\b/.test(JSON.stringify(openssh));
}
