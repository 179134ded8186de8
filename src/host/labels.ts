import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { labelCommand } from '../model/volumes.ts';
import type { Runners } from './answers/runners.ts';

/** Vms of fleet.yaml that exist there and that fleet has never deployed. */
export function adopted(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  return index
    .vmsOn(hypervisor)
    .map(({ name }) => name)
    .filter((name) => facts.vms.has(name) && !facts.deployed.has(name));
}

/** Images of adopted vms with a label that their guests would not find, and what to do about it. */
export function unlabelled(
  index: FleetIndex,
  hypervisor: string,
  facts: Facts,
  runners: Runners,
): { target: string; text: string }[] {
  return adopted(index, hypervisor, facts).flatMap((name) => {
    const found = runners.vms.find((vm) => vm.name === name);
    return (index.vms.get(name)?.volumes ?? []).flatMap(({ image, label, fs }) => {
      const seen = found?.volumes.find((volume) => volume.image === image && volume.isThere);
      if (!seen || seen.label === label) return [];
      const has = seen.label === undefined ? 'none' : seen.label;
      const command = labelCommand(fs, `/var/lib/microvms/${name}/${image}`, label);
      const text = `${name}: its guest looks for the label ${label}, and ${image} has ${has}: stop it, then on the hypervisor: ${command}`;
      return [{ target: name, text }];
    });
  });
}
