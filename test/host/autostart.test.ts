import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../src');
/** As the unit has it: behind the libraries. */
const autostart = [
  ...['lib', 'deployments', 'locks', 'spool', 'guest-state'].map((name) => `host/scripts/${name}`),
  'render/modules/autostart',
]
  .map((name) => readFileSync(join(src, `${name}.sh`), 'utf8'))
  .join('\n');

/**
 * A unit is active when there is a file of its name. Of others: `fails-UNIT`, `once-UNIT` (fails, and is
 * active a second later), `on-UNIT` (run when it was started), `mute-ADDRESS`.
 */
const standIns = {
  systemctl: `
echo "$*" >>"$FLEET_ROOT/log"
case $1 in
is-active) test -e "$FLEET_ROOT/$3" ;;
start)
  if [ -e "$FLEET_ROOT/once-$2" ]; then
    rm "$FLEET_ROOT/once-$2"
    { sleep 1; : >"$FLEET_ROOT/$2"; } >/dev/null 2>&1 &
    exit 1
  fi
  [ ! -e "$FLEET_ROOT/fails-$2" ] || exit 1
  : >"$FLEET_ROOT/$2"
  [ ! -e "$FLEET_ROOT/on-$2" ] || . "$FLEET_ROOT/on-$2"
  ;;
esac`,
  sync: ':',
  ping: 'for address; do :; done; test ! -e "$FLEET_ROOT/mute-$address"',
  'systemd-notify': `echo "notify $*" >>"$FLEET_ROOT/log"
[ ! -e "$FLEET_ROOT/on-notify" ] || . "$FLEET_ROOT/on-notify"`,
};

