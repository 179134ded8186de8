import type { Ports } from '../../src/deploy/ports.ts';
import { World, words } from './run.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Ms that a guest has to hold still. */
export const settle = 15_000;
export const names = ['web1', 'web2', 'web3', 'web4'];
export const yaml = `version: 1
name: example
hypervisors:
  hv1: { ssh: root@192.0.2.1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks: { front: { subnet: 10.1.0.0/24 } }
vms:
${names.map((name, n) => `  ${name}: { on: hv1, network: front, address: 10.1.0.${n + 2} }\n`).join('')}`;

/** A hypervisor with four guests, whose time passes for all that wait at once. */
export class Overlapping extends World {
  readonly virtual = new VirtualClock();
  looks = 0;

  constructor(file = yaml) {
    super(file);
    this.hv1.before = async (script) => {
      if (script === 'health') this.looks += 1;
    };
  }

  override get ports(): Ports {
    return { ...super.ports, clock: this.virtual };
  }

  get updated(): string[] {
    return words(this.hv1.log).filter((word) => word.startsWith('vm-update'));
  }

  /** @param changed those whose configuration is another one */
  applied(changed: readonly string[] = names) {
    return this.virtual.during(this.apply(changed));
  }
}
