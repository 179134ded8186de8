import { firstOut } from '../../model/way-out.ts';
import type { Finding } from '../finding.ts';
import type { Draft, DraftNetwork } from '../normalise.ts';
import { egressPorts } from '../ports.ts';
import { overlapping } from './subnets.ts';

/** Subnets on a hypervisor must not overlap: it routes an address to one bridge only. */
export function* overlappingSubnets({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, networks } of hypervisors.values()) {
    for (const [one, { network, text }] of overlapping([...networks])) {
      const message = `this subnet overlaps with that of network ${network.name}, also on ${name}`;
      const hint = `${network.name} has ${text}; take one outside of it`;
      yield { code: 'E404', path: one.path, message, hint };
    }
  }
}

/** A network is on one hypervisor, because it is one bridge. */
export function* networkOnOneHypervisor({ networks }: Draft): Iterable<Finding> {
  for (const { name, members } of networks.values()) {
    const first = members[0]?.vm;
    for (const { vm, link } of members) {
      if (vm.yaml.on === first!.yaml.on) continue;
      const message = `network ${name} is on ${first!.yaml.on} because of vm ${first!.name}`;
      const hint = `give the vms on ${vm.yaml.on} a network of their own`;
      yield { code: 'E405', path: link.path, message, hint };
    }
  }
}

/** `nat` needs an uplink. */
export function* natNeedsUplink({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, yaml, networks } of hypervisors.values()) {
    if (yaml.uplink !== undefined) continue;
    for (const network of networks) {
      if (network.yaml.nat === false) continue;
      const path = network.yaml.nat === undefined ? network.path : [...network.path, 'nat'];
      const message = `network ${network.name} has nat, but ${name} has no uplink`;
      const hint = `set hypervisors.${name}.uplink, or nat: false here`;
      yield { code: 'E406', path, on: 'key', message, hint };
    }
  }
}

const hypervisorOf = ({ members }: DraftNetwork): string | undefined => members[0]?.vm.yaml.on;

/** `allow` names networks on the same hypervisor. */
export function* allowedNetworks({ networks }: Draft): Iterable<Finding> {
  for (const network of networks.values()) {
    const here = hypervisorOf(network);
    for (const [i, name] of (network.yaml.allow ?? []).entries()) {
      const other = networks.get(name);
      const there = other && hypervisorOf(other);
      if (here === undefined || there === undefined || here === there) continue;
      yield {
        code: 'E413',
        path: [...network.path, 'allow', i],
        message: `${name} is on ${there} and cannot reach ${network.name} on ${here}`,
        hint: 'allow works only between networks of the same hypervisor',
      };
    }
  }
}

const hasNat = ({ yaml }: DraftNetwork): boolean => yaml.nat !== false;

const letsOut = ({ yaml }: DraftNetwork): boolean => egressPorts(yaml.egress ?? 'all').length > 0;

/** A vm uses the gateway of its default route as name server. If that network lets nothing out, it has neither. */
export function* wayOutLetsOut({ vms, networks }: Draft): Iterable<Finding> {
  for (const { name, path, links } of vms.values()) {
    const all = links.flatMap(({ network }) => networks.get(network) ?? []);
    const out = firstOut(all, hasNat);
    const open = all.filter(letsOut);
    const better = open.find(hasNat) ?? open[0];
    if (all.length < links.length || !out || letsOut(out) || !better) continue;
    // The default route goes through the first network with nat, or the first one if none has.
    const also = hasNat(better) ? 'or' : 'and';
    const hint = hasNat(out) ? `, ${also} nat: false on ${out.name}` : '';
    yield {
      code: 'W419',
      path: [...path, 'networks'],
      on: 'key',
      message: `vm ${name} goes out by network ${out.name}, which lets nothing out and answers no names`,
      hint: `put ${better.name} first${hint}`,
    };
  }
}
