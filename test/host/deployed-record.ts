// biome-ignore lint/suspicious/noExplicitAny: as jq reads it
type Data = Record<string, any>;

const ofPolicy = ['state', 'autostart', 'priority', 'dependsOn', 'checks', 'dumps', 'recovery'];

/** Of a vm as a test describes it: what stands in /etc/fleet/watch.json. */
export const policyOf = (vm: Data): Data =>
  Object.fromEntries(Object.entries(vm).filter(([key]) => ofPolicy.includes(key)));

/** And what fleet wrote down when that was deployed, the line of /var/lib/fleet/deployed/VM (src/model/expected.ts). */
export function recordOf(vm: Data): string {
  const [first = {}, ...further] = vm.nics ?? [];
  const { memory = 0, vcpu = 1, vmm = 'qemu', balloon = false, agent = false } = vm;
  const expected = {
    ...{ tap: '', bridge: '', address: vm.address ?? '', ...first, further },
    volumes: (vm.images ?? []).map((image: string) => ({ image })),
    ...(vm.shares === 0 && { virtiofs: false }),
    machine: { vmm, vcpu, memoryMiB: memory, balloon, agent },
  };
  return `0\t/nix/store/r\t-\t1700000000\t${JSON.stringify(expected)}\n`;
}
