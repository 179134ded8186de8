import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseFacts } from '../../src/host/answers/facts.ts';
import type { Host, RunResult } from '../../src/host/host.ts';
import { type ScriptName, script, stepScript } from '../../src/host/scripts.ts';
import { sshConnector } from '../../src/host/ssh/connector.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { Hypervisor, Layers, Vm } from '../../src/model/fleet.ts';
import { render } from '../../src/render/render.ts';
import type { SandboxHost } from '../../src/sandbox/hypervisor.ts';
import { fleet, hypervisor, network, nic, vm } from '../render/build.ts';
import { here } from '../surroundings.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const checkout = '/var/lib/fleet/repo';
/** Steps that change nothing that runs, as the engine runs them. */
const kinds: Partial<Record<ScriptName, string>> = { build: 'build', checkout: 'harmless' };

/** One pretend hypervisor and a repository for it, driven by the scripts alone, without the engine. */
export class Stage {
  readonly world: SandboxWorld;
  readonly host: SandboxHost;
  /** Vms in the order of their names, with what differs from plain ones; each has its own network. */
  vms: Record<string, Partial<Vm>> = {};
  /** What differs from a plain hypervisor. */
  hypervisor: Partial<Hypervisor> = {};
  /** What vms share; absent: nothing. */
  layers: Layers | undefined;
  /** Hand-written files in the repository. */
  extra: Record<string, string> = {};
  /** Deployment that `step` is part of. */
  id = '20251121-0001';
  /** Evaluations at a time. */
  evalJobs = 'auto';
  #connection: Host | undefined;
  #steps = 0;

  private constructor(world: SandboxWorld) {
    this.world = world;
    this.host = world.hosts[0] as SandboxHost;
  }

  static async start(): Promise<Stage> {
    const stage = new Stage(await sandboxWorld(1));
    stage.#git('init', '-q', '-b', 'main');
    return stage;
  }

  /**
   * Tests that call the result begin with what is now, once all guests that run answer: a deployment for each would
   * take longer. What was to happen later (a way back) does not.
   */
  async keep(): Promise<() => Promise<void>> {
    const { id, hypervisor, layers, extra } = this;
    const vms = structuredClone(this.vms);
    const names = Object.keys(vms);
    await this.until(
      ({ vms, answers }) =>
        names.every(
          (name) =>
            vms.get(name)?.unit.active !== 'active' || answers.get(this.address(name)) === true,
        ),
      names.map((name) => this.address(name)),
    );
    const folder = join(this.world.dir, 'kept');
    this.host.keep(folder);
    return async () => {
      this.disconnect();
      await this.host.returnTo(folder);
      Object.assign(this, { id, hypervisor, layers, extra, vms: structuredClone(vms) });
    };
  }

  async stop(): Promise<void> {
    this.disconnect();
    await this.world.stop();
  }

  get repository(): string {
    return join(this.world.dir, 'fleet');
  }

  address(name: string): string {
    return `10.${Object.keys(this.vms).indexOf(name) + 1}.0.2`;
  }

