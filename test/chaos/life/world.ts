import { startLab } from '../../lab/lab.ts';
import { worldOf } from '../../lab/world.ts';
import type { LifeWorld } from './life.ts';

/** One hypervisor of the lab, with guests that boot. */
export async function lifeInLab(): Promise<LifeWorld> {
  const lab = await startLab({ hosts: 1 });
  return { world: worldOf(lab), reboot: async () => lab.hosts[0]?.reboot() };
}
