import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ScriptName, script } from '../../src/host/scripts.ts';

/** The real scripts need root and namespaces. */
export const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
/** Whoever is in group kvm, as every guest's VMM is. */
export const stranger = 65_533;
export const kvm = 65_532;
export const runner = '/nix/store/a-runner';

/**
 * A hypervisor's /var/lib, /nix and users as a folder: scripts run there as root, in a mount namespace of their
 * own, and somebody of group kvm works against them.
 */
export class KvmWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'fleet-hostile-'));

  constructor() {
    chmodSync(this.dir, 0o755);
    for (const path of [
      'lib/microvms',
      'lib/fleet/deployed',
      `${runner}/bin`,
      'nix/var/nix/gcroots',
      'bin',
    ])
      mkdirSync(join(this.dir, path), { recursive: true });
    const users = readFileSync('/etc/passwd', 'utf8').replace(/^microvm:.*\n/m, '');
    const groups = readFileSync('/etc/group', 'utf8').replace(/^kvm:.*\n/m, '');
    const shell = '/usr/sbin/nologin';
    this.write('passwd', `${users}microvm:x:65531:${kvm}::/var/empty:${shell}\n`);
    this.write('group', `${groups}kvm:x:${kvm}:\n`);
    chownSync(this.vms(), 65_531, kvm);
    chmodSync(this.vms(), 0o775);
    const tools = { microvm: 'true', systemctl: '[ "$1" != is-active ]', 'systemd-run': 'true' };
    for (const [tool, text] of Object.entries(tools)) this.tool(`bin/${tool}`, text);
    this.tool(`${runner}/bin/microvm-run`, '');
  }

  /** A file of the folder; `lib` is /var/lib. */
  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts);
  }

  vms(...parts: readonly string[]): string {
    return this.path('lib/microvms', ...parts);
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.path(path), '..'), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  tool(path: string, text: string): void {
    writeFileSync(this.path(path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** A vm's folder as microvm.nix leaves it: root's, writable for group kvm. */
  vm(name: string): string {
    mkdirSync(this.vms(name));
    chownSync(this.vms(name), 0, kvm);
    chmodSync(this.vms(name), 0o775);
    return this.vms(name);
  }

  /** Runs a script as on a hypervisor. */
  run(name: ScriptName, ...args: readonly string[]): RunEnd {
    return this.sh(`{ ${script(name)}\n}`, ...args);
  }

  sh(text: string, ...args: readonly string[]): RunEnd {
    const binds = ['passwd:/etc/passwd', 'group:/etc/group', 'lib:/var/lib', 'nix:/nix']
      .map((bind) => bind.split(':'))
      .map(([from, to]) => `mount --bind ${this.path(from as string)} ${to}`);
    const before = ['mkdir -p /nix', ...binds, `PATH=${this.path('bin')}:$PATH`].join(' && ');
    const words = ['--mount', 'sh', '-c', `${before} && ${text}`, 'fleet', ...args];
    const { status, stdout, stderr } = spawnSync('unshare', words, {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    return { code: status ?? -1, stdout, stderr };
  }

  /** Somebody of group kvm does this in the folder of all vms. */
  evil(text: string): void {
    const end = spawnSync('sh', ['-ec', text], { cwd: this.vms(), uid: stranger, gid: kvm });
    if (end.status !== 0) throw new Error(`not possible: ${text}\n${end.stderr}`);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** What somebody of group kvm may write of that which the units of the hypervisor in that folder keep. */
export function writable(root: string): string[] {
  // Not every test has one.
  if (!isRoot || !existsSync(root)) return [];
  chmodSync(root, 0o755);
  const folders = ['var/lib/fleet', 'run/fleet'].filter((name) => existsSync(join(root, name)));
  const found = spawnSync('find', [...folders, '-writable'], {
    ...{ cwd: root, uid: stranger, gid: kvm, encoding: 'utf8' as const },
  });
  return found.stdout.split('\n').slice(0, -1);
}

export interface RunEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
