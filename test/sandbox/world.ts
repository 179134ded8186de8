import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxHost } from '../../src/sandbox/hypervisor.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World, WorldHost } from '../scenario/world.ts';
import { here } from '../surroundings.ts';

/** A world of pretend hypervisors. */
export interface SandboxWorld extends World {
  readonly kind: 'sandbox';
  readonly hosts: readonly (SandboxHost & WorldHost)[];
  /** Where everything of it is kept. */
  readonly dir: string;
}

/** Starts `count` pretend hypervisors, hv1 and so on, in a temporary folder that `stop` removes. */
export async function sandboxWorld(count: number): Promise<SandboxWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-sandbox-'));
  const hypervisors = Array.from({ length: count }, (_, n) => ({ name: `hv${n + 1}` }));
  const sandbox = await startSandbox({ dir, hypervisors, surroundings: here });
  return {
    kind: 'sandbox',
    dir,
    hosts: sandbox.hosts.map(asWorldHost),
    home: sandbox.home,
    env: sandbox.env,
    inputs: {
      microvm: 'github:microvm-nix/microvm.nix',
      nixpkgs: 'github:NixOS/nixpkgs/nixos-25.11',
    },
    createRemote: async (name) => {
      const path = join(dir, `${name}.git`);
      execFileSync('git', ['init', '-q', '--bare', '-b', 'main', path]);
      return `file://${path}`;
    },
    rollout: { settle: '300ms', deadline: '3s', stopTimeout: '1s', confirm: '4s' },
    stop: async () => {
      await sandbox.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function asWorldHost(host: SandboxHost): SandboxHost & WorldHost {
  return Object.assign(host, {
    bootDefault: 'readlink "$FLEET_ROOT/sandbox/boot-default"',
    file: (path: string) => join(host.root, path),
    killUnit: async (unit: string) => {
      // The stand-in for systemctl leaves loaded what it has killed.
      const file = `"$FLEET_ROOT/sandbox/units/${unit}"`;
      await host.exec(`systemctl kill --signal=KILL ${unit}; rm -f ${file}`);
    },
    // To whoever connects a pulled cable and a stopped sshd are the same in the sandbox.
    stopSshd: () => host.cutLink(),
    startSshd: () => host.restoreLink(),
  });
}
