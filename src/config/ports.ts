import type { Network, Port, Published } from '../model/fleet.ts';
import type { Network as NetworkYaml } from './schema.generated.ts';

const web: readonly Port[] = [
  { protocol: 'tcp', port: 80 },
  { protocol: 'tcp', port: 443 },
];

/** Reads `egress`. */
export function egressPorts(egress: NonNullable<NetworkYaml['egress']>): Network['egress'] {
  if (typeof egress !== 'string') return [...new Set(egress)].map(port);
  if (egress === 'all') return 'all';
  return egress === 'web' ? web : [];
}

/** `tcp/443`. */
function port(text: string): Port {
  const [protocol, number] = text.split('/');
  return { protocol: protocol as Port['protocol'], port: Number(number) };
}

/** `8443:443/tcp`: port of the uplink, port of the guest, protocol. */
export function published(text: string): Published {
  const [ports = '', protocol] = text.split('/');
  const [outer, inner] = ports.split(':').map(Number);
  return { protocol: protocol as Port['protocol'], port: outer!, to: inner! };
}
