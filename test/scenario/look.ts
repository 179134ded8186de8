import type { WorldHost } from './world.ts';

/** What a test sees of a hypervisor with its own eyes, not through fleet. */
export class Look {
  readonly #host: WorldHost;

  constructor(host: WorldHost) {
    this.#host = host;
  }

  async sh(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.#host.exec(command);
    if (code !== 0) throw new Error(`${this.#host.name}: ${command}: ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Changes with every start of the guest. */
  invocation(vm: string): Promise<string> {
    return this.sh(`systemctl show -p InvocationID --value microvm@${vm}.service`);
  }

  async invocations(vms: readonly string[]): Promise<Record<string, string>> {
    return Object.fromEntries(
      await Promise.all(vms.map(async (vm) => [vm, await this.invocation(vm)])),
    );
  }

  async isActive(vm: string): Promise<boolean> {
    return (await this.#host.exec(`systemctl is-active -q microvm@${vm}.service`)).code === 0;
  }

  async answers(address: string): Promise<boolean> {
    return (await this.#host.exec(`ping -n -q -c 1 -W 1 ${address}`)).code === 0;
  }

  runner(vm: string): Promise<string> {
    return this.sh(`readlink "$FLEET_ROOT/var/lib/microvms/${vm}/current"`);
  }

  booted(vm: string): Promise<string> {
    return this.sh(`readlink "$FLEET_ROOT/var/lib/microvms/${vm}/booted"`);
  }

  system(): Promise<string> {
    return this.sh('readlink "$FLEET_ROOT/run/current-system"');
  }

  profile(): Promise<string> {
    return this.sh('readlink -f "$FLEET_ROOT/nix/var/nix/profiles/system"');
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#host.exec(`test -e "$FLEET_ROOT${path}"`)).code === 0;
  }

  /** Name of the bridge that a TAP is in. */
  async master(tap: string): Promise<string | undefined> {
    const json = await this.sh('ip -j address show');
    return (JSON.parse(json) as { ifname?: string; master?: string }[]).find(
      (i) => i.ifname === tap,
    )?.master;
  }
}