// NixOS runs it in bash.
describe.each(['sh', 'bash'])('the script of fleet-autostart, in %s', (shell) => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fleet-autostart-'));
    for (const folder of ['bin', 'etc/fleet', 'run', 'var/lib/fleet/healthy', 'sys/class/net/br']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    put('sys/class/net/br/flags', '0x1003\n');
    put('autostart.sh', autostart);
    for (const [name, text] of Object.entries(standIns)) {
      writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const put = (path: string, text = '') => writeFileSync(join(root, path), text);
  const enslave = (name: string) =>
    symlinkSync('../br', join(root, `sys/class/net/vm-${name}/master`));

  /** Guests in their order, with what they need; each has a runner, and a TAP in its bridge. */
  function guests(list: Record<string, string>, when: Record<string, string> = {}): void {
    const lines = Object.entries(list).map(([name, needs], i) => {
      mkdirSync(join(root, 'var/lib/microvms', name), { recursive: true });
      mkdirSync(join(root, `sys/class/net/vm-${name}`));
      symlinkSync(`/nix/store/r-${name}`, join(root, 'var/lib/microvms', name, 'current'));
      enslave(name);
      return `${name} ${when[name] ?? 'always'} 10.1.0.${i + 2} vm-${name}=br ${needs}\n`;
    });
    put('etc/fleet/autostart', lines.join(''));
  }

  async function run(more: Record<string, string> = {}) {
    const begun = performance.now();
    const child = spawn(shell, ['-eu', join(root, 'autostart.sh')], {
      env: {
        PATH: `${join(root, 'bin')}:${process.env.PATH}`,
        FLEET_ROOT: root,
        FLEET_PATIENCE: '1',
        FLEET_AGAIN: '20',
        FLEET_PAUSE: '1',
        NOTIFY_SOCKET: 'one',
        ...more,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { code, said, seconds: (performance.now() - begun) / 1000 };
  }
  const log = () => readFileSync(join(root, 'log'), 'utf8').split('\n');
  const starts = () =>
    log().flatMap((line) => /^start microvm@(\S+)\.service$/.exec(line)?.[1] ?? []);
  const isActive = (name: string) => existsSync(join(root, `microvm@${name}.service`));

  it('all is well: one pass, each is started once, in the order', async () => {
    guests({ a: '-', b: 'a', c: 'a,b' });
    expect(await run({ FLEET_PAUSE: '60' })).toMatchObject({
      code: 0,
      said: '<6>a started\n<6>b started\n<6>c started\n',
    });
    expect(starts()).toEqual(['a', 'b', 'c']);
  });

  it('a TAP that is late in its bridge keeps those down that need its guest only until then', async () => {
    guests({ a: '-', b: 'a', c: 'b' });
    rmSync(join(root, 'sys/class/net/vm-a/master'));
    setTimeout(() => enslave('a'), 5000);
    const { code, said } = await run();
    expect(said.split('\n')).toEqual([
      '<3>a: vm-a is not in bridge br',
      '<3>a did not start as it should, going on with the next',
      '<4>b needs a, which does not run as it should: skipped',
      '<4>c needs b, which does not run as it should: skipped',
      '<6>a runs as it should now',
      '<6>b started',
      '<6>c started',
      '',
    ]);
    expect(code).toBe(0);
    expect(starts()).toEqual(['a', 'b', 'c']);
  });

  it('a start that fails once, and that systemd tries again, does as well', async () => {
    guests({ a: '-', b: 'a', c: '-' });
    put('once-microvm@a.service');
    const { code, said } = await run();
    expect(said).toContain('<3>a did not start as it should, going on with the next\n');
    expect(said).toMatch(/<6>c started\n(.*\n)*<6>b started\n$/);
    expect(code).toBe(0);
  });

  it('one that has ended and that its policy leaves so is not started again, and only a failure is one', async () => {
    guests({ a: '-', b: '-', c: '-' });
    const end = (name: string, state: string) =>
      `rm "$FLEET_ROOT/microvm@${name}.service"\nsed -i 's/^state.*/state\t${state}/' "$FLEET_ROOT/var/lib/fleet/guests/${name}"\n`;
    put('on-microvm@b.service', end('a', 'Terminated'));
    const rests = await run();
    expect(rests.said).toContain('<6>a has ended, and its policy leaves it so\n');
    expect([rests.code, starts()]).toEqual([0, ['a', 'b', 'c']]);
    for (const name of ['a', 'b', 'c'])
      rmSync(join(root, `microvm@${name}.service`), { force: true });
    put('on-microvm@b.service', end('a', 'Failed'));
    const failed = await run();
    expect(failed.said).toContain('<3>a has failed: see fleet status a, then fleet start a\n');
    expect([failed.code, starts().slice(3)]).toEqual([1, ['a', 'b', 'c']]);
  });

  it('a guest that died after its start is started again', async () => {
    guests({ a: '-', b: '-' });
    put('on-microvm@b.service', 'rm "$FLEET_ROOT/microvm@a.service"\n');
    expect((await run()).code).toBe(0);
    expect(starts()).toEqual(['a', 'b', 'a']);
    expect(isActive('a')).toBe(true);
  });

  it('one that never comes fails the unit after a while, with what to do for it and for those that need it', async () => {
    guests({ a: '-', b: 'a', c: '-', d: '-' });
    put('fails-microvm@a.service');
    rmSync(join(root, 'sys/class/net/vm-d/master'));
    const { code, said, seconds } = await run({ FLEET_AGAIN: '3' });
    expect(code).toBe(1);
    expect(said.split('\n').slice(-5)).toEqual([
      '<3>a does not run: see journalctl -b -u microvm@a, then systemctl start microvm@a',
      '<3>b does not run, for it needs a: see to that one, then systemctl start microvm@b',
      '<3>d runs, but vm-d is not in bridge br: see networkctl, then systemctl restart microvm@d',
      '<3>when they run: systemctl reset-failed fleet-autostart',
      '',
    ]);
    expect(said.match(/a did not start/g)).toHaveLength(1);
    expect(starts().filter((name) => name === 'a').length).toBeGreaterThan(1);
    expect(starts().filter((name) => name !== 'a')).toEqual(['c', 'd']);
    expect(seconds).toBeLessThan(60);
  });

  it('systemd goes on when each guest had its turn', async () => {
    guests({ a: '-', b: 'a', c: '-' });
    put('once-microvm@a.service');
    await run();
    const lines = log().filter((line) => /^notify|^start microvm@/.test(line));
    expect(lines).toEqual([
      'start microvm@a.service',
      'start microvm@c.service',
      'notify --ready',
      'start microvm@b.service',
    ]);
  });

  it('a guest that is not to start waits for nobody, and is not missed', async () => {
    guests({ a: '-', b: 'a', c: 'a' }, { b: 'healthy' });
    rmSync(join(root, 'var/lib/microvms/c/current'));
    put('microvm@a.service');
    put('mute-10.1.0.2');
    const { code, said, seconds } = await run({ FLEET_PATIENCE: '5' });
    expect(said.split('\n')).toEqual([
      '<4>b was not healthy at the last look: skipped',
      '<4>c is not created yet: skipped',
      '',
    ]);
    expect(code).toBe(0);
    // Not the pause.
    expect(seconds).toBeLessThan(60);
  });

  it('a guest that somebody has stopped stays so', async () => {
    guests({ a: '-', b: '-' });
    mkdirSync(join(root, 'var/lib/fleet/stopped'));
    put('var/lib/fleet/stopped/a', 'eve@desk\t1759990000\tapply\n');
    const { code, said } = await run();
    expect(said).toBe('<4>a was stopped by fleet stop: skipped\n<6>b started\n');
    expect(code).toBe(0);
  });

  it('nor is one started that somebody stops while it is tried again, or is at work with', async () => {
    guests({ a: '-', b: '-' });
    mkdirSync(join(root, 'var/lib/fleet/stopped'));
    for (const name of ['a', 'b']) put(`fails-microvm@${name}.service`);
    put(
      'on-notify',
      `cd "$FLEET_ROOT"
      rm fails-*
      echo 'eve@desk	1759990000	apply' >var/lib/fleet/stopped/a
      exec 5>>run/fleet/locks/b
      flock 5
      { sleep 3; : >microvm@b.service; } >/dev/null 2>&1 &
      exec 5>&-
      `,
    );
    const { code, said } = await run();
    expect(said).toContain('<6>a was stopped meanwhile: skipped\n');
    expect(said).toContain('<6>b runs as it should now\n');
    expect([code, starts()]).toEqual([0, ['a', 'b']]);
  });

  it('whom nobody starts is not waited for: those that need it are named at once', async () => {
    guests({ a: '-', b: 'a', c: 'b', d: '-' }, { a: 'healthy' });
    const { code, said, seconds } = await run({ FLEET_AGAIN: '300', FLEET_PAUSE: '60' });
    expect(said.split('\n').slice(1)).toEqual([
      '<4>b needs a, which is not started: skipped',
      '<4>c needs b, which is not started: skipped',
      '<6>d started',
      '<3>b does not run, for it needs a: see to that one, then systemctl start microvm@b',
      '<3>c does not run, for it needs b: see to that one, then systemctl start microvm@c',
      '<3>when they run: systemctl reset-failed fleet-autostart',
      '',
    ]);
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(60);
  });

  it('a guest that does not answer is waited for once, by all that need it', async () => {
    guests({ a: '-', b: 'a', c: 'a' });
    put('mute-10.1.0.2');
    const { code, said, seconds } = await run();
    expect(said).toBe(
      '<6>a started\n<4>b: a does not answer, starting without\n<6>b started\n<6>c started\n',
    );
    expect(code).toBe(0);
    // Once is six seconds; three times would be eighteen.
    expect(seconds).toBeLessThan(18);
  });

  it('trying again gives way to a deployment, which is no failure', async () => {
    guests({ a: '-', b: 'a' });
    put('fails-microvm@a.service');
    const running = run({ FLEET_AGAIN: '300' });
    setTimeout(() => put('run/fleet/seen'), 2500);
    const { code, said } = await running;
    expect(said).toContain('<4>a deployment has begun, and sees to what does not run: a b \n');
    expect(code).toBe(0);
    expect(starts()).not.toContain('b');
  });

  it('it leaves a file by which it does not start again in this boot', async () => {
    guests({ a: '-' });
    await run();
    expect(existsSync(join(root, 'run/fleet/autostarted'))).toBe(true);
  });
});
