import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { smallFleet } from '../sandbox/small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from '../sandbox/world.ts';
import { Desk } from '../scenario/desk.ts';
import type { FakeGitHub } from './github.ts';
import { type Ran, runAction, type Step } from './runner.ts';

/** The sandbox as a workflow reaches it: by address, with a key and known hosts of the repository's settings. */
export class ActionFleet {
  readonly world: SandboxWorld;
  /** What actions/checkout leaves: the workspace. */
  readonly desk: Desk;
  /** The private key. */
  readonly key: string;
  readonly knownHosts: string;
  readonly #github: FakeGitHub;

  private constructor(world: SandboxWorld, github: FakeGitHub) {
    const data = smallFleet(world);
    for (const host of world.hosts) data.hypervisors[host.name].ssh = `root@127.0.0.1:${host.port}`;
    data.networks = { front: data.networks.front };
    data.vms = { web1: data.vms.web1 };
    this.world = world;
    this.desk = new Desk(world, 'action', data);
    this.key = readFileSync(join(world.home, '.ssh/id_ed25519'), 'utf8');
    this.knownHosts = readFileSync(join(world.home, '.ssh/known_hosts'), 'utf8');
    this.#github = github;
  }

  static async start(github: FakeGitHub): Promise<ActionFleet> {
    const fleet = new ActionFleet(await sandboxWorld(1), github);
    await fleet.desk.open(sandboxLock);
    return fleet;
  }

  async stop(): Promise<void> {
    this.desk.close();
    await this.world.stop();
  }

  /** A step with the key, of a push to the branch unless it is said otherwise. */
  async run(command: string, more: Partial<Step> = {}): Promise<Ran> {
    const given = { 'ssh-key': this.key, 'known-hosts': this.knownHosts };
    return runAction({
      workspace: this.desk.folder,
      event: 'push',
      sha: await this.desk.git('rev-parse', 'HEAD'),
      api: this.#github.url,
      ...more,
      with: { command, ...given, ...more.with },
    });
  }

  /** PATH of a runner that does not have Nix. */
  pathWithoutNix(): string {
    const folder = join(this.world.dir, 'no-nix');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'nix'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    return `${folder}:${process.env.PATH}`;
  }

  /** Of a runner that has Nix: the stand-in, which builds for the system of hv1. */
  nixOfRunner(): Record<string, string> {
    const root = this.world.hosts[0]?.root ?? '';
    const [, path = ''] =
      /^PATH='(.*)'$/m.exec(readFileSync(join(root, 'sandbox/path.sh'), 'utf8')) ?? [];
    return { PATH: path, FLEET_ROOT: root };
  }

  /** The environment that git's hooks see: that of all children of the Action. @returns what reads it */
  watchEnvironment(): () => string {
    const [hook, seen] = ['.git/hooks/pre-push', '.git/seen'].map((path) =>
      join(this.desk.folder, path),
    );
    writeFileSync(hook as string, `#!/bin/sh\nenv >'${seen}'\n`);
    chmodSync(hook as string, 0o755);
    return () => readFileSync(seen as string, 'utf8');
  }
}
