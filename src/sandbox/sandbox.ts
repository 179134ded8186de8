import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { System } from '../model/fleet.ts';
import type { Surroundings } from '../model/surroundings.ts';
import { ownFile } from '../own-files.ts';
import { SandboxHost } from './hypervisor.ts';
import { makeKeyPair, writeSshHome } from './keys.ts';

/** Options of `startSandbox`. */
export interface SandboxOptions {
  /** Where everything is kept; made when it is not there, and left there by `stop`. */
  readonly dir: string;
  readonly hypervisors: readonly { readonly name: string; readonly system?: System }[];
  /** Seconds from a guest's start to its first answer. */
  readonly guestBoot?: number;
  readonly surroundings: Surroundings;
}

/** Pretend hypervisors in one process: ssh and scripts are real, Nix, systemd and guests are not. */
export interface Sandbox {
  readonly hosts: readonly SandboxHost[];
  /** A HOME with .ssh: key, known_hosts, and a config with each hypervisor under its name. */
  readonly home: string;
  /** What fleet must find in its environment to reach them. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends everything that it started. */
  stop(): Promise<void>;
  /** Ends their processes at once: all that is left to do in a process that exits. */
  endAll(): void;
}

/** Starts pretend hypervisors: no root, no Nix, Linux or macOS. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { env, signalGroup } = options.surroundings;
  mkdirSync(options.dir, { recursive: true });
  // The scripts compare paths with what readlink -f says.
  const dir = realpathSync(options.dir);
  const machine = env.PATH ?? '/usr/bin:/bin';
  const tools = installTools(join(dir, 'tools'), machine);
  const path = [...tools.path, machine].join(':');
  const clientKey = makeKeyPair();
  const neighbours = new Set<number>();
  const hosts = options.hypervisors.map(
    ({ name, system = thisSystem() }, n) =>
      new SandboxHost({
        name,
        system,
        root: join(dir, 'hosts', name),
        address: `192.0.2.${2 + (n % 250)}`,
        tools: tools.folder,
        path,
        guestBoot: options.guestBoot ?? 0.3,
        hostKey: makeKeyPair(),
        clientKey,
        signalGroup,
        neighbours,
      }),
  );
  const stop = async () => {
    await Promise.all(hosts.map((host) => host.stop()));
  };
  try {
    await Promise.all(hosts.map((host) => host.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  for (const host of hosts) neighbours.add(host.port);
  const home = join(dir, 'home');
  writeSshHome(
    home,
    clientKey,
    hosts.map(({ name, port, hostKey }) => ({ name, port, key: hostKey })),
  );
  const endAll = () => {
    for (const host of hosts) host.endAll();
  };
  return { hosts, home, env: { FLEET_SSH_CONFIG: join(home, '.ssh/config') }, stop, endAll };
}

const thisSystem = (): System => (arch() === 'arm64' ? 'aarch64-linux' : 'x86_64-linux');

/** Copies the stand-ins, once for all: a package's files need not be executable, or stay. */
function installTools(folder: string, machine: string): { folder: string; path: string[] } {
  cpSync(fileURLToPath(ownFile('./sandbox/tools/')), folder, { recursive: true });
  const kinds = platform() === 'linux' ? ['bin'] : ['bin', 'bsd'];
  for (const kind of [...kinds, 'lib']) {
    for (const file of readdirSync(join(folder, kind))) chmodSync(join(folder, kind, file), 0o755);
  }
  // A script that makes a PATH of its tools' folders, in whatever order, finds the stand-ins first.
  rmSync(join(folder, 'bin/sh'), { force: true });
  symlinkSync('/bin/sh', join(folder, 'bin/sh'));
  // The machine's own jq knows more.
  const jq = machine.split(delimiter).some((place) => existsSync(join(place, 'jq')));
  if (jq) rmSync(join(folder, 'bin/jq'));
  return { folder, path: kinds.map((kind) => join(folder, kind)) };
}
