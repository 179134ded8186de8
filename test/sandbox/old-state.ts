import { readFileSync } from 'node:fs';
import type { Host, RunResult } from '../../src/host/host.ts';
import { sshConnector } from '../../src/host/ssh/connector.ts';
import { hypervisor } from '../render/build.ts';
import type { Desk } from '../scenario/desk.ts';
import { here } from '../surroundings.ts';
import type { SandboxWorld } from './world.ts';

const folder = new URL('../fixtures/state-8b87192/', import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.sh`, folder), 'utf8');
const script = (name: string) => ['lib', 'deployments', name].map(read).join('\n');
const stepText = (name: string) => `${script(name)}\n# end of step\n`;

const checkout = '/var/lib/fleet/repo';

/** hv1, deployed to as commit 8b87192 did it: by its scripts, in its order. */
export class OldFleet {
  readonly #world: SandboxWorld;
  readonly #desk: Desk;
  #host: Host | undefined;
  #count = 0;
  #steps = 0;
  id = '';

  constructor(world: SandboxWorld, desk: Desk) {
    this.#world = world;
    this.#desk = desk;
  }

  close(): void {
    this.#host?.close();
  }

  async run(name: string, args: readonly string[], stdin = ''): Promise<string> {
    return this.#succeed(name, await (await this.#connect()).run(script(name), args, { stdin }));
  }

  async step(name: string, kind: string, ...args: readonly string[]): Promise<string> {
    const number = String(++this.#steps).padStart(3, '0');
    return this.run('step', [this.id, number, name, '300', kind, ...args], stepText(name));
  }

  async begin(operation: 'apply' | 'rollback', ...vms: readonly string[]): Promise<void> {
    this.id = `20260101-00000${++this.#count}-00aa`;
    this.#steps = 0;
    const machine = this.#world.hosts[0]?.system.split('-')[0] as string;
    const words = [this.id, 'ada@desk', operation, 'small', machine, '1024', '600', '2', checkout];
    await this.run('begin', [...words, ...vms], stepText('way-back'));
  }

  /** What is committed at the desk is checked out and built. */
  async build(...names: readonly string[]): Promise<Map<string, string>> {
    const commit = await this.#desk.git('rev-parse', 'HEAD');
    await this.step('checkout', 'harmless', this.id, checkout, this.#desk.remote, 'main', commit);
    const items = names.map((name) => (name === 'hv1' ? 'hypervisor:hv1' : `vm:${name}`));
    const output = await this.step('build', 'build', this.id, checkout, ...items);
    const rows = output.split('\n').filter((line) => line.startsWith('built\t'));
    return new Map(rows.map((line) => line.split('\t').slice(1) as [string, string]));
  }

  /** @param rows beside those of what is deployed */
  async confirm(
    paths: ReadonlyMap<string, string>,
    how: 'new' | 'return' = 'new',
    rows: readonly (readonly string[])[] = [],
  ): Promise<void> {
    const commit = await this.#desk.git('rev-parse', 'HEAD');
    const records = [...paths].flatMap(([name, path]) => {
      const target = name === 'hv1' ? 'system.' : name;
      const record = ['record', target, 'f'.repeat(64), path, '-', commit, how, this.#nics(name)];
      return name === 'hv1' ? [record] : [record, ['healthy', name, path]];
    });
    const all = [['fleet', 'small'], ...records, ...rows, ['end']];
    await this.run('confirm', [this.id], all.map((row) => `${row.join('\t')}\n`).join(''));
    await this.run('end', [this.id, 'done']);
  }

  #nics(name: string): string {
    const { address, network } = this.#desk.data.vms[name] ?? {};
    return address === undefined
      ? '-'
      : JSON.stringify({
          ...{ tap: `vm-${name}`, bridge: `br-${network}`, address },
          ...{ further: [], volumes: [], virtiofs: false },
        });
  }

  async #connect(): Promise<Host> {
    const configFile = this.#world.env.FLEET_SSH_CONFIG as string;
    this.#host ??= await sshConnector({ configFile, surroundings: here }).connect(
      hypervisor('hv1', { ssh: { host: 'hv1' } }),
    );
    return this.#host;
  }

  #succeed(name: string, { code, stdout, stderr }: RunResult): string {
    if (code !== 0) throw new Error(`${name}: ${code}\n${stdout}${stderr}`);
    return stdout;
  }
}
