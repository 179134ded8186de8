import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Examined } from '../../src/model/examined.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { makeKeyPair } from '../../src/sandbox/keys.ts';
import { type Desk as Keys, makeDesk, type Sshd, startSshd } from '../host/sshd.ts';
import { Desk } from '../scenario/desk.ts';
import { instead, quoted } from './instead.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

let world: SandboxWorld;
let desk: Desk;
let keys: Keys;
let sshd: Sshd;
/** Of the desk: what a row changes, its end takes back. */
const env: Record<string, string> = {};

/** Of a busy machine nothing is to be found here. */
const patient = { deadline: '60s', confirm: '60s' };

beforeAll(async () => {
  world = await sandboxWorld(2);
  Object.assign(env, world.env);
  desk = new Desk({ ...world, env }, 'doctor', smallFleet(world, patient));
  await desk.open(sandboxLock);
  await desk.apply(0);
  keys = makeDesk();
  sshd = await startSshd(keys, [keys.key('deploy')]);
}, 480_000);
afterAll(async () => {
  sshd.stop();
  keys.remove();
  desk.close();
  await world.stop();
});

const host = (n: number) => world.hosts[n - 1] as SandboxWorld['hosts'][number];
const on = (n: number, command: string) => host(n).exec(command);
/** Another ssh_config for the desk. */
function sshConfig(change: (text: string) => string): () => void {
  const before = env.FLEET_SSH_CONFIG as string;
  env.FLEET_SSH_CONFIG = join(world.dir, 'ssh_config');
  writeFileSync(env.FLEET_SSH_CONFIG, change(readFileSync(before, 'utf8')));
  return () => {
    env.FLEET_SSH_CONFIG = before;
  };
}

/** The same of what ssh_config says of all hosts, for hv1 alone. */
function sshConfigOfHv1(change: (text: string) => string): () => void {
  return sshConfig((text) => {
    const [hosts = '', all = ''] = text.split('Host *');
    return `${hosts}Host hv1${change(all)}Host * !hv1${all}`;
  });
}

/** PATH of a desk that has these programs and no others. */
function onlyPrograms(...names: readonly string[]): () => void {
  const folder = join(world.dir, 'few');
  mkdirSync(folder);
  for (const name of names)
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(folder, name));
  env.PATH = folder;
  return () => {
    delete env.PATH;
    rmSync(folder, { recursive: true });
  };
}

function fleetYaml(change: (text: string) => string): () => void {
  const before = desk.read('fleet.yaml');
  desk.write('fleet.yaml', change(before));
  return () => desk.write('fleet.yaml', before);
}

/** Changes that hypervisors see in git.url and nowhere else. */
function url(to: string): () => void {
  return fleetYaml((text) => text.replace('transport: pull', `transport: pull\n  url: ${to}`));
}

async function examine(
  ...args: string[]
): Promise<{ code: number; found: Examined[]; all: Examined[]; ok: boolean }> {
  const { code, stdout, stderr } = await desk.fleet(['doctor', '--json', ...args]);
  expect(stderr).toBe('');
  const { kind, version, ok, examined } = JSON.parse(stdout) as {
    kind: string;
    version: number;
    ok: boolean;
    examined: Examined[];
  };
  expect([kind, version]).toEqual(['doctor', 1]);
  return { code, ok, all: examined, found: examined.filter(({ state }) => state === 'wrong') };
}

/** A finding: where, check, what is seen, and how it is mended. */
type Finding = readonly [where: string, check: string, seen: RegExp, fix?: RegExp];
type Undo = () => unknown;

