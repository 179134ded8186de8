import { formatExpected } from '../../src/model/expected.ts';
import type { Facts, Interface, UnitFacts } from '../../src/host/facts.ts';

/** Facts as facts.sh prints them: what `parseFacts` reads. */
export function factsText(facts: Facts): string {
  const lines = ['fleet-facts 1'];
  const record = (...fields: (string | number | undefined)[]) =>
    lines.push(fields.map((f) => f ?? '').join('\t'));
  record('now', facts.now);
  record('machine', facts.machine);
  record('client', facts.clientAddress && `${facts.clientAddress} 50000 192.0.2.1 22`);
  record('boot', facts.bootId);
  record('current-system', facts.currentSystem);
  record('booted-system', facts.bootedSystem);
  record('system-profile', facts.systemProfile);
  for (const part of ['kernel', 'initrd', 'kernel-modules']) {
    record('part', part, 'now', facts.rebootFor.includes(part) ? 'then' : 'now');
  }
  for (const tool of facts.missingTools) record('missing', tool);
  if (facts.seen) record('seen');
  for (const [disk, free] of facts.freeKiB) record('free', disk, free);
  if (facts.memoryAvailableKiB !== undefined) record('memory', facts.memoryAvailableKiB);
  const { lock, checkout } = facts;
  if (lock) record('lock', lock.id, lock.owner, lock.operation, lock.since);
  if (checkout) {
    record('checkout', `# branch.oid ${checkout.commit ?? '(initial)'}`);
    if (checkout.branch) record('checkout', `# branch.head ${checkout.branch}`);
    for (let n = 0; n < checkout.dirty; n += 1) record('checkout', `? file ${n}`);
  }
  for (const [name, d] of facts.deployed) {
    record('deployed', name, d.fingerprint, d.path, d.commit, d.since, d.expected ? formatExpected(d.expected) : '-');
  }
  for (const [name, h] of facts.held) record('held', name, h.from, h.to, h.operator, h.since);
  for (const [name, folders] of facts.aside) for (const f of folders) record('aside', name, f);
  for (const id of facts.openDeployments) record('open', id);
  for (const vm of facts.vms.values()) {
    record('vm', vm.name, vm.current, vm.booted, vm.declarative ? 'yes' : 'no', vm.flake);
    for (const image of vm.images) record('volume', vm.name, image);
  }
  lines.push('== units');
  for (const vm of facts.vms.values()) {
    lines.push(...unitLines(`microvm@${vm.name}`, vm.unit));
    lines.push(...unitLines(`microvm-virtiofsd@${vm.name}`, vm.virtiofsd));
  }
  lines.push('== failed', ...facts.failedUnits.map((u) => `${u} loaded failed failed Something`));
  lines.push('== addresses', JSON.stringify([...facts.interfaces.values()].map(ipAddress)), '');
  const routes = facts.routes.map((r) => ({
    dst: r.destination,
    dev: r.device,
    ...(r.connected && { scope: 'link' }),
  }));
  lines.push('== routes', JSON.stringify(routes), '', '== answers');
  for (const [address, answered] of facts.answers) {
    lines.push(`${answered ? 'yes' : 'no'} ${address}`);
  }
  return `${lines.join('\n')}\n== end\n`;
}

function unitLines(name: string, unit: UnitFacts): string[] {
  return [
    `Id=${name}.service`,
    `ActiveState=${unit.active}`,
    `SubState=${unit.sub}`,
    `InvocationID=${unit.invocation}`,
    `NRestarts=${unit.restarts}`,
    `Result=${unit.result}`,
    '',
  ];
}

function ipAddress({ name, up, master, addresses }: Interface) {
  return {
    ifname: name,
    flags: up ? ['BROADCAST', 'UP'] : ['BROADCAST'],
    ...(master !== undefined && { master }),
    addr_info: addresses.map((a) => {
      const [local = '', prefix] = a.split('/');
      return { family: 'inet', local, prefixlen: Number(prefix) };
    }),
  };
}
