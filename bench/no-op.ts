// A no-op `fleet apply` over 50 real sshd addresses against Debian's `pssh` running `true` on them, and
// against `ansible-playbook` running the four commands of a deployment by hand: where, what, which, how. One sshd listens on loopback; each address is a hypervisor's folder with the sandbox's stand-in tools.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sandboxLock } from '../src/sandbox/flake-lock.ts';
import { sandboxWorld } from '../test/sandbox/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { inTurn, once, show } from './measure.ts';

const count = Number(process.argv[2] ?? 50);
const rounds = Number(process.argv[3] ?? 9);
const port = 22022;
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const world = await sandboxWorld(count);
const address = (n: number) => `127.0.1.${n + 1}`;

const data = {
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
};
const desk = new Desk(world, 'bench', data);

/** As it comes, or as kindly as it can be asked: no facts, all hosts at a time, nothing copied first. */
function playbook(folder: string, config: string, isKind: boolean): string[] {
  const commands = ['git rev-parse HEAD', 'ls /', 'readlink /bin', 'true'];
  const tasks = commands.map((command) => ({ 'ansible.builtin.command': command }));
  writeFileSync(
    join(folder, 'book.json'),
    JSON.stringify([{ hosts: 'all', gather_facts: !isKind, ignore_errors: true, tasks }]),
  );
  const forks = isKind ? ['-f', String(count)] : [];
  const args = ['-i', join(folder, 'hosts'), ...forks, `--ssh-common-args=-F ${config}`];
  return ['ansible-playbook', ...args, join(folder, 'book.json')];
}

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
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  };
  const noOp = () => once([process.execPath, fleet, '-C', desk.folder, 'apply', '--yes'], env);
  const [apply, pssh, offline] = inTurn(rounds, [
    noOp,
    () =>
      once(
        [
          'parallel-ssh',
          '-h',
          hosts,
          '-p',
          String(count),
          '-t',
          '60',
          '-x',
          `-F ${config}`,
          'true',
        ],
        env,
      ),
    () => once([process.execPath, fleet, '-C', desk.folder, 'plan', '--offline'], env),
  ]);
  if (apply && pssh && offline) {
    console.log(show(`fleet apply, no-op, ${count} hypervisors`, apply));
    console.log(show('pssh true', pssh));
    console.log(show('fleet plan --offline, of that', offline));
    console.log(`ratio: ${(apply.median / pssh.median).toFixed(2)} (at most 1)`);
    const usual = { ...env, ANSIBLE_PIPELINING: 'False' };
    const [ansible, kind, again] = inTurn(3, [
      () => once(playbook(folder, config, false), usual),
      () => once(playbook(folder, config, true), env),
      noOp,
    ]);
    if (ansible && kind && again) {
      console.log(show('ansible-playbook, four commands, as it comes', ansible));
      console.log(show('  asked as kindly as can be', kind));
      console.log(show('fleet apply between those', again));
      console.log(`ratio: ${(ansible.median / again.median).toFixed(1)} (at least 20)`);
    }
  }
} finally {
  sshd?.kill();
  desk.close();
  await world.stop();
}
