import { stringify } from 'yaml';

/** A fleet.yaml of so many vms, ten to a hypervisor, as people write them. */
export function fleetOf(vms: number): string {
  const hypervisors: Record<string, object> = {};
  const networks: Record<string, object> = {};
  const guests: Record<string, object> = {};
  for (let n = 0; n < vms; n++) {
    const h = Math.floor(n / 10);
    const hypervisor = `hv${h}`;
    if (n % 10 === 0) {
      hypervisors[hypervisor] = {
        ssh: `root@hv${h}.example.net`,
        system: 'x86_64-linux',
        stateVersion: '25.11',
        uplink: 'eth0',
        tags: [`rack${h % 20}`],
      };
      networks[`net${h}`] = { subnet: `10.${Math.floor(h / 256)}.${h % 256}.0/24` };
    }
    guests[`vm${n}`] = {
      on: hypervisor,
      network: `net${h}`,
      address: `10.${Math.floor(h / 256)}.${h % 256}.${(n % 10) + 2}`,
      vcpu: 2,
      memory: '1GiB',
      packages: ['curl', 'jq'],
      config: { 'services.nginx.enable': true },
    };
  }
  return stringify({ version: 1, name: 'bench', hypervisors, networks, vms: guests });
}
