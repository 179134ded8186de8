import type { Shortage } from './capacity.ts';
import type { Resource } from './fleet.ts';
import { formatSize } from './units.ts';

/** The vms that are named; the others are summed. */
const named = 5;
/** Names have up to 63 characters, lines up to 80. */
const nameWidth = 40;

const amount = (resource: Resource, n: number): string =>
  resource === 'vcpu' ? `${n} vcpu${n === 1 ? '' : 's'}` : formatSize(n);

/** `34 GiB of memory asked for, 30 GiB to give: 4 GiB too much` */
export function shortageLine({ resource, asked, toGive }: Shortage): string {
  const of = resource === 'vcpu' ? '' : ` of ${resource}`;
  const [have, over] = [toGive, asked - toGive].map((n) => amount(resource, n));
  return `${amount(resource, asked)}${of} asked for, ${have} to give: ${over} too ${resource === 'vcpu' ? 'many' : 'much'}`;
}

/** `32 GiB less 2 GiB in reserve`, `16 vcpus times 4`: how what is to give is reckoned. */
export function reckoning({ resource, there, reserve, overcommit }: Shortage): string {
  const less = reserve > 0 ? ` less ${amount(resource, reserve)} in reserve` : '';
  const times = overcommit === 1 ? '' : `${less && ','} times ${overcommit}`;
  return `${amount(resource, there)}${less}${times}`;
}

/** What is in it that no vm of fleet.yaml asks for: one sentence, or none. */
export function beside({ by, perVm }: Shortage): string[] {
  if (perVm === 0) return [];
  const each = by.length === 1 ? '' : ' each';
  return [
    `with ${formatSize(perVm)}${each} for what runs a guest beside its memory (capacity.perVm): ${formatSize(by.length * perVm)}`,
  ];
}

/** Who asks and for how much, biggest first: a few by name, then the others as one. */
export function askers({ resource, by }: Shortage): { name: string; amount: string }[] {
  // One other takes no more room by its name than as "1 more".
  const shown = by.length === named + 1 ? by : by.slice(0, named);
  const rest = by.slice(shown.length);
  const sum = rest.reduce((total, vm) => total + vm.amount, 0);
  return [
    ...shown.map((vm) => ({ name: short(vm.name), amount: amount(resource, vm.amount) })),
    ...(rest.length > 0
      ? [{ name: `${rest.length} more vms`, amount: amount(resource, sum) }]
      : []),
  ];
}

const short = (name: string): string =>
  name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name;
