import { readdirSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { Facts, VmFacts } from '../../src/host/facts.ts';
import type { Host, RunOptions, RunResult } from '../../src/host/host.ts';
import { type ScriptName, script, stepScript } from '../../src/host/scripts.ts';
import { FleetError } from '../../src/model/errors.ts';
import { expectedOf, nicsOf } from '../../src/model/expected.ts';
import type { FleetIndex } from '../../src/model/index.ts';
import { factsText } from '../host/facts-text.ts';
import { deployedFacts, unit, withEntry } from '../plan/situation.ts';

const names = new Map(
  readdirSync(new URL('../../src/host/scripts/', import.meta.url))
    .map((file) => file.replace(/\.sh$/, '') as ScriptName)
    .filter((name) => (name as string) !== 'lib')
    .flatMap((name) => [[script(name), name] as const, [stepScript(name), name] as const]),
);

/** What a script answers; a number is an exit code, and `lost` cuts the link. */
type Answer = string | number | 'lost' | undefined;
type Handler = (args: readonly string[]) => Answer;

/** A hypervisor in memory: it does to its facts what each script does to a real one. */
export class FakeHypervisor implements Host {
  readonly name: string;
  readonly user: string = 'root';
  readonly publicKey: string | undefined = 'ssh-ed25519 AAAA';
  readonly port: number = 22;
  facts: Facts;
  /** Scripts that ran, with the arguments that tell them apart; those that only look are left out. */
  readonly log: string[] = [];
  /** Store path that the build of a target gives. */
  readonly builds: Map<string, string> = new Map();
  /** Runners whose guests never answer. */
  readonly mute: Set<string> = new Set();
  /** What scripts do instead, by name; undefined: as always. */
  readonly instead: Map<ScriptName, Handler> = new Map();
  /** While true, nothing can connect. */
  unreachable: boolean = false;
  readonly #index: FleetIndex;
  #lives = 1;

  constructor(index: FleetIndex, name: string) {
    this.#index = index;
    this.name = name;
    this.facts = deployedFacts(index, name);
  }

  async run(text: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const outer = names.get(text);
    if (outer === undefined) throw new Error('a script that is not in src/host/scripts');
    const isStep = outer === 'step';
    const name = isStep ? names.get(String(options.stdin)) : outer;
    if (name === undefined) throw new Error('a step without a script');
    const own = isStep ? args.slice(5) : args;
    if (this.unreachable) throw new FleetError('ssh.lost', `${this.name}: lost`);
    if (name !== 'facts')
      this.log.push([name, ...own.filter((a) => !a.includes('/nix/'))].join(' '));
    const answer = this.instead.get(name)?.(own) ?? this.#do(name, own);
    if (answer === 'lost') {
      throw new FleetError('ssh.lost', `${this.name}: the connection was lost`);
    }
    const stdout = typeof answer === 'string' ? answer : '';
    for (const line of stdout.split('\n')) if (line !== '') options.onLine?.(line);
    return typeof answer === 'number'
      ? { code: answer, stdout: `${name} said why\n`, stderr: '' }
      : { code: 0, stdout, stderr: '' };
  }

  async connectTcp(): Promise<Duplex> {
    throw new FleetError('ssh.tcp-refused', 'refused');
  }

  close(): void {}

  /** Changes what one vm looks like. */
  vm(name: string, change: Partial<VmFacts>): void {
    this.facts = { ...this.facts, vms: withEntry(this.facts.vms, name, change) };
  }

  /** A guest runs `runner` from now on, in a new invocation. */
  boot(name: string, runner: string): void {
    const invocation = `life-${this.#lives++}`;
    this.vm(name, {
      name,
      current: runner,
      booted: runner,
      declarative: false,
      unit: unit('active', { invocation }),
      virtiofsd: unit('active', { invocation }),
    });
    const vm = this.#index.vms.get(name);
    if (!vm) return;
    for (const { tap, bridge } of nicsOf(expectedOf(vm, this.#index.networks)))
      this.#join(tap, bridge);
  }

  #join(tap: string, bridge: string): void {
    const link = { name: tap, up: true, master: bridge, addresses: [] };
    this.facts = { ...this.facts, interfaces: withEntry(this.facts.interfaces, tap, link) };
  }

  #do(name: ScriptName, args: readonly string[]): Answer {
    const [first = '', second = '', third = '', fourth = ''] = args;
    const built = (target: string) =>
      this.builds.get(target) ?? `/nix/store/old-${target === this.name ? 'system' : target}`;
    const { vms } = this.facts;
    switch (name) {
      case 'facts':
        return factsText({
          ...this.facts,
          answers: new Map(args.slice(2).map((a) => [a, this.#answers(a)])),
        });
      case 'begin':
        this.facts = {
          ...this.facts,
          lock: { id: first, owner: second, operation: third, since: 1 },
        };
        return undefined;
      case 'end':
        this.facts = { ...this.facts, lock: undefined };
        return undefined;
      case 'checkout':
        this.facts = { ...this.facts, checkout: { commit: args[4], branch: 'fleet', dirty: 0 } };
        return undefined;
      case 'build':
        return args
          .slice(2)
          .map((item) => item.slice(item.indexOf(':') + 1))
          .map((target) => `built\t${target}\t${built(target)}\n`)
          .join('');
      case 'switch':
        if (second === 'test') this.facts = { ...this.facts, currentSystem: first };
        else this.facts = { ...this.facts, systemProfile: first };
        return second === 'test' ? 'switched\t0\n' : undefined;
      case 'back':
        this.facts = {
          ...this.facts,
          currentSystem: '/nix/store/old-system',
          systemProfile: '/nix/store/old-system',
        };
        return 'back\t0 0\n';
      case 'vm-create':
        this.vm(first, {
          name: first,
          current: built(first),
          booted: undefined,
          declarative: false,
          unit: unit('inactive'),
          virtiofsd: unit('inactive'),
        });
        return undefined;
      case 'vm-join':
        this.#join(first, second);
        return undefined;
      case 'vm-start':
        this.boot(first, vms.get(first)?.current ?? '');
        return undefined;
      case 'vm-update':
        this.vm(first, { current: built(first) });
        if (fourth === 'run' && vms.get(first)?.booted !== built(first))
          this.boot(first, built(first));
        return undefined;
      case 'vm-set':
        this.vm(first, { current: second });
        if (fourth === 'run' && vms.get(first)?.booted !== second) this.boot(first, second);
        return undefined;
      case 'vm-stop':
        this.vm(second, { booted: undefined, unit: unit('inactive'), virtiofsd: unit('inactive') });
        return undefined;
      case 'vm-aside':
        this.facts = {
          ...this.facts,
          vms: withEntry(vms, second, undefined),
          aside: new Map([[second, [`/var/lib/fleet/aside/${first}/${second}`]]]),
        };
        return undefined;
      case 'vm-return':
        this.vm(first, {
          name: first,
          current: built(first),
          booted: undefined,
          declarative: false,
          unit: unit('inactive'),
          virtiofsd: unit('inactive'),
        });
        return undefined;
      default:
        return undefined;
    }
  }

  /** A guest answers when it runs, is in its bridge, and its runner is not a mute one. */
  #answers(address: string): boolean {
    const deployed = [...this.facts.deployed].find(([, d]) => d.expected?.address === address);
    const vm = this.#index.fleet.vms.find((v) => v.nics[0]?.address === address);
    const seen = this.facts.vms.get(deployed?.[0] ?? vm?.name ?? '');
    return seen?.unit.active === 'active' && !this.mute.has(seen.booted ?? '');
  }
}
