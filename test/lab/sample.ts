import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab, LabHost, Remote } from './lab.ts';
import { run } from './run.ts';

const checkout = '/var/lib/fleet/repo';
export const flake = `git+file://${checkout}`;

/** The fleet of sample/ at the desk of a lab: edited here, pushed, pulled by the host. */
export class SampleFleet {
  readonly #dir: string;
  readonly #home: string;
  readonly #host: LabHost;

  private constructor(dir: string, home: string, host: LabHost) {
    this.#dir = dir;
    this.#home = home;
    this.#host = host;
  }

  /** Commits and pushes the sample, and clones it on the host. */
  static async create(lab: Lab, host: LabHost): Promise<SampleFleet> {
    const fleet = new SampleFleet(join(lab.home, 'fleet'), lab.home, host);
    const remote: Remote = await lab.createRemote();
    await cp(join(import.meta.dirname, 'sample'), fleet.#dir, { recursive: true });
    await fleet.edit('flake.nix', (text) =>
      text.replace('@nixpkgs@', lab.inputs.nixpkgs).replace('@microvm@', lab.inputs.microvm),
    );
    await fleet.write('hosts/hv1/hardware-configuration.nix', host.hardwareModule);
    await fleet.atDesk('git init --quiet && git add . && nix flake lock && git add .');
    await fleet.atDesk(`git commit --quiet --message one && git remote add origin ${remote.url}`);
    await fleet.atDesk('git push --quiet --set-upstream origin main');
    await succeed(host, `git clone --quiet ${remote.url} ${checkout}`);
    return fleet;
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.#dir, path), text);
  }

  async edit(path: string, change: (text: string) => string): Promise<void> {
    await this.write(path, change(await readFile(join(this.#dir, path), 'utf8')));
  }

  /** Commits all there is, changed or not, and has the host check it out. */
  async deliver(): Promise<void> {
    await this.atDesk(
      'git add . && git commit --quiet --allow-empty --message next && git push --quiet',
    );
    await succeed(
      this.#host,
      `cd ${checkout} && git fetch --quiet && git reset --quiet --hard origin/main`,
    );
  }

  /** Runs a shell command in the desk's checkout. */
  async atDesk(command: string): Promise<string> {
    const env = { ...process.env, HOME: this.#home, XDG_CACHE_HOME: join(this.#home, '.cache') };
    const { code, stdout, stderr } = await run('bash', ['-c', command], { cwd: this.#dir, env });
    if (code !== 0) throw new Error(`${command}: exit ${code}\n${stderr}`);
    return stdout.trimEnd();
  }

  /** Builds the hypervisor's system; its store path. */
  buildSystem(): Promise<string> {
    const attribute = `${flake}#nixosConfigurations.hv1.config.system.build.toplevel`;
    return succeed(this.#host, `nix build --no-link --print-out-paths ${attribute}`);
  }
}

/** Runs a command that has to succeed on a host; its output without the last line end. */
export async function succeed(host: LabHost, command: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(command);
  if (code !== 0) throw new Error(`${host.name}: ${command}: exit ${code}\n${stderr}${stdout}`);
  return stdout.trimEnd();
}
