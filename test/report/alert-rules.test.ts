import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readFleet } from '../../src/config/read-fleet.ts';
import type { Fleet } from '../../src/model/fleet.ts';
import { prometheusRules } from '../../src/report/alert-rules.ts';
import { grafanaDashboard } from '../../src/report/grafana.ts';

const fleetOf = (first: string, second: string): Fleet => {
  const machine = (name: string, more: string) =>
    `  ${name}: { ssh: "root@${name}.example.net", system: x86_64-linux, stateVersion: "25.11", ${more} }`;
  const text = `version: 1
name: shop
hypervisors:
${machine('hv1', first)}
${machine('hv2', second)}
networks: { front: { subnet: 10.1.0.0/24, nat: false }, back: { subnet: 10.2.0.0/24, nat: false } }
vms:
  web1: { on: hv1, network: front, address: 10.1.0.2, tags: [frontend] }
  web2: { on: hv1, network: front, address: 10.1.0.3, tags: [frontend] }
  db1: { on: hv2, network: back }
`;
  const read = readFleet(text, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics));
  return read.fleet;
};

const plain = fleetOf('alerts: {}', 'alerts: {}');
const mixed = fleetOf(
  'alerts: { rules: [{ when: failed, for: 2m, vms: "@frontend" }, { when: disk, above: 80% }, { when: snapshot }] }',
  'alerts: { rules: [{ when: disk, above: 95%, for: 5m }, { when: restarting, above: 7 }] }',
);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}
const rulesOf = (fleet: Fleet): Rule[] => parse(prometheusRules(fleet)).groups[0].rules;

test('alerts without rules are those of the documentation, and one that only others can see', () => {
  expect(prometheusRules(plain)).toMatchSnapshot();
});

test('what differs between hypervisors is told apart by instance, what is about some vms by vm', () => {
  expect(prometheusRules(mixed)).toMatchSnapshot();
  const of = (alert: string) => rulesOf(mixed).filter((rule) => rule.alert.startsWith(alert));
  expect(of('FleetDisk').map(({ expr }) => expr)).toEqual([
    expect.stringMatching(/instance=~"\(hv1\)\(:\[0-9\]\+\)\?".* > 80$/),
    expect.stringMatching(/instance=~"\(hv2\)\(:\[0-9\]\+\)\?".* > 95$/),
  ]);
  expect(of('FleetVmFailed')[0]).toMatchObject({
    expr: 'fleet_vm_state{state="Failed",vm=~"web1|web2"} == 1',
    for: '120s',
  });
});

test('the dashboard is one that Grafana can import', () => {
  const dashboard = JSON.parse(grafanaDashboard(mixed));
  expect(dashboard).toMatchObject({ title: 'fleet shop', uid: 'fleet-shop', schemaVersion: 39 });
  const ids = dashboard.panels.map(({ id }: { id: number }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  // No panel lies on another.
  const taken = new Set<string>();
  for (const { gridPos } of dashboard.panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x},${y}`), `${x},${y}`).toBe(false);
        taken.add(`${x},${y}`);
      }
  expect(grafanaDashboard(mixed)).toMatchSnapshot();
});

test('whatever is asked for is a metric that a hypervisor has', () => {
  const names = (text: string) => text.match(/fleet_[a-z0-9_]+/g) ?? [];
  const asked = new Set([...names(prometheusRules(mixed)), ...names(prometheusRules(plain))]);
  for (const name of names(grafanaDashboard(plain))) asked.add(name);
  // As docs/metrics.md lists them, and fleet-alerts beside them.
  expect([...asked].sort()).toMatchSnapshot();
});

const promtool = spawnSync('promtool', ['--version']).status === 0;
test.skipIf(!promtool)('promtool takes the rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-rules-'));
  try {
    for (const fleet of [plain, mixed]) {
      const file = join(folder, 'rules.yml');
      writeFileSync(file, prometheusRules(fleet));
      const run = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
      expect(run.stdout + run.stderr).toMatch(/SUCCESS/);
      expect(run.status).toBe(0);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
