import { randomUUID } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Layers } from './layers.ts';
import { LossyDisk } from './lossy-disk.ts';
import { Machine } from './machine.ts';
import { must, type run, until } from './run.ts';
import type { Slot } from './slots.ts';

/** One hypervisor of the lab. */
export interface LabHost {
  readonly name: string;
  /** Where its sshd answers, from this machine. */
  readonly address: string;
  readonly port: 22;
  /** Its public host key, "type base64". */
  readonly hostKey: string;
  /** Text of its hardware-configuration.nix: a system without it loses uplink and root's key. */
  readonly hardwareModule: string;
  /** Runs a shell command as root inside, by no network. */
  exec(command: string, timeoutMs?: number): ReturnType<typeof run>;
  /** Pulls the network cable; a reboot does not put it back. */
  cutLink(): Promise<void>;
  restoreLink(): Promise<void>;
  /** Ends sshd and every session; what they had started lives on. */
  stopSshd(): Promise<void>;
  startSshd(): Promise<void>;
  /** Where a file of the host's lies on this machine, also while it is off; not of one with a disk of its own. */
  file(path: string): string;
  /** Power loss: SIGKILL to everything at once. The disk stays; one of its own loses what was not synced. */
  kill(): Promise<void>;
  /** Switches on with the disk as it is. Resolves when the boot is over, even with failed units. */
  boot(): Promise<void>;
  /** Reboot by command. */
  reboot(): Promise<void>;
  /** Waits for the end of a boot that something else began, such as a reboot by the host itself. */
  untilBooted(): Promise<void>;
  /** The machine as it was at first: power loss, fresh disk, boot. */
  reset(): Promise<void>;
  /** Shuts down by command. */
  stop(): Promise<void>;
  /** What was written to its console. */
  console(): string;
}

/** Makes a host on a slot, with a disk of its own or on this machine's; it is off. */
export async function makeHost(
  slot: Slot,
  name: string,
  layers: Layers,
  hasOwnDisk: boolean,
): Promise<LabHost> {
  const disk = hasOwnDisk ? new LossyDisk(slot, layers) : undefined;
  const machine = new Machine(slot, name, layers, disk);
  const keys = join(slot.dir, 'ssh');
  const upper = join(slot.dir, 'upper');
  await mkdir(keys);
  const keyFile = join(keys, 'ssh_host_ed25519_key');
  await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', keyFile);
  const [type, base64] = (await must('cat', `${keyFile}.pub`)).split(' ');

  const machineId = randomUUID().replaceAll('-', '');

  const freshDisk = async (): Promise<void> => {
    disk?.forget();
    await rm(upper, { recursive: true, force: true });
    await rm(join(slot.dir, 'work'), { recursive: true, force: true });
    await mkdir(join(upper, 'etc'), { recursive: true });
    await cp(keys, join(upper, 'etc/ssh'), { recursive: true });
    // Without one systemd takes this for a first boot and enables the distribution's services.
    await writeFile(join(upper, 'etc/machine-id'), `${machineId}\n`);
  };
  await freshDisk();

  return {
    name,
    address: slot.address,
    port: 22,
    hostKey: `${type} ${base64}`,
    hardwareModule: await layers.hardwareModule(slot.number),
    exec: (command, timeoutMs) => machine.exec(command, timeoutMs),
    cutLink: () => machine.setCut(true),
    restoreLink: () => machine.setCut(false),
    stopSshd: async () => {
      await machine.exec('systemctl stop sshd; pkill -KILL -x "sshd|sshd-session"');
    },
    startSshd: async () => {
      await machine.exec('systemctl start sshd');
    },
    file: (path) => join(upper, path),
    kill: () => machine.kill(),
    boot: () => machine.boot(),
    reboot: () => machine.reboot(),
    untilBooted: () => machine.untilBooted(),
    stop: () => machine.shutDown(),
    console: () => machine.console(),
    reset: async () => {
      await machine.kill();
      await freshDisk();
      await machine.setCut(false);
      await machine.boot();
      await until(`sshd of ${name}`, 20_000, () => answers(slot.address, 22));
    },
  };
}

/** True when something accepts a connection. */
function answers(address: string, port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    const settle = (answer: true | undefined) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .on('connect', settle(true))
      .on('error', settle(undefined))
      .on('timeout', settle(undefined));
  });
}
