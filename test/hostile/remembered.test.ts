import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, KvmWorld, kvm, stranger } from './kvm-world.ts';

const source = (path: string) =>
  readFileSync(new URL(`../../src/${path}.sh`, import.meta.url), 'utf8');
const library = ['lib', 'deployments', 'locks', 'spool', 'guest-state', 'ends', 'dump']
  .map((name) => source(`host/scripts/${name}`))
  .join('\n');
const vmm = 65_531;
const as = (user: number) => `setpriv --reuid=${user} --regid=${kvm} --clear-groups`;

/** What a hypervisor remembers between deployments, as its own units write it, and somebody of group kvm. */
describe.skipIf(!isRoot)('what a hypervisor remembers', () => {
  let world: KvmWorld;
  beforeEach(() => {
    world = new KvmWorld();
    world.vm('web');
  });
  afterEach(() => world.remove());
  const sh = (text: string) => world.sh(`mount -t tmpfs none /run && { ${library}\n${text}\n}`);

  it('is written by nobody of group kvm, nor by a VMM, and what may hold secrets is not read', () => {
    const units = [
      'event guest.ended web "last=the secret"; spool_aside guest.ended web "last=the secret"',
      'guest_set web state=Failed "why=the secret"; record_health web /nix/store/a-runner',
      'echo the secret | keep_end web 1-microvm-x; intend web op why',
      'recovery_of web || attempts=1 interval=60; count_end web 1; restart=never; keep_step web rest why',
    ];
    const look = (user: number) => `${as(user)} sh -c '
      find /var/lib/fleet /run/fleet -writable 2>/dev/null
      grep -rl "the secret" /var/lib/fleet /run/fleet 2>/dev/null
      for file in $(cat /var/lib/names); do ! (true >>"$file") 2>/dev/null || echo "wrote $file"; done
      : >/var/lib/microvms/web/own.$(id -u) && echo looked'`;
    const { code, stdout, stderr } = sh(`
      { true; ${units.join('\n')}
      } || true
      find /var/lib/fleet /run/fleet | tee /var/lib/names
      chmod 644 /var/lib/names
      echo ---
      ${look(stranger)}
      ${look(vmm)}`);
    expect([code, stderr]).toEqual([0, '']);
    const [names = '', found] = stdout.split('---\n');
    for (const name of ['events', 'events/late', 'guests/web', 'ends/web', 'healthy/web'])
      expect(names.split('\n')).toContain(`/var/lib/fleet/${name}`);
    for (const name of ['tries/web', 'unsettled/web', 'intents/web', 'locks/events.'])
      expect(names.split('\n')).toContain(`/run/fleet/${name}`);
    expect(found).toBe('looked\nlooked\n');
  });

  describe('of a guest that hung', () => {
    /** What the VMM does when it is asked for a dump into the folder $1. */
    const dump = (qemu: string) => {
      world.tool(
        'bin/socat',
        `folder=$(sed -n '/file:/{s|.*file:\\(.*\\)/memory.*|\\1|p;q}')
cd "$folder" || exit 1
${qemu}
echo '{"return": {}, "id": "dump"}'`,
      );
      chmodSync(world.path(), 0o755);
      const { code, stdout, stderr } = sh(`
        policy() { echo true; }
        memory_of() { echo 1; }
        qmp_socket() { echo web.sock; }
        dump_spares=0
        dump_guest web 10 || echo "$no_dump"
        ls -A /var/lib/fleet/dumps
        ${as(stranger)} sh -c 'find /var/lib/fleet/dumps -mindepth 1 2>/dev/null; cat /var/lib/fleet/dumps/web/* 2>/dev/null; ls /var/lib/fleet/dumps 2>/dev/null' || true`);
      expect([code, stderr]).toEqual([0, '']);
      return stdout;
    };
    const kept = () => readdirSync(world.path('lib/fleet/dumps/web'));

    it('is root’s, and in a folder that nobody else looks into', () => {
      expect(dump('echo memory >memory')).toBe('web\n');
      const [file = ''] = kept();
      expect(statSync(world.path('lib/fleet/dumps/web', file))).toMatchObject({
        uid: 0,
        gid: 0,
        nlink: 1,
      });
      expect(statSync(world.path('lib/fleet/dumps/web', file)).mode & 0o777).toBe(0o600);
    });

    it.each([
      ['a link to a file of root’s', 'ln -s /var/lib/secret memory'],
      [
        'a link to a file that it has elsewhere',
        ': >/var/lib/microvms/web/own; ln /var/lib/microvms/web/own memory',
      ],
      ['a folder', 'mkdir memory; ln -s /var/lib memory/deep; : >memory/file'],
      ['a pipe', 'mkfifo memory'],
      ['nothing', ''],
    ])('is not made where the VMM leaves %s, which is gone', (_, qemu) => {
      writeFileSync(world.path('lib/secret'), 'only root reads this\n', { mode: 0o600 });
      expect(dump(qemu)).toMatch(/^QEMU wrote none: .*\nweb\n$/);
      expect(kept()).toEqual([]);
      expect(readFileSync(world.path('lib/secret'), 'utf8')).toBe('only root reads this\n');
      expect(statSync(world.path('lib/secret')).mode & 0o777).toBe(0o600);
    });
  });
});
