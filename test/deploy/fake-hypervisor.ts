import { readdirSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { Host, RunOptions, RunResult } from '../../src/host/host.ts';
import {
  answering,
  greeting,
  type ScriptName,
  script,
  stepScript,
} from '../../src/host/scripts.ts';
import { FleetError } from '../../src/model/errors.ts';
import { expectedOf, nicsOf } from '../../src/model/expected.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { VmFacts } from '../../src/model/guest-facts.ts';
import type { FleetIndex } from '../../src/model/index.ts';
import { factsText, healthText } from '../host/facts-text.ts';
import { deployedFacts, openDeployment, unit, withEntry } from '../plan/situation.ts';
import { backText, type FakeDeployment, finish, putBack } from './fake-deployment.ts';
import { openBy } from './fake-open.ts';

const names = new Map(
  readdirSync(new URL('../../src/host/scripts/', import.meta.url))
    .map((file) => file.replace(/\.sh$/, '') as ScriptName)
    .filter((name) => !['lib', 'guests', 'deployments'].includes(name))
    .flatMap((name) =>
      [script(name), answering(name), stepScript(name)].map((text) => [text, name] as const),
    ),
);

/** Rows that a step answers (lib.sh, `answer`); the rest is its log. */
const answerRow = /^(access|aside|built|closure|killed|networkd|switched)\t/;

/** As a script's answer begins: of a step on standard error, behind its log. */
function greeted(
  text: string,
  args: readonly string[],
  { stdin }: RunOptions,
  result: RunResult,
): RunResult {
  if (result.code !== 0) return result;
  const name = names.get(text);
  if (name !== 'step' && name !== 'follow')
    return { ...result, stdout: `${greeting(name as ScriptName)}\n${result.stdout}` };
  const own = name === 'step' ? names.get(String(stdin)) : args[2];
  return { ...result, stderr: `${greeting(own as ScriptName)}\n${result.stderr}` };
}

/** Scripts that only look, or write down what became of a deployment. */
const looks: ReadonlySet<ScriptName> = new Set([
  ...(['facts', 'failure', 'health', 'lock', 'reason', 'renew', 'runners'] as const),
]);

/** A script that says what is wrong, as `die` does. */
export class Refusal {
  readonly code: string;
  readonly message: string;

  constructor(code: string, message: string) {
    this.code = code;
    this.message = message;
  }
}

/**
 * What a script answers; a number is an exit code. `lost` cuts the link after it has arrived: it does
 * what it always does. `cut` cuts the link before that.
 */
type Answer = string | number | Refusal | 'lost' | 'cut' | undefined;
type Handler = (args: readonly string[]) => Answer;

/** As a connection does it: what was asked to run goes on by itself. */
async function unlessAborted<T>(running: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return running;
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(new FleetError('interrupted', 'interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([running, aborted]);
}

/** A hypervisor in memory: it does to its facts what each script does to a real one. */
export class FakeHypervisor {
  readonly name: string;
  facts: Facts;
  /** Scripts that ran, with the arguments that tell them apart; those that only look are left out. */
  readonly log: string[] = [];
  /** The same with connections, and with scripts that only look. */
  readonly seen: string[] = [];
  /** Store path that the build of a target gives. */
  readonly builds: Map<string, string> = new Map();
  /** Runners whose guests never answer. */
  readonly mute: Set<string> = new Set();
  /** What scripts do instead, by name; undefined: as always. */
  readonly instead: Map<ScriptName, Handler> = new Map();
  /** The link is lost after the first line of this step's output. */
  half: ScriptName | undefined;
  /** While true, nothing can connect. */
  unreachable: boolean = false;
  /** Called before each script: what a network or a slow machine would do. */
  before: (name: ScriptName, args: readonly string[]) => Promise<void> | void = () => {};
  /** Every deployment that began here, by its id. */
  readonly deployments: Map<string, FakeDeployment> = new Map();
  readonly #index: FleetIndex;
  /** Steps that ended after their link was lost. */
  readonly #followed = new Map<string, RunResult>();
  #lives = 1;

  constructor(index: FleetIndex, name: string) {
    this.#index = index;
    this.name = name;
    this.facts = deployedFacts(index, name);
  }

  /** A fresh connection. */
  connect(): Host {
    if (this.unreachable) throw new FleetError('ssh.timed-out', `${this.name}: no answer`);
    this.seen.push('connect');
    let isOpen = true;
    const run: Host['run'] = async (text, args, options = {}) => {
      const lost = new FleetError('ssh.lost', `${this.name}: the connection was lost`);
      if (!isOpen || this.unreachable) throw lost;
      const result = await unlessAborted(this.#run(text, args, options), options.signal);
      if (result === 'lost') {
        isOpen = false;
        throw lost;
      }
      return greeted(text, args, options, result);
    };
    return {
      name: this.name,
      user: 'root',
      publicKey: 'ssh-ed25519 AAAA',
      address: '192.0.2.1',
      port: 22,
      open: openBy(run),
      run,
      connectTcp: async (): Promise<Duplex> => {
        throw new FleetError('ssh.tcp-refused', 'refused');
      },
      exec: async () => {
        throw new FleetError('ssh.no-session', 'nobody logs in here');
      },
      enter: async () => {
        throw new FleetError('ssh.tcp-refused', 'refused');
      },
      close: () => {
        isOpen = false;
      },
    };
  }

  /** The deployment that has the lock. */
  get deployment(): FakeDeployment | undefined {
    return this.deployments.get(this.facts.lock?.id ?? '');
  }

  /** What the hypervisor does by itself when it has not heard of fleet for too long. */
  lapse(): void {
    const { deployment } = this;
    if (!deployment || deployment.result !== undefined) return;
    if (deployment.decided === undefined) this.#takeWayBack(deployment, true);
    if (deployment.decided === 'confirmed') this.facts = finish(deployment, this.facts);
    const back = deployment.isChanging ? 'rolled-back' : 'untouched';
    this.#end(deployment, deployment.decided === 'confirmed' ? 'done' : back);
  }

  /** Changes what one vm looks like. */
  vm(name: string, change: Partial<VmFacts>): void {
    this.facts = { ...this.facts, vms: withEntry(this.facts.vms, name, change) };
  }

  /** A guest runs `runner` from now on, in a new invocation. */
  boot(name: string, runner: string): void {
    const up = unit('active', { invocation: this.#life() });
    const change = { name, current: runner, booted: runner, unit: up, virtiofsd: up };
    this.vm(name, { declarative: false, ...change });
    const vm = this.#index.vms.get(name);
    if (!vm) return;
    for (const { tap, bridge } of nicsOf(expectedOf(vm, this.#index.networks)))
      this.#join(tap, bridge);
  }

  #join(tap: string, bridge: string): void {
    const link = { name: tap, up: true, master: bridge, addresses: [] };
    this.facts = { ...this.facts, interfaces: withEntry(this.facts.interfaces, tap, link) };
  }

  #repair(what: string, name: string, address: string): void {
    const { interfaces, plumbing } = this.facts;
    const link = interfaces.get(name);
    if (what === 'link' || what === 'address') {
      const addresses = [...(link?.addresses ?? []), ...(what === 'address' ? [address] : [])];
      const change = what === 'link' ? { up: true } : { addresses };
      this.facts = { ...this.facts, interfaces: withEntry(interfaces, name, change) };
      return;
    }
    const closed4 = new Set(name === 'all' ? [] : [...plumbing.closed4].filter((i) => i !== name));
    this.facts = {
      ...this.facts,
      plumbing: {
        ...plumbing,
        ...(what === 'forward4' && { closed4 }),
        ...(what === 'forward6' && { forwards6: true }),
        ...(name === 'nftables.service' && { table: 'as deployed' }),
        ...(name === 'dnsmasq.service' && { dnsmasq: 'active' }),
      },
    };
  }

  #life = (): string => `life-${this.#lives++}`;

  async #run(
    text: string,
    args: readonly string[],
    options: RunOptions,
  ): Promise<RunResult | 'lost'> {
    const outer = names.get(text);
    if (outer === undefined) throw new Error('a script that is not in src/host/scripts');
    const isStep = outer === 'step';
    const name = isStep ? names.get(String(options.stdin)) : outer;
    if (name === undefined) throw new Error('a step without a script');
    const own = isStep ? args.slice(5) : args;
    await this.before(name, own);
    const refused = isStep ? this.#refuse(args[0] ?? '') : undefined;
    if (refused) return this.#answer(refused, options);
    const line = [name, ...own.filter((a) => !a.includes('/nix/'))].join(' ');
    this.seen.push(line);
    if (!looks.has(name)) this.log.push(line);
    if (!isStep && name !== 'follow') {
      const stdin = String(options.stdin ?? '');
      const answer = this.#act(name, own, stdin);
      if (answer === 'lost') this.#do(name, own, stdin);
      return this.#answer(answer, options);
    }
    if (!isStep) return this.#follow(own, options);
    const [id = '', number = '', , , kind] = args;
    const deployment = this.deployments.get(id);
    if (deployment) {
      deployment.lastStep = Number(number);
      deployment.isChanging ||= kind === 'change';
      deployment.isSwitching ||= name === 'switch';
    }
    const answer = this.half === name ? 'lost' : this.#act(name, own, '');
    if (answer !== 'lost') return this.#stepAnswer(this.#refuse(id) ?? answer, options);
    const result = this.#stepAnswer(this.#do(name, own, ''), {});
    if (result === 'lost') return 'lost';
    this.#followed.set(number, result);
    if (this.half === name) options.onLine?.(result.stdout.split('\n')[0] ?? '');
    return 'lost';
  }

  /** As follow.sh. */
  #follow(args: readonly string[], options: RunOptions): RunResult | 'lost' {
    const [id = '', number = '', name, , lines] = args;
    const instead = this.instead.get('follow')?.(args);
    if (instead !== undefined) return this.#answer(instead, options);
    const result = this.#followed.get(number);
    const refused =
      this.#refuse(id) ??
      (result ? undefined : new Refusal('step.ended', `step ${name} was cut off`));
    if (refused || !result) return this.#answer(refused, options);
    const rest = result.stdout.split('\n').slice(Number(lines)).join('\n');
    for (const line of rest.split('\n')) if (line !== '') options.onLine?.(line);
    return { ...result, stdout: rest };
  }

  #act(name: ScriptName, args: readonly string[], stdin: string): Answer {
    return this.instead.get(name)?.(args) ?? this.#do(name, args, stdin);
  }

  /** As step.sh: the log on standard output, the answer on standard error. */
  #stepAnswer(answer: Answer, { onLine }: RunOptions): RunResult | 'lost' {
    if (typeof answer !== 'string' || answer === 'lost' || answer === 'cut')
      return this.#answer(answer, {});
    const [said, log] = [true, false].map((isSaid) =>
      answer.replace(/^.*\n?/gm, (line) => (answerRow.test(line) === isSaid ? line : '')),
    ) as [string, string];
    for (const line of log.split('\n')) if (line !== '') onLine?.(line);
    return { code: 0, stdout: log, stderr: said };
  }

  #answer(answer: Answer, { onLine }: RunOptions): RunResult | 'lost' {
    if (answer === 'lost' || answer === 'cut') return 'lost';
    if (answer instanceof Refusal) {
      const { code, message } = answer;
      return { code: 70, stdout: '', stderr: `noise\nfleet-error\t${code}\t${message}\n` };
    }
    if (typeof answer === 'number')
      return { code: answer, stdout: 'the script said why\n', stderr: '' };
    const stdout = answer ?? '';
    for (const line of stdout.split('\n')) if (line !== '') onLine?.(line);
    return { code: 0, stdout, stderr: '' };
  }

  /** As refuse_decided (deployments.sh). */
  #refuse(id: string): Refusal | undefined {
    const decided = this.deployments.get(id)?.decided;
    if (decided === 'back') return new Refusal('back.taken', 'the hypervisor rolled itself back');
    if (decided === 'confirmed') return new Refusal('confirm.already', 'it is confirmed already');
    return undefined;
  }

  #do(name: ScriptName, args: readonly string[], stdin: string): Answer {
    const [first = '', second = '', third = '', fourth = ''] = args;
    const built = (target: string) =>
      this.builds.get(target) ?? `/nix/store/old-${target === this.name ? 'system' : target}`;
    const { vms } = this.facts;
    const off = { booted: undefined, unit: unit('inactive'), virtiofsd: unit('inactive') };
    const fresh = { name: first, current: built(first), declarative: false, ...off };
    const deployment = this.deployments.get(first);
    switch (name) {
      case 'facts':
        return factsText({
          ...this.facts,
          answers: new Map(this.#asked(args.slice(2)).map((a) => [a, this.#answers(a)])),
        });
      case 'health':
        return healthText({
          ...this.facts,
          answers: new Map(this.#asked(args).map((a) => [a, this.#answers(a)])),
        });
      case 'runners':
        return '== end\n';
      case 'begin':
        return this.#begin(args);
      case 'renew':
        return deployment?.decided === 'confirmed' ? undefined : this.#refuse(first);
      case 'confirm':
        return this.#confirm(deployment, stdin);
      case 'back':
        if (!deployment) return undefined;
        if (second === 'now' && deployment.result === undefined) this.#takeWayBack(deployment);
        return deployment.answer ?? backText(deployment, [], this.facts);
      case 'end':
        if (!deployment) return undefined;
        if (deployment.result !== undefined) {
          // As end.sh: it ended by itself, and fleet saw that it is not well.
          if (second === 'rollback-failed' && deployment.result === 'rolled-back')
            deployment.result = second;
          return undefined;
        }
        if (second === 'done') this.facts = finish(deployment, this.facts);
        this.#end(deployment, second);
        return undefined;
      case 'failure':
        if (deployment && deployment.result === undefined) deployment.failure ??= stdin;
        return undefined;
      case 'resume':
        return deployment && !deployment.decided
          ? resumeText(deployment)
          : (this.#refuse(first) ?? new Refusal('resume.over', `deployment ${first} is over here`));
      case 'checkout':
        this.facts = { ...this.facts, checkout: { commit: args[4], branch: 'fleet', dirty: 0 } };
        return undefined;
      case 'build':
        return args
          .slice(3)
          .map((item) => item.slice(item.indexOf(':') + 1))
          .map((target) => `building ${target}\nbuilt\t${target}\t${built(target)}\n`)
          .join('');
      case 'switch':
        if (third === 'test') this.facts = { ...this.facts, currentSystem: second };
        else this.facts = { ...this.facts, systemProfile: second };
        return third === 'test' ? 'switched\t0\n' : undefined;
      case 'vm-create':
        if (vms.has(first)) return new Refusal('vm.exists', `${first} exists already`);
        if (third !== built(first)) return new Refusal('vm.runner-gone', `no runner ${third}`);
        this.vm(first, fresh);
        return undefined;
      case 'vm-return':
        this.vm(first, fresh);
        return undefined;
      case 'vm-join':
        this.#join(first, second);
        return undefined;
      case 'repair':
        this.#repair(first, second, third);
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
        this.vm(first, off);
        return undefined;
      case 'operation': {
        const [, , , vm = ''] = args;
        if (names.get(stdin) === 'vm-restart') this.boot(vm, vms.get(vm)?.current ?? '');
        if (names.get(stdin) === 'vm-halt') this.vm(vm, off);
        return undefined;
      }
      case 'vm-aside':
        this.facts = {
          ...this.facts,
          vms: withEntry(vms, second, undefined),
          aside: new Map([[second, [`/var/lib/microvms/.aside/${first}/${second}`]]]),
        };
        return undefined;
      default:
        return undefined;
    }
  }

  #begin(args: readonly string[]): Answer {
    const [id = '', owner = '', operation = ''] = args;
    const { lock } = this.facts;
    if (lock) {
      const fields = [lock.id, lock.owner, lock.operation, lock.since];
      return new Refusal('lock.held', fields.join('\t'));
    }
    this.deployments.set(id, {
      id,
      before: this.facts,
      targets: args.slice(9),
      isChanging: false,
      isSwitching: false,
      lastStep: 0,
      after: [],
    });
    this.facts = { ...this.facts, lock: openDeployment(id, { owner, operation }) };
    return undefined;
  }

  #confirm(deployment: FakeDeployment | undefined, stdin: string): Answer {
    const refused = this.#refuse(deployment?.id ?? '');
    if (!deployment || refused) return refused;
    const rows = stdin.trimEnd().split('\n');
    if (rows.at(-1) !== 'end') return new Refusal('confirm.cut', 'the rows did not arrive whole');
    deployment.after = rows.map((row) => row.split('\t'));
    deployment.decided = 'confirmed';
    return undefined;
  }

  #takeWayBack(deployment: FakeDeployment, isAlone = false): void {
    deployment.decided = 'back';
    if (deployment.answer !== undefined) return;
    const { facts, started } = putBack(deployment, this.facts, this.#life);
    this.facts = facts;
    deployment.answer = backText(deployment, started, { bootId: facts.bootId, isAlone });
  }

  #end(deployment: FakeDeployment, result: string): void {
    deployment.result = result;
    if (this.facts.lock?.id === deployment.id) this.facts = { ...this.facts, lock: undefined };
  }

  /** `deployed` stands for where those that are deployed answer. */
  #asked(words: readonly string[]): string[] {
    const deployed = [...this.facts.deployed.values()].flatMap((d) => d.expected?.address ?? []);
    return [...new Set(words.flatMap((word) => (word === 'deployed' ? deployed : word)))];
  }

  /** A guest answers when it runs, is in its bridge, and its runner is not a mute one. */
  #answers(address: string): boolean {
    const deployed = [...this.facts.deployed].find(([, d]) => d.expected?.address === address);
    const vm = this.#index.fleet.vms.find((v) => v.nics[0]?.address === address);
    const seen = this.facts.vms.get(deployed?.[0] ?? vm?.name ?? '');
    const expected = deployed?.[1].expected ?? (vm && expectedOf(vm, this.#index.networks));
    const tap = this.facts.interfaces.get(expected?.tap ?? '');
    if (tap?.up === false) return false;
    if (tap?.master && this.facts.interfaces.get(tap.master)?.up === false) return false;
    return seen?.unit.active === 'active' && !this.mute.has(seen.booted ?? '');
  }
}

/** What resume.sh prints: the last step, and rows of what there was before. */
function resumeText({ before, lastStep }: FakeDeployment): string {
  const { currentSystem, systemProfile } = before;
  const rows = [
    ['last', String(lastStep).padStart(3, '0')],
    ['former', before.checkout?.commit],
    ['system', currentSystem, systemProfile, '42'],
    ...[...before.vms.values()].map((vm) => [
      'vm',
      vm.name,
      vm.current ?? '-',
      vm.booted ?? '-',
      vm.unit.active === 'active' ? 'active' : 'inactive',
    ]),
    ...[...before.vms.values()]
      .filter(({ unit }) => unit.active === 'active')
      .map(({ name, unit }) => ['up', name, String(Math.floor(unit.activeFor ?? 3600))]),
    ...[...before.interfaces.values()].flatMap(({ name, master }) =>
      master === undefined ? [] : [['port', name, master]],
    ),
  ];
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}