const rows: readonly (readonly [string, () => Undo | Promise<Undo>, ...Finding[]])[] = [
  [
    'no ssh',
    () => onlyPrograms('git', 'sh'),
    ['this machine', 'ssh', /the program ssh is not on PATH/, /Install the OpenSSH client/],
  ],
  [
    'a tailnet that this machine has left',
    () => {
      const undo = [
        sshConfig((text) =>
          text.replace('HostName 127.0.0.1', 'HostName 100.64.0.9\n  ConnectTimeout 1'),
        ),
        onlyPrograms('git', 'sh', 'ssh', 'ssh-keygen'),
      ];
      const tailscale = join(world.dir, 'few/tailscale');
      writeFileSync(tailscale, `#!/bin/sh\necho '{ "BackendState": "NeedsLogin" }'\n`);
      chmodSync(tailscale, 0o755);
      return () => {
        for (const one of undo) one();
      };
    },
    ['this machine', 'tailnet', /hv1 is in a tailnet .* NeedsLogin/, /tailscale up/],
    ['hv1', 'reachable', /100\.64\.0\.9/],
  ],
  [
    'a clock that is wrong here',
    () => instead(world, 'date', '[ "$*" != +%s ] || { echo 4102444800; exit; }'),
    ['this machine', 'clock', /all 2 hypervisors are ahead of this machine's/, /timedatectl/],
  ],
  [
    'a clock that is wrong there',
    () => instead(world, 'date', '[ "$*" != +%s ] || { echo 1700000000; exit; }', 1),
    ['hv1', 'clock', /its clock is \d+ d behind this machine's/, /timedatectl/],
  ],
  [
    'mistakes in fleet.yaml',
    () => fleetYaml((text) => text.replace('10.1.0.2', '10.9.0.2')),
    ['fleet.yaml', 'valid', /^fleet\.yaml:\d+:\d+ .*10\.9\.0\.2/],
  ],
  [
    'something left to decide',
    () => fleetYaml((text) => `# DECIDE: which disk it boots from.\n${text}`),
    ['fleet.yaml', 'decided', /^fleet\.yaml:1:3 not decided yet/, /then delete it/],
  ],
  [
    'a file of a person in the way',
    () => {
      const before = desk.read('hosts/web1/default.nix');
      desk.write('hosts/web1/default.nix', '{ }\n');
      return () => desk.write('hosts/web1/default.nix', before);
    },
    ['git', 'rendered', /would overwrite files that it did not write: hosts\/web1/, /Move /],
  ],
  [
    'nobody who commits',
    () => {
      env.GIT_CONFIG_GLOBAL = keys.write(
        'nobody',
        '[user]\nuseConfigOnly = true\n[safe]\ndirectory = *\n',
      );
      return () => delete env.GIT_CONFIG_GLOBAL;
    },
    ['git', 'identity', /git does not know who commits/, /git config --global user\.name/],
  ],
  [
    'no branch',
    async () => {
      await desk.git('switch', '-q', '--detach');
      return () => desk.git('switch', '-q', 'main');
    },
    ['git', 'branch', /no branch is checked out/, /git switch/],
  ],
  [
    'a merge in hand',
    async () => {
      const head = await desk.git('rev-parse', 'HEAD');
      desk.write('.git/MERGE_HEAD', `${head}\n`);
      return () => rmSync(join(desk.folder, '.git/MERGE_HEAD'));
    },
    ['git', 'work in hand', /a merge is in progress/, /git merge --abort/],
  ],
  [
    'no remote',
    async () => {
      await desk.git('remote', 'rename', 'origin', 'other');
      return () => desk.git('remote', 'rename', 'other', 'origin');
    },
    ['git', 'remote', /no remote named origin/, /It has other/],
  ],
  [
    'a remote that is gone',
    async () => {
      await desk.git('remote', 'set-url', 'origin', '/nowhere;x.git');
      return () => desk.git('remote', 'set-url', 'origin', desk.remote);
    },
    ['git', 'remote', /origin cannot be reached/, /git fetch origin/],
    [
      'hv1',
      'deploy key',
      /root there cannot read \/nowhere;x\.git/,
      /git ls-remote '\/nowhere;x\.git'/,
    ],
    ['hv2', 'deploy key', /root there cannot read \/nowhere;x\.git/, /transport: send/],
  ],
  [
    'a remote that takes no push',
    async () => {
      await desk.git('remote', 'set-url', '--push', 'origin', '/nowhere.git');
      return () => desk.git('config', '--unset', 'remote.origin.pushurl');
    },
    ['git', 'push', /origin cannot be reached/],
  ],
  [
    'a branch that has moved on',
    async () => {
      const other = new Desk(world, 'other', desk.data);
      await other.join(desk);
      await other.git('commit', '-q', '--allow-empty', '-m', 'theirs');
      await other.git('push', '-q', 'origin', 'main');
      other.close();
      return () => desk.git('pull', '-q', '--ff-only', 'origin', 'main');
    },
    ['git', 'up to date', /origin\/main has commits that are not here/, /git pull --rebase/],
  ],
  [
    'a hypervisor that is dead',
    async () => {
      await host(2).cutLink();
      return () => host(2).restoreLink();
    },
    ['hv2', 'reachable', /hv2 \(root@/],
  ],
  [
    'an unknown host key',
    () => {
      const known = keys.write('unknown', '');
      return sshConfigOfHv1((text) =>
        text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${known}`),
      );
    },
    ['hv1', 'host key', /unknown host key ssh-ed25519 SHA256:/, /accept it: echo /],
  ],
  [
    'another host key',
    () => {
      const line = `[127.0.0.1]:${host(1).port} ${makeKeyPair().public}\n`;
      const known = keys.write('changed', line);
      return sshConfigOfHv1((text) =>
        text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${known}`),
      );
    },
    ['hv1', 'host key', /HOST KEY CHANGED/, /ssh-keygen -R/],
  ],
  [
    'a key that is not let in, and an agent that is gone',
    () => {
      const key = keys.key('stranger');
      return sshConfigOfHv1((text) =>
        text
          .replace(/IdentityFile .*/, `IdentityFile ${key}`)
          .replace('IdentityAgent none', 'IdentityAgent /nowhere/agent'),
      );
    },
    ['this machine', 'agent', /no ssh-agent answers at \/nowhere\/agent, .*hv1 refuses/, /ssh-add/],
    ['hv1', 'login', /accepts none of our keys/, /root's authorized_keys/],
  ],
  [
    'no sudo',
    () => {
      const undo = fleetYaml((text) => text.replace('ssh: hv1', 'ssh: { host: hv1, sudo: true }'));
      // Another than root is asked for a password.
      writeFileSync(
        join(world.dir, 'tools/bin/sudo'),
        '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n',
      );
      chmodSync(join(world.dir, 'tools/bin/sudo'), 0o755);
      return () => {
        rmSync(join(world.dir, 'tools/bin/sudo'));
        undo();
      };
    },
    ['hv1', 'sudo', /`sudo -n sh` did not start/, /needs sudo without a password/],
  ],
  [
    'a systemd that does not answer',
    () => instead(world, 'systemctl', 'exit 1', 1),
    ['hv1', 'answer', /systemd does not say which guests run here/],
  ],
  [
    'flakes that are off',
    () =>
      instead(
        world,
        'nix',
        'case "$*" in *getFlake*) echo "error: experimental Nix feature" >&2; exit 1 ;; esac',
        1,
      ),
    [
      'hv1',
      'flakes',
      /flakes are not enabled/,
      /experimental-features = \[ "nix-command" "flakes" \]/,
    ],
  ],
  [
    'an old Nix',
    () => instead(world, 'nix', '[ "$1" != --version ] || { echo "nix (Nix) 2.3.16"; exit; }', 1),
    ['hv1', 'nix', /nix is 2\.3\.16; fleet needs 2\.8 or newer/, /Update NixOS/],
  ],
  [
    'a tool that is missing',
    () => {
      const file = join(world.dir, 'tools/bin/microvm');
      renameSync(file, `${file}.away`);
      return () => renameSync(`${file}.away`, file);
    },
    ['hv1', 'tools', /microvm is not on its PATH/],
    ['hv2', 'tools', /microvm is not on its PATH/],
  ],
  [
    'a full disk',
    () =>
      instead(
        world,
        'df',
        `[ "$1" != -Pk ] || { shift; echo Filesystem; for disk; do echo "/dev/vda1 9999999 1 4096 99% $disk"; done; exit; }`,
        1,
      ),
    ['hv1', 'room', /\/nix\/store has 4 MiB free/],
    ['hv1', 'room', /\/var\/lib\/fleet has 4 MiB free/],
    ['hv1', 'room', /\/var\/lib\/microvms has 4 MiB free/],
    ['hv1', 'room', /\/boot has 4 MiB free/],
  ],
  [
    'no inodes',
    () =>
      instead(
        world,
        'df',
        `[ "$1" != -Pi ] || { echo Filesystem; echo "/dev/vda 1000000 999990 10 100% /nix"; exit; }`,
        1,
      ),
    ['hv1', 'inodes', /\/nix has 10 of 1000000 inodes free/, /nix-collect-garbage/],
  ],
  [
    'no memory',
    async () => {
      const file = '"$FLEET_ROOT/proc/meminfo"';
      await on(
        1,
        `cp ${file} ${file}.before; printf 'MemTotal: 999 kB\\nMemAvailable: 9 kB\\n' >${file}`,
      );
      return () => on(1, `mv ${file}.before ${file}`);
    },
    ['hv1', 'room', /of memory are available/],
  ],
  [
    'a kernel without KVM and tun',
    async () => {
      await on(1, 'mv "$FLEET_ROOT/sys/class/misc" "$FLEET_ROOT/dev" "$FLEET_ROOT/tmp"');
      return () => on(1, 'cd "$FLEET_ROOT/tmp" && mv misc ../sys/class && mv dev ..');
    },
    ['hv1', 'kvm', /no KVM: qemu emulates/, /kvm-intel/],
    ['hv1', 'tun', /no tun/, /reboot it/],
  ],
  [
    'a kernel without vsock',
    async () => {
      const undo = fleetYaml((text) =>
        text.replace('address: 10.1.0.2', 'address: 10.1.0.2\n    vsock: 7'),
      );
      await on(1, 'rm "$FLEET_ROOT/dev/vhost-vsock"');
      return async () => {
        undo();
        await on(1, ': >"$FLEET_ROOT/dev/vhost-vsock"');
      };
    },
    ['hv1', 'vhost-vsock', /no vhost-vsock: web1 cannot start/, /vhost_vsock/],
  ],
  [
    'no NixOS',
    async () => {
      await on(1, 'cd "$FLEET_ROOT/run/current-system/" && mv nixos-version was');
      return () => on(1, 'cd "$FLEET_ROOT/run/current-system/" && mv was nixos-version');
    },
    ['hv1', 'NixOS', /is no NixOS/, /nixos-rebuild switch/],
  ],
  [
    'another machine than fleet.yaml says',
    async () => {
      await on(
        1,
        'cp "$FLEET_ROOT/sandbox/machine" "$FLEET_ROOT/tmp"; echo riscv64 >"$FLEET_ROOT/sandbox/machine"',
      );
      return () => on(1, 'mv "$FLEET_ROOT/tmp/machine" "$FLEET_ROOT/sandbox"');
    },
    ['hv1', 'architecture', /is riscv64, fleet\.yaml says system/, /hypervisors\.hv1\.system/],
  ],
  [
    'records of a newer fleet',
    async () => {
      await on(1, 'cd "$FLEET_ROOT/var/lib/fleet" && cp version was && echo 99 >version');
      return () => on(1, 'cd "$FLEET_ROOT/var/lib/fleet" && mv was version');
    },
    ['hv1', 'records', /a newer fleet wrote \/var\/lib\/fleet .*: update fleet/],
  ],
  [
    'another fleet',
    async () => {
      await on(1, 'cd "$FLEET_ROOT/var/lib/fleet" && cp fleet was && echo theirs >fleet');
      return () => on(1, 'cd "$FLEET_ROOT/var/lib/fleet" && mv was fleet');
    },
    ['hv1', 'fleet', /belongs to fleet "theirs", not to "small": to take it over/],
  ],
  [
    'comin',
    async () => {
      await on(
        1,
        'printf "active=active\\nsub=running\\n" >"$FLEET_ROOT/sandbox/units/comin.service"',
      );
      return () => on(1, 'rm "$FLEET_ROOT/sandbox/units/comin.service"');
    },
    ['hv1', 'second writers', /comin\.service .*services\.comin\.enable = false/],
  ],
  [
    'a checkout that others may write in',
    async () => {
      await on(1, 'chmod g+w "$FLEET_ROOT/var/lib/fleet/repo"');
      return () => on(1, 'chmod g-w "$FLEET_ROOT/var/lib/fleet/repo"');
    },
    ['hv1', 'checkout', /others than root may change \/var\/lib\/fleet\/repo/, /chmod go-rwx/],
  ],
  [
    'a checkout that is broken',
    async () => {
      await on(1, 'cd "$FLEET_ROOT/var/lib/fleet/repo/.git" && mv HEAD was');
      return () => on(1, 'cd "$FLEET_ROOT/var/lib/fleet/repo/.git" && mv was HEAD');
    },
    ['hv1', 'checkout', /git cannot use \/var\/lib\/fleet\/repo/, /move it aside/],
  ],
  [
    'a checkout that was changed',
    async () => {
      await on(1, 'echo x >"$FLEET_ROOT/var/lib/fleet/repo/by-hand.nix"');
      return () => on(1, 'rm "$FLEET_ROOT/var/lib/fleet/repo/by-hand.nix"');
    },
    ['hv1', 'edits', /1 file in the checkout changed by hand/, /git stash/],
  ],
  [
    'the lock of somebody',
    async () => {
      await on(
        1,
        'cd "$FLEET_ROOT/var/lib/fleet" && mkdir deployments/20990101-x && printf "operator\\tgrace@laptop\\noperation\\tapply\\nstarted\\t1700000000\\n" >deployments/20990101-x/meta && : >deployments/20990101-x/begun && ln -s deployments/20990101-x lock',
      );
      return () => on(1, 'cd "$FLEET_ROOT/var/lib/fleet" && rm -r deployments/20990101-x lock');
    },
    ['hv1', 'lock', /locked by grace@laptop: apply 20990101-x/, /fleet history/],
  ],
  [
    'a system that somebody else switched to',
    async () => {
      await on(
        1,
        'cd "$FLEET_ROOT/run" && readlink current-system >../tmp/was && cp -R "$(readlink current-system)" "$(readlink current-system)-else" && ln -sfn "$(readlink current-system)-else" current-system',
      );
      return () =>
        on(
          1,
          'cd "$FLEET_ROOT/run" && rm -r "$(readlink current-system)" && ln -sfn "$(cat ../tmp/was)" current-system',
        );
    },
    ['hv1', 'system', /the running system is not the deployed one/, /without fleet/],
    ['hv1', 'system', /the system profile differs from the running system/],
  ],
  [
    'a tailnet that it never joined',
    () =>
      fleetYaml((text) => text.replace('ssh: hv1', 'ssh: hv1\n    tailscale: { enable: true }')),
    ['hv1', 'tailnet', /tailscale is enabled, but tailscale0 is not there/, /tailscale up/],
  ],
  [
    "a git server's host key that it does not know",
    async () => {
      await useSsh('none');
      return deployUrl();
    },
    ['hv1', 'deploy key', /root there cannot read ssh:/, /host key is not known there/],
    ['hv2', 'deploy key', /root there cannot read ssh:/, /git ls-remote ssh:/],
  ],
  [
    'a deploy key that the git server refuses',
    async () => {
      keys.write('git_known', sshd.knownHosts);
      keys.key('refused');
      await useSsh('git_known', 'refused');
      return deployUrl();
    },
    ['hv1', 'deploy key', /root there cannot read ssh:/, /ssh-keygen -t ed25519\n.*deploy key/],
    ['hv2', 'deploy key', /root there cannot read ssh:/, /git ls-remote ssh:/],
  ],
  [
    'another repository under git.url',
    async () => {
      const other = await world.createRemote('elsewhere');
      return url(other);
    },
    ['hv1', 'deploy key', /sees no branch main in file:/, /git\.url/],
    ['hv2', 'deploy key', /sees no branch main in file:/, /git\.url/],
  ],
];

/** git on hv1 goes to sshd with OpenSSH's own ssh; hv2 has the stand-in, which reaches nobody. */
async function useSsh(known: string, key = 'deploy'): Promise<void> {
  const options = [
    '-F none',
    `-o UserKnownHostsFile=${keys.path(known)}`,
    '-o GlobalKnownHostsFile=none',
  ];
  const ssh = `/usr/bin/ssh ${options.join(' ')} -o IdentitiesOnly=yes -i ${keys.path(key)}`;
  await on(1, `git config --global core.sshCommand ${quoted(ssh)}`);
}
function deployUrl(): Undo {
  const path = desk.remote.replace('file://', '');
  const undo = url(`ssh://${sshd.address}:${sshd.port}${path}`);
  return async () => {
    undo();
    await on(1, 'git config --global --unset core.sshCommand');
  };
}

describe('fleet doctor', () => {
  it('of a fleet that is well says so in a few short lines, and ends with 0', async () => {
    const { code, stdout, stderr } = await desk.fleet(['doctor']);
    expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('Nothing is wrong.')]);
    const lines = stdout.split('\n');
    expect(lines.length).toBeLessThan(24);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(stdout).not.toMatch(/FAIL|note/);
  });

  it('changes nothing here and there', async () => {
    const look = async () => [
      await desk.git('for-each-ref'),
      await desk.git('status', '--porcelain'),
      await desk.git('ls-remote', 'origin'),
      (await on(1, 'cd "$FLEET_ROOT" && find . -path ./sandbox -prune -o -print | sort')).stdout,
    ];
    const before = await look();
    await examine();
    expect(await look()).toEqual(before);
  });

  it('looks at what is selected, and nothing is what nobody is called', async () => {
    await host(2).cutLink();
    expect((await examine('web*')).found).toEqual([]);
    expect((await examine('db1')).found).toHaveLength(1);
    await host(2).restoreLink();
    const nobody = await desk.fleet(['doctor', 'nobody']);
    expect(nobody).toMatchObject({ code: 64, stderr: expect.stringContaining('select.nothing') });
  });

  for (const [what, provoke, ...expected] of rows)
    it(`finds ${what}`, async () => {
      const undo = await provoke();
      try {
        const { code, ok, found } = await examine();
        expect([code, ok]).toEqual([1, false]);
        expect(found.map(({ where, check }) => `${where}: ${check}`)).toEqual(
          expected.map(([where, check]) => `${where}: ${check}`),
        );
        expected.forEach(([, , seen, fix], n) => {
          expect(found[n]?.seen).toMatch(seen);
          if (fix) expect(found[n]?.fix).toMatch(fix);
        });
      } finally {
        await undo();
      }
    });

  it('takes a deploy key over ssh that the git server lets in', async () => {
    keys.write('git_known', sshd.knownHosts);
    await useSsh('git_known');
    const undo = deployUrl();
    const { found } = await examine('hv1');
    await undo();
    expect(found).toEqual([]);
  });

  it('is well again once each is mended', async () => {
    expect(await examine()).toMatchObject({ code: 0, ok: true, found: [] });
  });
}, 180_000);
