import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writable } from '../hostile/kvm-world.ts';
import { recordOf } from './deployed-record.ts';
import { cutByPower, noteWrites } from './power-cut.ts';

const src = join(import.meta.dirname, '../../src');
const libraries = ['lib', 'deployments', 'locks', 'images', 'spool', 'guest-state']
  .map((name) => readFileSync(join(src, `host/scripts/${name}.sh`), 'utf8'))
  .join('\n');

/** A unit is active when there is a file of its name. */
const standIns = {
  systemctl: `
echo "$*" >>"$FLEET_ROOT/log"
case $1 in
is-active) test -e "$FLEET_ROOT/$3" || exit 3 ;;
list-units) for unit in "$FLEET_ROOT"/microvm@*.service; do [ ! -e "$unit" ] || echo "\${unit##*/} loaded active"; done ;;
show) cat "$FLEET_ROOT/shown" 2>/dev/null ;;
stop) rm -f "$FLEET_ROOT/$3" ;;
esac
true`,
  ip: 'echo "ip $*" >>"$FLEET_ROOT/log"',
  journalctl: 'cat "$FLEET_ROOT/journal" 2>/dev/null; true',
};

describe.each(['sh', 'bash'])('in %s', (shell) => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fleet-state-'));
    for (const folder of ['bin', 'var/lib/fleet/stopped', 'var/lib/microvms', 'proc']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    noteWrites(root, 'echo "sync $*" >>"$FLEET_ROOT/log"');
    put('proc/sys/kernel/random/boot_id', 'boot-1\n');
    for (const [name, text] of Object.entries(standIns)) {
      writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  });
  afterEach(() => {
    expect([...cutByPower(root), ...writable(root)]).toEqual([]);
    rmSync(root, { recursive: true });
  });

  function put(path: string, text = ''): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  function run(text: string): string {
    const child = spawnSync(shell, ['-eu'], {
      input: `${libraries}\n${text}\n`,
      encoding: 'utf8',
      env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root },
    });
    expect(child).toMatchObject({ status: 0, stderr: '' });
    return child.stdout;
  }
  const stateOf = (name: string) =>
    Object.fromEntries(
      readFileSync(join(root, 'var/lib/fleet/guests', name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    );
  const events = () => {
    const folder = join(root, 'var/lib/fleet/events');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => !/^(spool|host)\./.test(kind));
  };
  const policy = (vms: Record<string, object>, more: object = {}) =>
    put('etc/fleet/watch.json', JSON.stringify({ version: 1, vms, orphans: 'tell', ...more }));

  describe('what is known of a guest', () => {
    it('keeps what is not said again, and takes away what is said to be nothing', () => {
      run("guest_set a state=Starting 'why=because of it' restarts=2 boot=b");
      run('guest_set a health=ok restarts=');
      expect(stateOf('a')).toMatchObject({ state: 'Starting', why: 'because of it', health: 'ok' });
      expect(stateOf('a').restarts).toBeUndefined();
      expect(run('guest_get a why')).toBe('because of it\n');
      expect(run('guest_get a restarts; guest_get other state')).toBe('');
    });

    it('a new state is since now, the same one since then', () => {
      run('guest_set a state=Failed since=100');
      run('guest_set a state=Failed why=still');
      expect(stateOf('a').since).toBe('100');
      run('guest_set a state=Starting');
      expect(Number(stateOf('a').since)).toBeGreaterThan(1_000_000);
    });

    it('what was left alone since somebody looked stays so, whatever had been seen', () => {
      const looked = (was: string) =>
        run(`guest_set a was=${was} state=Ready || echo left; guest_get a state`);
      run('guest_set a state=Terminated');
      expect(looked('Ready')).toBe('left\nTerminated\n');
      run('guest_set a state=Starting');
      expect(looked('Ready')).toBe('Ready\n');
      // One that was given up, and is well all the same.
      run('guest_set a state=Failed');
      expect(looked('Failed')).toBe('Ready\n');
    });

    it('is on disk before it takes the place of what was there', () => {
      run(
        'guest_set a state=Starting; mv() { echo "mv $*" >>"$R/log"; command mv "$@"; }; guest_set a state=Ready',
      );
      const log = readFileSync(join(root, 'log'), 'utf8')
        .replaceAll(root, '')
        .trimEnd()
        .split('\n');
      expect(log.slice(-3)).toEqual([
        'sync /var/lib/fleet/guests/a.new',
        'mv -f /var/lib/fleet/guests/a.new /var/lib/fleet/guests/a',
        'sync /var/lib/fleet/guests',
      ]);
    });

    it('holds no line of others: text is on one line, and cut', () => {
      run(
        `guest_set a state=Failed "why=$(printf 'one\\nstate\\tReady\\033[31m')$(printf %0900d 1)"`,
      );
      expect(stateOf('a').state).toBe('Failed');
      expect(stateOf('a').why).toMatch(/^one state Ready \[31m0+/);
      expect(stateOf('a').why!.length).toBeLessThanOrEqual(500);
    });

    it('keeps keys of a newer generation', () => {
      put('var/lib/fleet/guests/a', 'state\tReady\nmood\tgood\n');
      run('guest_set a state=Failed');
      expect(stateOf('a')).toMatchObject({ state: 'Failed', mood: 'good' });
    });

    it('ten writers at once lose nothing of each other', () => {
      run('guest_set a state=Starting');
      const keys = ['why', 'health', 'lastHealthy', 'restarts', 'lastEnd', 'invocation', 'boot'];
      run(`${keys.map((key) => `guest_set a ${key}=${key} &`).join('\n')}\nwait`);
      expect(stateOf('a')).toMatchObject(Object.fromEntries(keys.map((key) => [key, key])));
    });

    it('keeps when recovery started it, a day and forty of them, over starts by others', () => {
      const returned = () => stateOf('a').returned?.split(' ').map(Number) ?? [];
      run('guest_set a state=Starting restarts=1; guest_set a state=Ready restarts=1');
      expect(returned()).toEqual([expect.any(Number)]);
      run('guest_starting a "Ada started it"; guest_set a restarts=1');
      expect(returned()).toHaveLength(2);
      expect(returned()[0]).toBeGreaterThan(Date.now() / 1000 - 100);
      const now = Math.floor(Date.now() / 1000);
      const times = [now - 5, now - 86_300, now - 86_500];
      put('var/lib/fleet/guests/a', `restarts\t3\nreturned\t${times.join(' ')}\n`);
      run('guest_set a restarts=4');
      expect(returned().slice(1)).toEqual(times.slice(0, 2));
      put('var/lib/fleet/guests/a', `returned\t${Array(60).fill(now).join(' ')}\n`);
      run('guest_set a restarts=61');
      expect(returned()).toHaveLength(40);
    });

    it('status reads the last end there, and in the spool only what an older generation wrote', () => {
      const epoch = '001764405663-9f3c2a1b';
      const line = (seq: number) => `{"v":1,"epoch":"${epoch}","seq":${seq},"at":1,"who":"guest"}`;
      for (const first of [1, 11, 21])
        put(
          `var/lib/fleet/events/${epoch}-${String(first).padStart(10, '0')}.jsonl`,
          Array.from({ length: 10 }, (_, n) => `${line(first + n)}\n`).join(''),
        );
      const last = (seq: number) => `state\tReady\nlastEnd\t${epoch}:${seq}\n`;
      put('var/lib/fleet/guests/new', `${last(12)}ended\t${epoch}:12 1 guest panic\n`);
      put('var/lib/fleet/guests/old', last(11));
      put('var/lib/fleet/guests/back', `${last(30)}ended\t${epoch}:12 1 guest panic\n`);
      put('var/lib/fleet/guests/gone', last(31));
      put('var/lib/fleet/guests/untold', 'state\tReady\nended\t- 1 guest panic\n');
      const script = readFileSync(join(src, 'host/scripts/status.sh'), 'utf8').split('\nmore() {');
      const guests = readFileSync(join(src, 'host/scripts/guests.sh'), 'utf8');
      const said = run(`${guests}\n${script[0]}\nguest_records`).trimEnd().split('\n');
      expect(said).toContain(`known\tnew\tended\t${epoch}:12 1 guest panic`);
      expect(said.filter((row) => row.startsWith('lastend')).toSorted()).toEqual([
        `lastend\tback\t${line(30)}`,
        `lastend\told\t${line(11)}`,
      ]);
    });

    it('a start of fleet’s clears what failed, what was counted, and what would try again', () => {
      run('guest_set a state=Failed restarts=4 failedBoots=3; guest_starting a "Ada started it"');
      expect(stateOf('a')).toMatchObject({
        state: 'Starting',
        why: 'Ada started it',
        boot: 'boot-1',
      });
      expect(stateOf('a')).not.toHaveProperty('restarts');
      expect(stateOf('a')).not.toHaveProperty('failedBoots');
      const log = readFileSync(join(root, 'log'), 'utf8');
      expect(log).toContain('stop fleet-again@a.timer');
      expect(log).toContain('reset-failed microvm*@a.service');
    });
  });

  it('what is wanted of a guest: by the policy, by who stopped it, by whether anybody started it', () => {
    policy({
      on: { state: 'running', autostart: 'always' },
      off: { state: 'stopped', autostart: 'never' },
      manual: { state: 'running', autostart: 'never' },
      started: { state: 'running', autostart: 'never' },
      halted: { state: 'running', autostart: 'always' },
      held: { state: 'running', autostart: 'always' },
    });
    put('var/lib/fleet/guests/started', 'boot\tboot-1\n');
    put('var/lib/fleet/guests/manual', 'boot\tboot-0\n');
    put('var/lib/fleet/stopped/halted', 'ada\t1\tapply\n');
    put('var/lib/fleet/stopped/held', 'ada\t1\theld\n');
    const names = ['on', 'off', 'manual', 'started', 'halted', 'held', 'stranger'];
    const said = run(names.map((name) => `echo "${name} $(desired ${name})"`).join('\n'));
    expect(said.trimEnd().split('\n')).toEqual([
      'on running',
      'off stopped',
      'manual stopped',
      'started running',
      'halted stopped',
      'held held',
      'stranger',
    ]);
  });

  it.each([
    ['vm-release', 'op a 5', 'sync /var/lib/fleet/events/'],
    ['vm-restart', 'op a 5 5 -', 'restart microvm@a.service'],
  ])('%s: that nobody wants it stopped is on disk before what follows', (script, args, then) => {
    put('var/lib/fleet/stopped/a', 'ada\t1\tapply\n');
    run(`set -- ${args}\n${readFileSync(join(src, `host/scripts/${script}.sh`), 'utf8')}`);
    const log = readFileSync(join(root, 'log'), 'utf8').replaceAll(root, '').split('\n');
    expect(existsSync(join(root, 'var/lib/fleet/stopped/a'))).toBe(false);
    const at = (what: string) => log.findIndex((line) => line.startsWith(what));
    expect(at('sync /var/lib/fleet/stopped')).toBeGreaterThan(-1);
    expect(at('sync /var/lib/fleet/stopped')).toBeLessThan(at(then));
  });

  it('vm-halt: that somebody wants it stopped is on disk before it stops', () => {
    run(`set -- op a 5 1 ada held\n${readFileSync(join(src, 'host/scripts/vm-halt.sh'), 'utf8')}`);
    const log = readFileSync(join(root, 'log'), 'utf8').replaceAll(root, '').split('\n');
    const at = (what: string) => log.findIndex((line) => line.startsWith(what));
    expect(at('sync /var/lib/fleet/stopped')).toBeGreaterThan(-1);
    expect(at('sync /var/lib/fleet/stopped')).toBeLessThan(at('stop --no-block microvm@a.service'));
  });

  it.each([
    ['Reached target System Reboot.', 'reboot'],
    ['Reached target Power Off.', 'power-off'],
    ['Started something.', 'at once: a power cut, a reset or a hang'],
  ])('the boot before ended with: %s', (journal, why) => {
    put('journal', `${journal}\n`);
    put('proc/uptime', '10.0 1.0\n');
    expect(run('last_shutdown')).toBe(`${why}\n`);
  });

  describe('reconcile', () => {
    const reconcile = () => run(readFileSync(join(src, 'render/modules/reconcile.sh'), 'utf8'));
    const vm = (more: object = {}) => ({
      state: 'running',
      autostart: 'always',
      nics: [{ tap: 'vm-a' }],
      images: ['var.img'],
      ...more,
    });
    beforeEach(() => {
      policy({ a: vm() });
      put('var/lib/fleet/deployed/a', recordOf(vm()));
      mkdirSync(join(root, 'var/lib/microvms/a'));
      symlinkSync('/nix/store/r', join(root, 'var/lib/microvms/a/current'));
      put('microvm@a.service');
      put('var/lib/fleet/guests/a', 'state\tReady\nboot\tboot-1\n');
    });

    it('says nothing of what is as declared', () => {
      put('var/lib/microvms/a/var.img');
      // Built, and waits for a restart.
      put('var/lib/fleet/waiting/a', recordOf(vm({ images: ['var.img', 'new.img'] })));
      put('var/lib/microvms/a/new.img');
      put('sys/class/net/vm-a/tun_flags');
      reconcile();
      expect(events()).toEqual([]);
    });

    it('asks for the policy so often, however many guests there are', () => {
      const asks = (count: number) => {
        const names = ['a', ...Array.from({ length: count }, (_, i) => `m${i}`)];
        policy(Object.fromEntries(names.map((name) => [name, vm()])));
        for (const name of names) {
          mkdirSync(join(root, 'var/lib/microvms', name), { recursive: true });
          put(`microvm@${name}.service`);
          put(`var/lib/fleet/guests/${name}`, 'state\tReady\nboot\tboot-1\n');
        }
        put('asks');
        run(
          `jq() { echo >>"$R/asks"; command jq "$@"; }\n${readFileSync(join(src, 'render/modules/reconcile.sh'), 'utf8')}`,
        );
        return readFileSync(join(root, 'asks'), 'utf8').length;
      };
      asks(1);
      const ofTwo = asks(1);
      expect(asks(9)).toBe(ofTwo);
      expect(events()).toEqual([]);
    });

    it('tells of each orphan once, and once when it is gone', () => {
      put('sys/class/net/vm-x/tun_flags');
      put('var/lib/microvms/a/old.img');
      mkdirSync(join(root, 'var/lib/microvms/left'));
      mkdirSync(join(root, 'nix/var/nix/gcroots/microvm'), { recursive: true });
      symlinkSync('/gone', join(root, 'nix/var/nix/gcroots/microvm/lost'));
      reconcile();
      reconcile();
      expect(events().map(({ kind, what, name }) => [kind, what, name])).toEqual([
        ['orphan.found', 'tap', 'vm-x'],
        ['orphan.found', 'image', 'a/old.img'],
        ['orphan.found', 'folder', 'left'],
        ['orphan.found', 'root', 'microvm/lost'],
      ]);
      rmSync(join(root, 'sys/class/net/vm-x'), { recursive: true });
      reconcile();
      expect(events().slice(4)).toMatchObject([{ kind: 'orphan.gone', what: 'tap', name: 'vm-x' }]);
    });

    it('takes no process for an orphan that ends while it looks', () => {
      // Its VMM was killed: it is listed with its TAP, and then has neither files nor a group of its own.
      mkdirSync(join(root, 'proc/77/fd'), { recursive: true });
      symlinkSync('/dev/net/tun', join(root, 'proc/77/fd/7'));
      put('proc/77/fdinfo/7', 'iff:\tvm-a\n');
      put('proc/77/comm', 'qemu-system-x86\n');
      put('proc/77/cgroup', '0::/\n');
      put(
        'bin/sort',
        '#!/bin/sh\nlisted=$(/usr/bin/sort "$@")\n[ "$listed" != "77 vm-a" ] || rm -r "$FLEET_ROOT/proc/77/fd"\nprintf "%s\\n" "$listed"\n',
      );
      chmodSync(join(root, 'bin/sort'), 0o755);
      reconcile();
      expect(events()).toEqual([]);
    });

    it('with orphans: stop, stops what runs and is still there at the next look, and deletes nothing', () => {
      policy({ a: vm() }, { orphans: 'stop' });
      put('sys/class/net/vm-x/tun_flags');
      mkdirSync(join(root, 'var/lib/microvms/left'));
      put('microvm@left.service');
      reconcile();
      expect(existsSync(join(root, 'microvm@left.service'))).toBe(true);
      reconcile();
      reconcile();
      const stopped = events().filter(({ kind }) => kind === 'orphan.stopped');
      expect(stopped.map(({ what, name }) => [what, name])).toEqual([
        ['tap', 'vm-x'],
        ['guest', 'left'],
      ]);
      expect(readFileSync(join(root, 'log'), 'utf8')).toContain('ip link set dev vm-x down');
      expect(existsSync(join(root, 'microvm@left.service'))).toBe(false);
      expect(existsSync(join(root, 'var/lib/microvms/left'))).toBe(true);
    });

    it('with orphans: stop, ends who has a guest’s TAP outside of its unit, and knows nothing of other TAPs', async () => {
      const guest = vm({ nics: [{ tap: 'tap-a' }] });
      policy({ a: guest }, { orphans: 'stop' });
      put('var/lib/fleet/deployed/a', recordOf(guest));
      // As /proc tells of them: a VPN, another's machine, a runner by hand, and one of a vm that left.
      const taps = ['tailscale0', 'vnet0', 'tap-a', 'vm-left'];
      // Their parent waits for them: nobody is left as a zombie.
      const parent = spawn('sh', ['-c', 'for n in 1 2 3 4; do sleep 60 & echo $!; done; wait']);
      let said = '';
      for await (const text of parent.stdout) {
        said += text;
        if (said.split('\n').length > taps.length) break;
      }
      const pids = said.trim().split('\n');
      for (const [n, tap] of taps.entries()) {
        const folder = `proc/${pids[n]}`;
        put(`${folder}/fdinfo/7`, `pos:\t0\niff:\t${tap}\n`);
        put(`${folder}/cgroup`, '0::/user.slice/session-3.scope\n');
        put(`${folder}/comm`, 'somebody\n');
        mkdirSync(join(root, folder, 'fd'));
        symlinkSync('/dev/net/tun', join(root, folder, 'fd/7'));
      }
      const alive = () => taps.filter((_, n) => existsSync(`/proc/${pids[n]}`));
      try {
        reconcile();
        expect(alive()).toEqual(taps);
        reconcile();
        expect(alive()).toEqual(['tailscale0', 'vnet0']);
        const told = events().map(({ kind, name }) => `${kind} ${name.split(' ').pop()}`);
        for (const tap of ['tap-a', 'vm-left']) expect(told).toContain(`orphan.stopped (${tap})`);
        expect(told.filter((line) => /tailscale0|vnet0/.test(line))).toEqual([]);
      } finally {
        for (const pid of pids)
          if (existsSync(`/proc/${pid}`)) process.kill(Number(pid), 'SIGKILL');
      }
    });

    it('tells of a guest that does not run as it is wanted, and corrects what is known of it', () => {
      rmSync(join(root, 'microvm@a.service'));
      reconcile();
      expect(stateOf('a').state).toBe('Starting');
      expect(events()).toMatchObject([
        { kind: 'state.found', vm: 'a', state: 'Starting' },
        { kind: 'drift.found', vm: 'a', what: 'it does not run, and is wanted running' },
      ]);
      put('var/lib/fleet/stopped/a', 'ada\t1\theld\n');
      reconcile();
      expect(stateOf('a').state).toBe('Terminated');
      expect(events().at(-1)).toMatchObject({ kind: 'drift.gone', vm: 'a' });
    });

    it('only waits while a deployment has locked the hypervisor', () => {
      put('sys/class/net/vm-x/tun_flags');
      for (const file of ['begun', 'locked', 'meta'])
        put(`var/lib/fleet/deployments/1/${file}`, 'locks\t2\n');
      reconcile();
      expect(events()).toEqual([]);
    });
  });
});
