import { expect, test } from 'vitest';
import { addresses, type Ground } from './ground.ts';
import { toldFile } from './setup.ts';

// biome-ignore lint/suspicious/noExplicitAny: messages of fleet's, of which a test looks at a part.
type Data = Record<string, any>;

/** What changes guests by itself, or by a word on the hypervisor itself. */
export function unitsOf(of: () => Ground): void {
  test('fleet restart and rollback on the hypervisor itself', async () => {
    const ground = of();
    const before = await ground.look.invocations(['app', 'web']);
    const runner = await ground.look.runner('web');
    const restart = await ground.local('restart app --local');
    expect(restart.code, restart.stderr).toBe(0);
    const rollback = await ground.local('rollback web --local --yes');
    expect(rollback.code, rollback.stdout + rollback.stderr).toBe(0);
    const after = await ground.look.invocations(['app', 'web']);
    for (const vm of ['app', 'web'] as const) expect(after[vm]).not.toBe(before[vm]);
    expect(await ground.look.runner('web')).not.toBe(runner);
    expect(await ground.look.answers(addresses.web)).toBe(true);
    expect((await ground.events('guest.ended', 'app')).at(-1)).toMatchObject({ who: 'fleet' });
  });

  test('alerts are told by webhook and by command, when one fires and when it is resolved', async () => {
    const ground = of();
    const told = async () =>
      (await ground.sh(`cat ${toldFile}`)).split('\n').map((line) => {
        const [way, authorization, body = ''] = line.split('\t');
        return { ...JSON.parse(body), way, authorization } as Data;
      });
    const become = (state: string) =>
      ground.sh(`sed -i '/^why\t/d; s/^state\t.*/state\t${state}\\nwhy\tgiven up/' /var/lib/fleet/guests/web
        systemctl start fleet-alerts; systemctl start fleet-alerts`);
    await become('Failed');
    await become('Ready');
    // Other tests have had it given up, too.
    const isOurs = ({ vm, why }: Data) => vm === 'web' && why === 'given up';
    const messages = (await told()).filter(isOurs);
    for (const [way, authorization] of [
      ['/webhook', 'Bearer of-the-lab'],
      ['/command', ''],
    ]) {
      const own = messages.filter((message) => message.way === way);
      expect(own.map(({ state }) => state)).toEqual(['firing', 'resolved']);
      expect(own[0]).toMatchObject({
        ...{ authorization, version: 1, fleet: 'scenario', hypervisor: 'hv1', when: 'failed' },
        ...{ alert: 'failed web', why: 'given up' },
      });
    }
    expect((await ground.events('alert.firing', 'web')).filter(isOurs)).toHaveLength(1);
    const said = await ground.sh(
      'journalctl -u fleet-alerts -o cat; ls -A /var/lib/fleet/alerts/outbox/*',
    );
    expect(said).not.toMatch(/of-the-lab|127\.0\.0\.1|\.json/);
  });

  test('old generations go by policy, once told', async () => {
    const ground = of();
    expect(await ground.sh('systemctl is-active fleet-gc.timer')).toBe('active');
    const profile = '/var/lib/fleet/profiles/app';
    const oldest = await ground.sh(`for n in 1 2 3 4; do
        mkdir -p /tmp/old && echo $n >/tmp/old/n
        path=$(nix-store --add /tmp/old)
        nix-env -p ${profile} --set "$path"
        [ $n != 1 ] || echo "$path"
      done
      nix-env -p ${profile} --set "$(readlink /var/lib/microvms/app/current)"
      touch -h -d '3 days ago' ${profile}-*-link
      systemctl start fleet-gc`);
    const [event, ...others] = await ground.events('gc.ran');
    expect(others).toEqual([]);
    expect(event).toMatchObject({ generations: expect.any(Number), paths: expect.any(Number) });
    expect(event?.generations).toBeGreaterThan(0);
    expect(await ground.look.exists(oldest)).toBe(false);
    expect(await ground.look.isActive('app')).toBe(true);
  });

  test('what nobody owns is told, and by policy stopped, never deleted', async () => {
    const ground = of();
    await ground.sh(`
      # A process that has a TAP open, and a VMM that somebody started by hand.
      systemd-run -q --unit=lab-holder socat TUN,tun-name=vm-held,tun-type=tap,iff-up,iff-no-pi SYSTEM:'sleep 600'
      cp /bin/sleep /run/qemu-system-lab && systemd-run -q --unit=lab-vmm -p User=microvm /run/qemu-system-lab 600
      ip tuntap add vm-left mode tap && ip link set vm-left up
      # A guest that nobody declares, in a folder of no vm.
      mkdir -p /opt/lab/stray/bin /var/lib/microvms/stray
      printf '#!/bin/sh\\nexec sleep 600\\n' >/opt/lab/stray/bin/microvm-run
      chmod +x /opt/lab/stray/bin/microvm-run
      ln -s /opt/lab/stray /var/lib/microvms/stray/current
      chown -R microvm:kvm /var/lib/microvms/stray
      systemctl start microvm@stray
      truncate -s 1M /var/lib/microvms/web/left.img
      ln -sfn /var/lib/microvms/gone/current /nix/var/nix/gcroots/microvm/gone
      last=$(ls -d /var/lib/fleet/deployments/* | tail -n 1)
      : >"$last/commit.bundle"; mkdir -p "/nix/var/nix/gcroots/fleet/\${last##*/}"
      systemctl start fleet-reconcile; systemctl start fleet-watch; systemctl start fleet-watch`);
    const found = (await ground.told())
      .filter(({ kind }) => kind === 'orphan.found')
      .map(({ what, name }) => `${what} ${name}`.replace(/\d+/g, 'N'));
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^copy .*\/commit\.bundle$/),
        'folder stray',
        'guest stray',
        'image web/left.img',
        'process N socat (vm-held)',
        'process qemu-system-lab N',
        expect.stringMatching(/^root fleet\//),
        'root microvm/gone',
        'tap vm-left',
      ]),
    );
    expect(await ground.events('orphan.stopped')).toEqual([]);
    await ground.change((policy) => {
      policy.orphans = 'stop';
    });
    await ground.sh('systemctl start fleet-reconcile');
    await ground.asRendered();
    const stopped = (await ground.told())
      .filter(({ kind }) => kind === 'orphan.stopped')
      .map(({ what }) => `${what}`);
    expect(stopped.sort((a, b) => a.localeCompare(b))).toEqual(['guest', 'process', 'tap', 'tap']);
    expect(await ground.sh('ip -br link show vm-left')).toMatch(/ DOWN /);
    expect(await ground.sh('systemctl is-active lab-holder microvm@stray || true')).not.toMatch(
      /^active/m,
    );
    for (const path of [
      '/var/lib/microvms/stray/current',
      '/var/lib/microvms/web/left.img',
      '/nix/var/nix/gcroots/microvm/gone',
    ])
      expect(await ground.sh(`ls -d ${path}`)).toBe(path);
    await ground.sh('systemctl stop lab-vmm; rm -r /var/lib/microvms/stray; ip link del vm-left');
  });

  test('while memory is short the lowest priority goes, and comes back when there is enough', async () => {
    const ground = of();
    const memory = (low: number) =>
      ground.sh(`for unit in fleet-sample fleet-memory; do
        mkdir -p /run/systemd/system/$unit.service.d
        printf '[Service]\\nEnvironment=FLEET_MEMORY_LOW=${low}\\n' >/run/systemd/system/$unit.service.d/low.conf
      done; systemctl daemon-reload`);
    const before = await ground.look.invocations(['app', 'db', 'web']);
    // It would look, too.
    await ground.sh('systemctl stop fleet-sample.timer');
    await memory(1 << 30);
    await ground.untilSo('shed', async () => {
      await ground.sh('systemctl start fleet-memory');
      return (await ground.events('guest.shed', 'job')).length > 0;
    });
    await memory(1);
    expect(await ground.look.isActive('job')).toBe(false);
    expect((await ground.events('guest.ended', 'job')).at(-1)).toMatchObject({
      ...{ who: 'fleet', why: 'memory is short', intended: true },
    });
    await ground.untilSo('back', async () => {
      await ground.sh('systemctl start fleet-memory');
      return (await ground.events('guest.unshed', 'job')).length > 0;
    });
    await ground.isUp('job');
    expect(await ground.look.invocations(['app', 'db', 'web'])).toEqual(before);
    expect((await ground.told()).filter(({ kind }) => kind === 'guest.shed')).toHaveLength(1);
    await ground.sh(
      'rm -r /run/systemd/system/fleet-{sample,memory}.service.d; systemctl daemon-reload; systemctl start fleet-sample.timer',
    );
  });
}
