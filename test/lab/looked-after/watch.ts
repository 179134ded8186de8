import { describe, expect, test } from 'vitest';
import { addresses, type Ground, guests } from './ground.ts';

/** What a deployment leaves behind. */
export function startedOf(of: () => Ground): void {
  test('guests that a deployment started are Ready, and its units have not failed', async () => {
    const ground = of();
    for (const vm of guests) await ground.ready(vm);
    expect(await ground.sh('systemctl is-active fleet-watch.timer')).toBe('active');
    expect(await ground.sh('systemctl list-units --failed --plain --no-legend')).toBe('');
  });
}

/** What the watch finds, repairs and restarts, and what it leaves alone. */
export function watchOf(of: () => Ground): void {
  describe('a hang, a dead virtiofsd, and faults of a network, at the same time', () => {
    test.concurrent('one whose VMM hangs is found and restarted, and no other', async ({
      expect,
    }) => {
      const ground = of();
      const before = await ground.look.invocations(['db', 'job']);
      const from = await ground.count();
      await ground.sh('kill -STOP $(systemctl show --value -p MainPID microvm@job)');
      const begun = Date.now();
      await ground.untilSo(
        'another life',
        async () =>
          (await ground.look.isActive('job')) && (await ground.life('job')) !== before.job,
      );
      // after × every, a look, the restart.
      expect(Date.now() - begun).toBeLessThan(50_000);
      await ground.ready('job');
      expect(await ground.life('db')).toBe(before.db);
      const events = await ground.since(from);
      for (const kind of ['unhealthy', 'restarted', 'ended', 'ready', 'healthy'])
        expect(events.filter((event) => event === `guest.${kind} job`)).toHaveLength(1);
      expect((await ground.events('guest.ended', 'job')).at(-1)).toMatchObject({
        ...{ who: 'fleet', intended: true },
      });
    });

    test.concurrent('one whose virtiofsd died is restarted, though supervisord has started another', async ({
      expect,
    }) => {
      const ground = of();
      const from = await ground.count();
      const before = await ground.life('app');
      const daemon =
        'pgrep -x virtiofsd -P $(systemctl show --value -p MainPID microvm-virtiofsd@app)';
      // It is younger than the guest by more than the seconds in which they start.
      await ground.sh(`sleep 6; kill -KILL $(${daemon})`);
      await ground.untilSo('supervisord starts another', async () => {
        const { code } = await ground.lab.hosts[0]!.exec(`${daemon} >/dev/null`);
        return code === 0;
      });
      await ground.runsAgain('app', before);
      await ground.ready('app');
      const told = (await ground.told()).slice(from).filter(({ vm }) => vm === 'app');
      const unhealthy = told.filter(({ kind }) => kind === 'guest.unhealthy');
      expect(unhealthy).toMatchObject([{ check: 'virtiofsd' }]);
      expect(told.filter(({ kind }) => kind === 'guest.restarted')).toHaveLength(1);
    });

    test.concurrent('TAP, bridge, address and forwarding are repaired, without a restart', async ({
      expect,
    }) => {
      const ground = of();
      const before = await ground.life('web');
      const breaks = [
        ['ip link set vm-web nomaster', 'vm-web is in no bridge, not in br-front'],
        ['ip link set vm-web down', 'vm-web is down'],
        ['ip link set br-front down', 'bridge br-front is down'],
        ['ip address del 10.1.0.1/24 dev br-front', 'br-front has no 10.1.0.1/24'],
        [
          'echo 0 >/proc/sys/net/ipv4/conf/all/forwarding',
          'the kernel forwards no IPv4 from anywhere',
        ],
      ];
      for (const [command, what] of breaks) {
        const from = await ground.count();
        await ground.sh(command ?? '');
        await ground.glance();
        await ground.glance();
        const events = await ground.since(from);
        // The timer may have been first, or systemd-networkd.
        const network = events.filter((event) => event.startsWith('network.'));
        if (network.length > 0)
          expect(network).toEqual([`network.broken ${what}`, `network.repaired ${what}`]);
      }
      const all = await ground.since(0);
      expect(all.filter((event) => event.startsWith('network.repaired')).length).toBeGreaterThan(2);
      expect(await ground.look.master('vm-web')).toBe('br-front');
      expect(await ground.sh('cat /proc/sys/net/ipv4/conf/all/forwarding')).toBe('1');
      expect(await ground.sh('ip -br address show br-front')).toContain('10.1.0.1/24');
      expect(await ground.look.answers(addresses.web)).toBe(true);
      expect(await ground.life('web')).toBe(before);
    });
  });
}

/** A deployment beside looks. */
export function deploymentBesideLooks(of: () => Ground): void {
  test('changed templates of units restart no guest, and a deployment that restarts one is not disturbed by looks', async () => {
    const ground = of();
    const { desk } = ground;
    for (const vm of guests) await ground.ready(vm);
    const before = await ground.look.invocations(guests);
    const from = await ground.count();
    const names = ['', '-virtiofsd', '-tap-interfaces', '-set-booted', '-macvtap-interfaces'];
    const services = names.map((name) => `microvm${name}@`).concat('fleet-watch', 'fleet-heal@');
    desk.edit((d) => {
      d.hypervisors.hv1.config = {
        systemd: {
          services: Object.fromEntries(
            services.map((name) => [name, { unitConfig: { X_Fleet_Test: 1 } }]),
          ),
        },
      };
      d.vms.web.packages = ['htop'];
    });
    const looking = ground.sh('for i in $(seq 12); do systemctl start fleet-watch; done');
    await desk.apply(0);
    await looking;
    expect(await ground.sh('systemctl cat microvm@web fleet-watch')).toMatch(
      /X_Fleet_Test=1[\s\S]*X_Fleet_Test=1/,
    );
    await ground.ready('web');
    const { web, ...others } = await ground.look.invocations(guests);
    expect({ ...others, web: before.web }).toEqual(before);
    expect(web).not.toBe(before.web);
    const events = (await ground.since(from)).filter((event) =>
      /^(guest|network|incident)\./.test(event),
    );
    expect(events.filter((event) => !event.endsWith(' web'))).toEqual([]);
    expect(events.filter((event) => /^guest\.(restarted|unhealthy|failed)/.test(event))).toEqual(
      [],
    );
  });

  test('its guests are taken for nobody’s processes at no look', async () => {
    expect((await of().told()).filter(({ kind }) => kind.startsWith('orphan.'))).toEqual([]);
  });
}
