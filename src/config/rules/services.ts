import { expandConfig } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { DraftHypervisor, DraftVm } from '../normalise.ts';

type Yaml = DraftHypervisor['yaml'];

/** Settings of NixOS services; whether they are of the right kind nobody has looked at. */
interface Services {
  readonly openssh?: {
    readonly enable?: Data;
    readonly ports?: Data;
    readonly settings?: Data;
  } | null;
  readonly tailscale?: { readonly enable?: Data; readonly port?: Data } | null;
}

/** What a config asks for under `services`. */
export function servicesOf({ config = {} }: Pick<Yaml, 'config'>): Services {
  const { services } = expandConfig(config) as { services?: Services | null };
  return services ?? {};
}

/** Enabled by its field, or by hand under `config`. */
export const runsTailscale = (yaml: Yaml): boolean =>
  yaml.tailscale?.enable === true || servicesOf(yaml).tailscale?.enable === true;

/** Fleet runs a DNS forwarder on its gateways. */
export const hasForwarder = ({ networks, yaml: { dns } }: DraftHypervisor): boolean =>
  networks.size > 0 && dns?.forwardTo?.length !== 0;

/**
 * Run checks log in on port 22, and the sshd of this guest listens on others only. Nobody knows that where
 * a module can add a port, or where 22 stands anywhere: in listenAddresses, say.
 */
export function isSshdElsewhere({ merged }: DraftVm): boolean {
  const openssh = servicesOf(merged).openssh ?? {};
  const { ports } = openssh;
  const isSet = Array.isArray(ports) && ports.length > 0;
  return isSet && merged.modules.length === 0 && !/\b22\b/.test(JSON.stringify(openssh));
}
