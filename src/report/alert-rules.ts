import type { Fleet, Vm } from '../model/fleet.ts';
import type { AlertRule } from '../model/recovery.ts';
import { defaultAlertRules } from '../model/recovery.ts';
import { matches } from '../model/selector.ts';

/** One rule of the fleet's, and whom it is about. */
interface Asked {
  readonly rule: AlertRule;
  readonly hypervisors: readonly string[];
  /** Names of vms; absent: it is about hypervisors. */
  readonly vms?: readonly string[];
}

/** Of what Prometheus gets from a hypervisor: docs/metrics.md has the names. */
const kinds: Readonly<
  Record<
    AlertRule['when'],
    {
      readonly title: string;
      readonly isOfVms: boolean;
      readonly expr: Expression;
      readonly says: string;
    }
  >
> = {
  failed: {
    title: 'FleetVmFailed',
    isOfVms: true,
    expr: ({ vms }) => `fleet_vm_state{state="Failed"${vms}} == 1`,
    says: '{{ $labels.vm }} has failed',
  },
  restarting: {
    title: 'FleetVmRestarting',
    isOfVms: true,
    expr: ({ vms, above }) =>
      `sum by (instance, vm) (increase(fleet_recoveries{${vms.slice(1)}}[1h])) > ${above(3)}`,
    says: '{{ $labels.vm }} was restarted {{ $value | humanize }} times in an hour',
  },
  unhealthy: {
    title: 'FleetVmUnhealthy',
    isOfVms: true,
    expr: ({ vms }) => `fleet_vm_state{health="failing"${vms}} == 1`,
    says: 'the checks of {{ $labels.vm }} fail',
  },
  disk: {
    title: 'FleetDisk',
    isOfVms: false,
    expr: ({ on, above }) =>
      `100 * (1 - fleet_hypervisor_disk_bytes{kind="free"${on}} / ignoring (kind) fleet_hypervisor_disk_bytes{kind="size"${on}}) > ${above(90)}`,
    says: '{{ $value | humanize }} % of {{ $labels.folder }} is used on {{ $labels.instance }}',
  },
  memory: {
    title: 'FleetMemory',
    isOfVms: false,
    expr: ({ on, above }) =>
      `100 * (1 - fleet_hypervisor_memory_bytes{kind="available"${on}} / ignoring (kind) fleet_hypervisor_memory_bytes{kind="total"${on}}) > ${above(90)}`,
    says: '{{ $value | humanize }} % of the memory of {{ $labels.instance }} is used',
  },
  clock: {
    title: 'FleetClock',
    isOfVms: false,
    expr: ({ on }) => `fleet_hypervisor_clock_synchronised{${on.slice(1)}} == 0`,
    says: 'the clock of {{ $labels.instance }} is not synchronised',
  },
  snapshot: {
    title: 'FleetSnapshot',
    isOfVms: true,
    expr: ({ vms }) => `fleet_alert{when="snapshot",state="firing"${vms}} == 1`,
    says: 'the last snapshot of {{ $labels.vm }} is too old',
  },
  drift: {
    title: 'FleetDrift',
    isOfVms: false,
    expr: ({ on }) => `fleet_drift{${on.slice(1)}} == 1`,
    says: '{{ $labels.instance }} {{ $labels.vm }}: {{ $labels.what }}',
  },
};

type Expression = (of: {
  /** Label matchers with a comma in front; empty: all. */
  readonly vms: string;
  readonly on: string;
  readonly above: (usual: number) => number;
}) => string;

/**
 * A file of rules for Prometheus: what hypervisors alert about by themselves, for whoever scrapes them, and that one is
 * silent, which only somebody else can see. A hypervisor without rules of its own has the default ones here.
 *
 * What differs between hypervisors is told apart by `instance`: their names, with or without a port.
 */
