import type { Check, Fleet, Hypervisor, Network, Vm } from '../model/fleet.ts';
import { byName } from '../model/names.ts';
import type { AlertRule, Alerts, Collection, Recovery } from '../model/recovery.ts';
import { matches } from '../model/selector.ts';
import { nixFile } from '../nix/print.ts';
import { commented, Json, type NixSet } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/**
 * `hosts/<hypervisor>/watch.nix`: what the units of a hypervisor have to know of the fleet to look after it by themselves,
 * as /etc/fleet/watch.json. Data alone, and no part of any unit: a change restarts nothing. Durations in seconds, sizes in MiB.
 */
export function watchFile(
  fleet: Pick<Fleet, 'name' | 'rollout'>,
  hypervisor: Hypervisor,
  vms: readonly Vm[],
  networkOf: (name: string) => Network,
): string {
  const text = new Json(watchPolicy(fleet, hypervisor, vms, networkOf));
  const shown = commented('What the units of modules/watch.nix have to know.', text);
  return rendered(nixFile({ environment: { etc: { 'fleet/watch.json': { text: shown } } } }));
}

/** Where `fleet --local` looks if it is not told otherwise. */
const usualCheckout = '/var/lib/fleet/repo';

function watchPolicy(
  fleet: Pick<Fleet, 'name' | 'rollout'>,
  hypervisor: Hypervisor,
  vms: readonly Vm[],
  networkOf: (name: string) => Network,
): NixSet {
  const { alerts, capacity, gc } = hypervisor;
  const networks = [...new Set(vms.flatMap((vm) => vm.nics.map(({ network }) => network)))];
  const here = new Set(vms.map(({ name }) => name));
  return {
    version: 1,
    fleet: fleet.name,
    hypervisor: hypervisor.name,
    ...(hypervisor.checkout !== usualCheckout && { checkout: hypervisor.checkout }),
    deadline: seconds(fleet.rollout.deadline),
    stopTimeout: seconds(fleet.rollout.stopTimeout),
    vms: Object.fromEntries([...vms].sort(byName).map((vm) => [vm.name, vmPolicy(vm, here)])),
    bridges: Object.fromEntries(
      networks.map(networkOf).map((network) => [network.bridge, bridgePolicy(network)]),
    ),
    forwarding: networks.length > 0,
    capacity: {
      ...capacity.declared,
      reserve: { ...capacity.reserve },
      overcommit: { ...capacity.overcommit },
      perVm: capacity.perVm,
    },
    orphans: hypervisor.orphans,
    gc: gc ? collectionPolicy(gc) : null,
    alerts: alertPolicies(alerts, vms),
    ...(alerts.webhookFile !== undefined && { webhookFile: alerts.webhookFile }),
    ...(alerts.command !== undefined && { alertCommand: alerts.command }),
  };
}

const seconds = (ms: number): number => ms / 1000;

/**
 * `here`: the vms of this hypervisor. What a guest is given and how it is reached stands in the record of what is deployed
 * (model/expected): a change of it restarts the guest, and leaves the hypervisor's system as it is.
 */
function vmPolicy(vm: Vm, here: ReadonlySet<string>): NixSet {
  return {
    state: vm.state,
    autostart: vm.autostart,
    priority: vm.priority,
    dependsOn: vm.dependsOn.filter((name) => here.has(name)).sort(),
    checks: vm.checks.map(checkPolicy),
    dumps: { guest: vm.dumps.guest },
    recovery: recoveryPolicy(vm.recovery),
  };
}

function checkPolicy(check: Check): NixSet {
  const within = check.withinMs === undefined ? {} : { within: seconds(check.withinMs) };
  if (check.kind === 'tcp') return { tcp: check.port, ...within };
  if (check.kind === 'run') return { run: check.command, ...within };
  const { path, port, status } = check;
  return { http: { path, port, status }, ...within };
}

function recoveryPolicy(recovery: Recovery): NixSet {
  const { unhealthy } = recovery;
  return {
    ...recovery,
    interval: seconds(recovery.interval),
    delay: seconds(recovery.delay),
    maxDelay: seconds(recovery.maxDelay),
    unhealthy: { ...unhealthy, every: seconds(unhealthy.every) },
  };
}

function bridgePolicy({ gateway, ipv6, nat, prefix }: Network): NixSet {
  const addresses = [`${gateway}/${prefix}`, ...(ipv6 ? [`${ipv6.gateway}/${ipv6.prefix}`] : [])];
  return { addresses, nat };
}

const collectionPolicy = ({ keep, olderThan }: Collection): NixSet => ({
  keep,
  olderThan: seconds(olderThan),
});

/** Rules by what they are about; a further one about the same has a number. Those that are about no vm here are left out. */
function alertPolicies({ rules }: Alerts, vms: readonly Vm[]): NixSet[] {
  const count = new Map<string, number>();
  return rules.flatMap((rule) => {
    const n = (count.get(rule.when) ?? 0) + 1;
    count.set(rule.when, n);
    const about = rule.vms === undefined ? undefined : selected(rule.vms, vms);
    if (about?.length === 0) return [];
    return [alertPolicy(rule, n === 1 ? rule.when : `${rule.when}-${n}`, about)];
  });
}

function alertPolicy(rule: AlertRule, name: string, vms: readonly string[] | undefined): NixSet {
  const { above, when } = rule;
  const isTime = when === 'clock' || when === 'snapshot';
  return {
    rule: name,
    when,
    for: seconds(rule.for),
    ...(above !== undefined && { above: isTime ? seconds(above) : above }),
    ...(vms && { vms }),
  };
}

function selected(selector: string, vms: readonly Vm[]): string[] {
  const parts = selector.split(',').map((part) => matches(part.trim()));
  return vms
    .filter((vm) => parts.some((part) => part(vm)))
    .map(({ name }) => name)
    .sort();
}
