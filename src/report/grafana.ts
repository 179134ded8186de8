import type { Fleet } from '../model/fleet.ts';

/** What is drawn, a row of panels each: title, unit, what it asks for, what a line is called. */
type Panel = readonly [title: string, unit: string, expr: string, legend: string];

const rows: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Vms',
    [
      ['Up', 'bool_on_off', 'fleet_vm_up{instance=~"$hypervisor",vm=~"$vm"}', '{{vm}}'],
      [
        'Availability over 30 days',
        'percentunit',
        'fleet_vm_availability{window="30d",instance=~"$hypervisor",vm=~"$vm"}',
        '{{vm}}',
      ],
      [
        'Recoveries in an hour',
        'short',
        'sum by (vm, result) (increase(fleet_recoveries{instance=~"$hypervisor",vm=~"$vm"}[1h]))',
        '{{vm}} {{result}}',
      ],
      [
        'Memory used',
        'bytes',
        'fleet_vm_memory_used_bytes{instance=~"$hypervisor",vm=~"$vm"}',
        '{{vm}}',
      ],
      [
        'Processors used',
        'short',
        'rate(fleet_vm_cpu_seconds_total{instance=~"$hypervisor",vm=~"$vm"}[5m])',
        '{{vm}}',
      ],
      [
        'Disk allocated',
        'bytes',
        'fleet_vm_disk_allocated_bytes{instance=~"$hypervisor",vm=~"$vm"}',
        '{{vm}}',
      ],
      [
        'Received',
        'Bps',
        'rate(fleet_vm_network_receive_bytes_total{instance=~"$hypervisor",vm=~"$vm"}[5m])',
        '{{vm}}',
      ],
      [
        'Sent',
        'Bps',
        'rate(fleet_vm_network_transmit_bytes_total{instance=~"$hypervisor",vm=~"$vm"}[5m])',
        '{{vm}}',
      ],
    ],
  ],
  [
    'Hypervisors',
    [
      [
        'Memory available',
        'bytes',
        'fleet_hypervisor_memory_bytes{kind="available",instance=~"$hypervisor"}',
        '{{instance}}',
      ],
      [
        'Memory reserved',
        'bytes',
        'fleet_hypervisor_memory_reserved_bytes{instance=~"$hypervisor"}',
        '{{instance}}',
      ],
      [
        'Disk free',
        'bytes',
        'fleet_hypervisor_disk_bytes{kind="free",instance=~"$hypervisor"}',
        '{{instance}} {{folder}}',
      ],
      ['Load', 'short', 'fleet_hypervisor_load1{instance=~"$hypervisor"}', '{{instance}}'],
      [
        'Alerts that fire',
        'short',
        'sum by (instance, rule) (fleet_alert{state="firing",instance=~"$hypervisor"})',
        '{{instance}} {{rule}}',
      ],
      [
        'Seconds since the last sample',
        's',
        'time() - fleet_sample_timestamp_seconds{instance=~"$hypervisor"}',
        '{{instance}}',
      ],
    ],
  ],
];

const width = 8;
const height = 8;

/** A dashboard for Grafana, to import; it asks for the Prometheus that has the metrics. */
export function grafanaDashboard(fleet: Fleet): string {
  const source = { type: 'prometheus', uid: '${source}' };
  let y = 0;
  let id = 0;
  const panels = rows.flatMap(([title, own]) => {
    const head = {
      id: ++id,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: 24, h: 1 },
    };
    y += 1;
    const drawn = own.map(([name, unit, expr, legendFormat], n) => ({
      id: ++id,
      type: 'timeseries',
      title: name,
      datasource: source,
      gridPos: { x: (n % 3) * width, y: y + Math.floor(n / 3) * height, w: width, h: height },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: [{ refId: 'A', datasource: source, expr, legendFormat }],
    }));
    y += Math.ceil(own.length / 3) * height;
    return [head, ...drawn];
  });
  const variable = (name: string, label: string, query: string) => ({
    ...{ type: 'query', name, label, datasource: source, query, refresh: 2, sort: 1 },
    ...{ multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' } },
  });
  const dashboard = {
    uid: `fleet-${fleet.name}`.slice(0, 40),
    title: `fleet ${fleet.name}`,
    tags: ['fleet'],
    schemaVersion: 39,
    timezone: 'utc',
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { type: 'datasource', name: 'source', label: 'Prometheus', query: 'prometheus' },
        variable(
          'hypervisor',
          'Hypervisor',
          'label_values(fleet_sample_timestamp_seconds, instance)',
        ),
        variable('vm', 'Vm', 'label_values(fleet_vm_up{instance=~"$hypervisor"}, vm)'),
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
