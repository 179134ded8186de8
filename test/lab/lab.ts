import { join } from 'node:path';
import { makeHome } from './desk.ts';
import { type LabHost, makeHost } from './host.ts';
import { makeLayers } from './layers.ts';
import { labMissing } from './missing.ts';
import { GitServer, type Remote } from './remotes.ts';
import { claimSlots, releaseSlot } from './slots.ts';

export type { LabHost } from './host.ts';
export { labMissing } from './missing.ts';
export type { Remote } from './remotes.ts';

/** Real hypervisors on this machine, and a desk to work at. */
export interface Lab {
  readonly hosts: readonly LabHost[];
  /** A HOME for the fleet binary: .ssh with key, config and the hosts' true keys, .gitconfig, nix.conf. */
  readonly home: string;
  /** Flake inputs that stand in for nixpkgs and microvm.nix; good here and on the hosts. `fleet` is beside them. */
  readonly inputs: Readonly<Record<'nixpkgs' | 'microvm', string>>;
  /** Makes an empty bare repository that desk and hosts reach at one url. */
  createRemote(name?: string): Promise<Remote>;
  /** Takes the git server away, and brings it back. */
  gitDown(): Promise<void>;
  gitUp(): Promise<void>;
  /** Ends everything the lab started and removes everything it made. */
  stop(): Promise<void>;
}

/** Starts hosts: booted, reachable by ssh, without any fleet on them. */
export async function startLab(options: {
  hosts: number;
  names?: readonly string[];
  /** Disks of their own: a power loss takes what was not synced. */
  haveOwnDisks?: boolean;
}): Promise<Lab> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`lab: ${missing}`);
  const layers = await makeLayers();
  const slots = await claimSlots(options.hosts);
  const git = new GitServer(slots[0]!);
  const hosts: LabHost[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host.kill()));
    await git.down();
    await Promise.all(slots.map(releaseSlot));
  };
  try {
    for (const [i, slot] of slots.entries())
      hosts.push(
        await makeHost(
          slot,
          options.names?.[i] ?? `hv${i + 1}`,
          layers,
          options.haveOwnDisks ?? false,
        ),
      );
    const home = join(slots[0]!.dir, 'home');
    await makeHome(home, layers, hosts);
    await git.start();
    await Promise.all(hosts.map((host) => host.reset()));
    return {
      hosts,
      home,
      inputs: {
        nixpkgs: `path:${layers.inputs}/nixpkgs`,
        microvm: `path:${layers.inputs}/microvm`,
      },
      createRemote: (name = 'fleet') => git.create(name),
      gitDown: () => git.down(),
      gitUp: () => git.up(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
