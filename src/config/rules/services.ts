import { expandConfig } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { DraftHypervisor } from '../normalise.ts';

type Yaml = DraftHypervisor['yaml'];

/** Settings of NixOS services; whether they are of the right kind nobody has looked at. */
interface Services {
  readonly openssh?: { readonly ports?: Data } | null;
  readonly tailscale?: { readonly enable?: Data; readonly port?: Data } | null;
}

/** What the config of a hypervisor asks for under `services`. */
export function servicesOf({ config = {} }: Yaml): Services {
  const { services } = expandConfig(config) as { services?: Services | null };
  return services ?? {};
}

/** Enabled by its field, or by hand under `config`. */
export const runsTailscale = (yaml: Yaml): boolean =>
  yaml.tailscale?.enable === true || servicesOf(yaml).tailscale?.enable === true;
