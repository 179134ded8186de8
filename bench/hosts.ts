// Many real sshd addresses: one sshd listens on loopback, and each address is a hypervisor's folder with the sandbox's
// stand-in tools, and one vm that is deployed there.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxLock } from '../src/sandbox/flake-lock.ts';
import { sandboxWorld } from '../test/sandbox/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { once } from './measure.ts';

const port = 22022;
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const address = (n: number) => `127.0.1.${n + 1}`;

export interface Hosts {
  /** A folder for more files, ssh_config and the inventory `hosts` among them. */
  readonly folder: string;
  readonly config: string;
  readonly env: NodeJS.ProcessEnv;
  /** Seconds that `fleet ARGS` takes there. */
  fleet(...args: string[]): number;
  /** Seconds that pssh takes to run `true` on all at a time. */
  pssh(): number;
}

/** Deploys to `count` pretend hypervisors, lets `work` measure, and ends all of it. */
export async function withHosts(count: number, work: (hosts: Hosts) => void): Promise<void> {
  const world = await sandboxWorld(count);
  const desk = new Desk(world, 'bench', fleetOf(world));
  let sshd: ReturnType<typeof spawn> | undefined;
  try {
    await desk.open(sandboxLock);
    console.log(`deploying to ${count} pretend hypervisors…`);
    await desk.apply(0);

    const folder = join(world.dir, 'sshd');
    mkdirSync(folder);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host')]);
    const match = world.hosts.map(
      (host, n) =>
        `Match LocalAddress ${address(n)}\n  SetEnv FLEET_ROOT=${host.root} HOME=${host.root}/root TMPDIR=${host.root}/tmp PATH=${world.dir}/tools/bin:/usr/bin:/bin:/usr/sbin:/sbin\n`,
    );
    writeFileSync(
      join(folder, 'config'),
      `ListenAddress 0.0.0.0\nPort ${port}\nHostKey ${folder}/host\nPidFile none\nStrictModes no\nUsePAM no\nMaxStartups 200\n` +
        `AuthorizedKeysFile ${world.home}/.ssh/id_ed25519.pub\nPermitRootLogin yes\nLogLevel QUIET\n${match.join('')}`,
    );
    mkdirSync('/run/sshd', { recursive: true });
    sshd = spawn('/usr/sbin/sshd', ['-D', '-f', join(folder, 'config')], { stdio: 'inherit' });
    const key = execFileSync('cut', ['-d', ' ', '-f', '1,2', join(folder, 'host.pub')], {
      encoding: 'utf8',
    });
    writeFileSync(
      join(folder, 'known_hosts'),
      world.hosts.map((_, n) => `[${address(n)}]:${port} ${key}`).join(''),
    );
    const common = `  User root\n  Port ${port}\n  IdentityFile ${world.home}/.ssh/id_ed25519\n  IdentitiesOnly yes\n  UserKnownHostsFile ${folder}/known_hosts\n`;
    const config = join(folder, 'ssh_config');
    writeFileSync(
      config,
      world.hosts
        .map((h, n) => `Host ${h.name} ${address(n)}\n  HostName ${address(n)}\n${common}`)
        .join(''),
    );
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, world.hosts.map((_, n) => `${address(n)}\n`).join(''));
    await new Promise((resolve) => setTimeout(resolve, 500));

    const env = {
      ...process.env,
      HOME: world.home,
      FLEET_SSH_CONFIG: config,
      ...desk.gitEnvironment,
    };
    const all = ['-h', hosts, '-p', String(count), '-t', '60'];
    work({
      ...{ folder, config, env },
      fleet: (...args) => once([process.execPath, fleet, '-C', desk.folder, ...args], env),
      pssh: () => once(['parallel-ssh', ...all, '-x', `-F ${config}`, 'true'], env),
    });
  } finally {
    sshd?.kill();
    desk.close();
    await world.stop();
  }
}

const fleetOf = (world: Awaited<ReturnType<typeof sandboxWorld>>) => ({
  version: 1,
  name: 'bench',
  rollout: { ...world.rollout, maxParallel: 8, settle: '1s', deadline: '60s', confirm: '60s' },
  hypervisors: Object.fromEntries(
    world.hosts.map((host) => [
      host.name,
      {
        ssh: host.name,
        system: host.system,
        stateVersion: '25.11',
        uplink: 'eth0',
        modules: [`./hosts/${host.name}/hardware-configuration.nix`],
      },
    ]),
  ),
  networks: Object.fromEntries(
    world.hosts.map((_host, n) => [`n${n}`, { subnet: `10.1.${n}.0/24` }]),
  ),
  vms: Object.fromEntries(
    world.hosts.map((host, n) => [`vm${n}`, { on: host.name, network: `n${n}` }]),
  ),
});