export function prometheusRules(fleet: Fleet): string {
  const every = fleet.hypervisors.map(({ name }) => name);
  const count = new Map<string, number>();
  const rules = merged(fleet).map((asked) => {
    const { title, expr, says, isOfVms } = kinds[asked.rule.when];
    const above = (usual: number) => asked.rule.above ?? usual;
    const vms = asked.vms && `,vm=~${quoted(asked.vms.map(escaped).join('|'))}`;
    const isAll = every.every((name) => asked.hypervisors.includes(name));
    const on = isAll
      ? ''
      : `,instance=~${quoted(`(${asked.hypervisors.map(escaped).join('|')})(:[0-9]+)?`)}`;
    // Prometheus wants a name once. A further one of a kind has a number.
    const n = (count.get(title) ?? 0) + 1;
    count.set(title, n);
    return rule({
      title: n === 1 ? title : `${title}${n}`,
      expr: expr({ vms: isOfVms ? (vms ?? '') : '', on, above }),
      // What hypervisors themselves say fires has lasted.
      lasting: asked.rule.when === 'snapshot' ? 0 : asked.rule.for,
      says,
      severity: ['failed', 'disk'].includes(asked.rule.when) ? 'critical' : 'warning',
      fleet: fleet.name,
    });
  });
  const silent = rule({
    title: 'FleetSilent',
    expr: 'time() - fleet_sample_timestamp_seconds > 60 or time() - fleet_watch_timestamp_seconds > 300',
    lasting: 60_000,
    says: '{{ $labels.instance }} has not sampled, or not looked at its guests, for {{ $value | humanizeDuration }}',
    severity: 'critical',
    fleet: fleet.name,
  });
  return [
    '# By `fleet alerts --prometheus`, from fleet.yaml.',
    'groups:',
    `  - name: ${quoted(`fleet-${fleet.name}`)}`,
    '    rules:',
    ...rules,
    silent,
    '',
  ].join('\n');
}

function rule(of: {
  readonly title: string;
  readonly expr: string;
  readonly lasting: number;
  readonly says: string;
  readonly severity: string;
  readonly fleet: string;
}): string {
  // Each value is JSON, which is YAML.
  return [
    `      - alert: ${of.title}`,
    `        expr: ${quoted(of.expr)}`,
    ...(of.lasting > 0 ? [`        for: ${of.lasting / 1000}s`] : []),
    `        labels: { fleet: ${quoted(of.fleet)}, severity: ${of.severity} }`,
    `        annotations: { summary: ${quoted(of.says)} }`,
  ].join('\n');
}

/** Rules that are the same on several hypervisors are one. */
function merged(fleet: Fleet): Asked[] {
  const found = new Map<string, Asked>();
  for (const hypervisor of fleet.hypervisors) {
    const own = hypervisor.alerts.rules;
    const vms = fleet.vms.filter(({ on }) => on === hypervisor.name);
    for (const rule of own.length > 0 ? own : defaultAlertRules) {
      const key = JSON.stringify([rule.when, rule.for, rule.above ?? null, rule.vms ?? null]);
      const before = found.get(key);
      // On hypervisors that do not have the rule, vms are not asked about it either: so all are named unless all have it.
      const about = rule.vms === undefined ? vms : vms.filter((vm) => isAbout(rule.vms ?? '', vm));
      found.set(key, {
        rule,
        hypervisors: [...(before?.hypervisors ?? []), hypervisor.name],
        vms: [...(before?.vms ?? []), ...about.map(({ name }) => name)].sort(),
      });
    }
  }
  return [...found.values()].flatMap((asked) => {
    const { vms = [], ...rest } = asked;
    if (!kinds[asked.rule.when].isOfVms) return [rest];
    if (vms.length === 0) return [];
    return vms.length === fleet.vms.length ? [rest] : [asked];
  });
}

const isAbout = (selector: string, vm: Vm): boolean =>
  selector.split(',').some((part) => matches(part.trim())(vm));

const quoted = (text: string): string => JSON.stringify(text);
/** Names have letters, digits and hyphens, and hypervisors no dot: nothing of a pattern but that. */
const escaped = (name: string): string => name.replaceAll('.', '\\.');
