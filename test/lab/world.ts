import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../scenario/world.ts';
import { type Lab, startLab } from './lab.ts';

/** A world of real hypervisors. */
export async function labWorld(hosts: number): Promise<World> {
  return worldOf(await startLab({ hosts }));
}

/** A lab as a world; what only a lab has stays at hand. */
export function worldOf(lab: Lab): World {
  const publicKey = readFileSync(join(lab.home, '.ssh/id_ed25519.pub'), 'utf8').trim();
  return {
    kind: 'lab',
    hosts: lab.hosts.map((host) => ({
      name: host.name,
      ssh: `root@${host.address}`,
      system: 'x86_64-linux',
      hardwareModule: host.hardwareModule,
      publicKey,
      exec: (command) => host.exec(command),
      file: (path) => host.file(path),
      bootDefault: 'cat "/boot/loader/entries/$(cat /boot/loader/default)"',
      cutLink: () => host.cutLink(),
      restoreLink: () => host.restoreLink(),
      kill: () => host.kill(),
      boot: () => host.boot(),
      killUnit: async (unit) => {
        await host.exec(`systemctl kill --signal=KILL ${unit}`);
      },
      stopSshd: () => host.stopSshd(),
      startSshd: () => host.startSshd(),
      reset: () => host.reset(),
    })),
    home: lab.home,
    env: { FLEET_SSH_CONFIG: join(lab.home, '.ssh/config') },
    inputs: lab.inputs,
    createRemote: async (name) => (await lab.createRemote(name)).url,
    // A guest of the lab boots in about 7 s of a processor: by emulation, and beside four others in a first deployment.
    rollout: { settle: '2s', deadline: '2m', stopTimeout: '3s', confirm: '20s' },
    stop: () => lab.stop(),
  };
}