  /** Renders, commits, and returns the commit. */
  commit(): string {
    const names = Object.keys(this.vms);
    const networks = names.map((name, n) => network(name, n + 1, 'hv1'));
    const vms = names.map((name) =>
      vm(name, 'hv1', [nic(name, name, this.address(name))], this.vms[name]),
    );
    const hv = hypervisor('hv1', {
      system: this.host.system,
      modules: ['hosts/hv1/hardware-configuration.nix'],
      ...this.hypervisor,
    });
    const files = render(
      fleet({ hypervisors: [hv], networks, vms, ...(this.layers && { layers: this.layers }) }),
    );
    files.set('hosts/hv1/hardware-configuration.nix', this.host.hardwareModule);
    files.set('flake.lock', '{ "nodes": { "root": {} }, "root": "root", "version": 7 }\n');
    for (const [path, text] of Object.entries(this.extra)) files.set(path, text);
    this.#git('rm', '-rq', '--ignore-unmatch', '.');
    for (const [path, text] of files) this.write(path, text);
    this.#git('add', '--all');
    this.#git(
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@t',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'x',
    );
    return this.#git('rev-parse', 'HEAD').trim();
  }

  write(path: string, text: string): void {
    const file = join(this.repository, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  async connect(): Promise<Host> {
    this.#connection ??= await sshConnector({
      configFile: this.world.env.FLEET_SSH_CONFIG as string,
      surroundings: here,
    }).connect(hypervisor('hv1', { ssh: { host: 'hv1' } }));
    return this.#connection;
  }

  disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async call(name: ScriptName, ...args: readonly string[]): Promise<RunResult> {
    return this.callWith('', name, ...args);
  }

  async callWith(stdin: string, name: ScriptName, ...args: readonly string[]): Promise<RunResult> {
    return (await this.connect()).run(script(name), args, { stdin });
  }

  /** Runs a script as a step. @returns its log and its answer; one that fails throws them */
  async step(name: ScriptName, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryStep(name, ...args);
    if (code !== 0) throw new Error(`${name}: ${code}\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  async tryStep(name: ScriptName, ...args: readonly string[]): Promise<RunResult> {
    const number = String(++this.#steps).padStart(3, '0');
    const kind = kinds[name] ?? 'change';
    const words = [this.id, number, name, '300', kind, ...args];
    return (await this.connect()).run(script('step'), words, { stdin: stepScript(name) });
  }

  /** Begins, with a way back for the system and all of `vms` unless fleet is heard of every `confirm` s. */
  begin(confirm = 600): Promise<RunResult> {
    const machine = this.host.system.split('-')[0] as string;
    const who = [this.id, 'me@desk', 'apply', 'example', machine, '1024'];
    const args = [...who, String(confirm), '2', checkout, ...Object.keys(this.vms)];
    return this.callWith(stepScript('way-back'), 'begin', ...args);
  }

  /** Confirms what was built, as it is now deployed. */
  confirm(built: ReadonlyMap<string, string>): Promise<RunResult> {
    const rows = [...built].map(([name, path]) => {
      const record = name === 'hv1' ? 'system.' : name;
      return ['record', record, `print-${name}`, path, '-', 'c', 'new', '-'];
    });
    const text = [['fleet', 'example'], ...rows, ['end']].map((row) => `${row.join('\t')}\n`);
    return this.callWith(text.join(''), 'confirm', this.id);
  }

  /** Confirms and ends; the next deployment has another id. */
  async finish(built: ReadonlyMap<string, string>): Promise<void> {
    const { code, stderr } = await this.confirm(built);
    if (code !== 0) throw new Error(`confirm: ${code}\n${stderr}`);
    await this.call('end', this.id, 'done');
    this.next();
  }

  /** Another deployment, later than the last one. */
  next(): void {
    this.id = `20251121-${String(Number(this.id.slice(9)) + 1).padStart(4, '0')}`;
  }

  /** Asks for the way back, as fleet does; without what is told of the time before. */
  async back(): Promise<string> {
    const { stdout } = await this.call('back', this.id, 'now', '60');
    return stdout.replace(/^(boot|vm|target)\t.*\n/gm, '');
  }

  /** How a deployment ended; nothing while it has not. */
  async result(id = this.id): Promise<string> {
    const file = `"$FLEET_ROOT/var/lib/fleet/deployments/${id}/result"`;
    return (await this.host.exec(`cat ${file} 2>/dev/null`)).stdout.trim();
  }

  /** Checks a new commit out and builds everything; returns store paths by name. */
  async build(...names: readonly string[]): Promise<Map<string, string>> {
    const commit = this.commit();
    await this.step('checkout', this.id, checkout, `file://${this.repository}`, 'main', commit);
    const items = names.map((name) => (name === 'hv1' ? 'hypervisor:hv1' : `vm:${name}`));
    const output = await this.step('build', this.id, checkout, this.evalJobs, ...items);
    const built = output.split('\n').filter((line) => line.startsWith('built\t'));
    return new Map(built.map((line) => line.split('\t').slice(1) as [string, string]));
  }

  /** Begins, builds, switches, creates and starts everything that `vms` has; it is not confirmed. */
  async deploy(): Promise<Map<string, string>> {
    const { code, stderr } = await this.begin();
    if (code !== 0) throw new Error(`begin: ${code}\n${stderr}`);
    const names = Object.keys(this.vms);
    const built = await this.build('hv1', ...names);
    await this.switchTo(built.get('hv1') as string);
    for (const name of names) {
      await this.create(name, built);
      await this.step('vm-start', name);
    }
    return built;
  }

  async switchTo(toplevel: string): Promise<string> {
    const output = await this.step('switch', this.id, toplevel, 'test', '-');
    await this.step('switch', this.id, toplevel, 'boot', 'new');
    return output;
  }

  /** Makes the folder of a vm that was built. */
  create(name: string, built: ReadonlyMap<string, string>): Promise<string> {
    return this.step('vm-create', name, checkout, built.get(name) as string);
  }

  update(name: string, stopSeconds = '2'): Promise<RunResult> {
    return this.tryStep('vm-update', name, stopSeconds, checkout, 'run');
  }

  async facts(...addresses: readonly string[]): Promise<Facts> {
    return parseFacts((await this.call('facts', checkout, 'full', ...addresses)).stdout);
  }

  /** Waits until a command on the hypervisor succeeds; fails after `seconds`. */
  async succeeds(command: string, seconds = 90): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while ((await this.host.exec(command)).code !== 0) {
      if (Date.now() > end) throw new Error(`not so after ${seconds} s: ${command}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  /** Facts as soon as they are as wanted; fails after `seconds`. */
  async until(
    wanted: (facts: Facts) => boolean,
    addresses: readonly string[] = [],
    seconds = 90,
  ): Promise<Facts> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const facts = await this.facts(...addresses);
      if (wanted(facts)) return facts;
      if (Date.now() > end) throw new Error(`not so after ${seconds} s: ${wanted}`);
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  #git(...args: readonly string[]): string {
    mkdirSync(this.repository, { recursive: true });
    return execFileSync('git', ['-C', this.repository, ...args], { encoding: 'utf8' });
  }
}
