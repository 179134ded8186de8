import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosenSeed, Dice } from '../chaos/dice.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'the watch of a hypervisor',
  { timeout: 360_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const guests = ['db', 'web'];

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.networks = { front: { subnet: '10.1.0.0/24' } };
      const guest = (address: string) => ({ on: 'hv1', network: 'front', address });
      fleet.vms = { web: guest('10.1.0.2'), db: guest('10.1.0.3') };
      fleet.defaults = {
        ...fleet.defaults,
        recovery: { attempts: 9, unhealthy: { after: 1, every: '15s' } },
      };
      desk = new Desk(world, 'watch', fleet);
      await desk.open();
      await desk.apply(0);
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    const sh = (command: string) => look.sh(command);
    /** A look, beside those of the timer. */
    const glance = () => sh('systemctl start fleet-watch');
    const told = async () =>
      (await sh('cat /var/lib/fleet/events/*.jsonl'))
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const count = async () => (await told()).length;
    const since = async (from: number) =>
      (await told())
        .slice(from)
        .map(({ kind, vm, what }) =>
          [kind, vm ?? what].filter((word) => word !== undefined).join(' '),
        );
    const ready = (vm: string) =>
      until(`${vm} is Ready`, 90_000, async () => {
        await glance();
        const record = await sh(`cat /var/lib/fleet/guests/${vm} 2>/dev/null || true`);
        const life = await look.invocation(vm);
        return /^state\tReady$/m.test(record) && record.includes(`invocation\t${life}`)
          ? true
          : undefined;
      });

    test('guests that a deployment started are Ready, and its units have not failed', async () => {
      for (const vm of guests) await ready(vm);
      expect(await sh('systemctl is-active fleet-watch.timer')).toBe('active');
      expect(await sh('systemctl list-units --failed --plain --no-legend')).toBe('');
    });

    test('one whose VMM hangs is found and restarted, and no other', async () => {
      const before = await look.invocations(guests);
      const from = await count();
      await sh('kill -STOP $(systemctl show --value -p MainPID microvm@web)');
      const begun = Date.now();
      await until('another life', 60_000, async () =>
        (await look.isActive('web')) && (await look.invocation('web')) !== before.web
          ? true
          : undefined,
      );
      // after × every, a look, the restart.
      expect(Date.now() - begun).toBeLessThan(50_000);
      await ready('web');
      expect(await look.invocation('db')).toBe(before.db);
      const events = await since(from);
      for (const kind of ['unhealthy', 'restarted', 'ended', 'ready', 'healthy'])
        expect(events.filter((event) => event === `guest.${kind} web`)).toHaveLength(1);
      const end = (await told()).findLast(({ kind }) => kind === 'guest.ended');
      expect(end).toMatchObject({ vm: 'web', who: 'fleet', intended: true });
    });

    test('TAP, bridge, address and forwarding are repaired, without a restart', async () => {
      const before = await look.invocations(guests);
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
      await sh('sleep 8');
      for (const [command, what] of breaks) {
        const from = await count();
        await sh(command ?? '');
        await glance();
        await glance();
        const events = await since(from);
        // The timer may have been first, or systemd-networkd.
        const network = events.filter((event) => event.startsWith('network.'));
        if (network.length > 0)
          expect(network).toEqual([`network.broken ${what}`, `network.repaired ${what}`]);
      }
      const all = await since(0);
      expect(all.filter((event) => event.startsWith('network.repaired')).length).toBeGreaterThan(2);
      expect(await look.master('vm-web')).toBe('br-front');
      expect(await sh('cat /proc/sys/net/ipv4/conf/all/forwarding')).toBe('1');
      expect(await sh('ip -br address show br-front')).toContain('10.1.0.1/24');
      for (const vm of ['10.1.0.2', '10.1.0.3']) expect(await look.answers(vm)).toBe(true);
      expect(await look.invocations(guests)).toEqual(before);
    });

    test('a guest whose helper failed once runs again by itself', async () => {
      const before = await look.invocation('web');
      const folder = '/run/systemd/system/microvm-tap-interfaces@web.service.d';
      await sh(`mkdir -p ${folder} && printf '[Service]\\nExecStartPre=/bin/sh -c "test -e /run/once || { touch /run/once; exit 1; }"\\n' >${folder}/once.conf
        systemctl daemon-reload; systemctl kill --kill-whom=main --signal=KILL microvm@web`);
      await until('another life', 90_000, async () =>
        (await look.isActive('web')) && (await look.invocation('web')) !== before
          ? true
          : undefined,
      );
      await ready('web');
      await sh(`test -e /run/once; rm -r ${folder}; systemctl daemon-reload`);
    });

    test('changed templates of units restart no guest, and looks come in no deployment’s way', async () => {
      const before = await look.invocations(guests);
      const from = await count();
      const names = ['', '-virtiofsd', '-tap-interfaces', '-set-booted', '-macvtap-interfaces'];
      const services = names.map((name) => `microvm${name}@`).concat('fleet-watch', 'fleet-heal@');
      desk.edit((d) => {
        d.hypervisors.hv1.config = {
          ...d.hypervisors.hv1.config,
          systemd: {
            services: Object.fromEntries(
              services.map((name) => [name, { unitConfig: { X_Fleet_Test: 1 } }]),
            ),
          },
        };
      });
      const looking = sh('for i in $(seq 8); do systemctl start fleet-watch; done');
      await desk.apply(0);
      await looking;
      expect(await sh('systemctl cat microvm@web fleet-watch')).toMatch(
        /X_Fleet_Test=1[\s\S]*X_Fleet_Test=1/,
      );
      expect(await look.invocations(guests)).toEqual(before);
      const events = await since(from);
      expect(events.filter((event) => /^(guest|network|incident)\./.test(event))).toEqual([]);
    });

    test('a deployment and the watch that takes a guest for hung at any moment do not fight', async () => {
      const seed = chosenSeed();
      console.log(`FLEET_SEED=${seed}`);
      const dice = new Dice(seed);
      const from = await count();
      desk.edit((d) => {
        d.vms.web.packages = ['htop'];
      });
      // What the watch would do, and more often: an order for the other guest, and the unit that carries it out.
      const waits = Array.from({ length: 60 }, () => (dice.below(20) / 10).toFixed(1));
      const healing = sh(`restarts=0; for wait in ${waits.join(' ')}; do
        [ ! -e /run/over ] || break
        sleep $wait
        held=; for f in /var/lib/fleet/deployments/*/locked; do [ ! -e "$f" ] || [ -e "\${f%/*}/result" ] || held=yes; done
        [ $restarts -lt 2 ] || [ -n "$held" ] || continue
        life=$(systemctl show --value -p InvocationID microvm@db)
        printf 'hang\\t%s\\tanswers\\tby dice\\n' "$life" >/run/fleet/watch/heal.db
        systemctl start fleet-watch fleet-heal@db
        [ "$(systemctl show --value -p InvocationID microvm@db)" = "$life" ] || restarts=$((restarts + 1))
        echo "held:$held restarts:$restarts"
      done; rm -f /run/over`);
      await desk.apply(0, '--lock-timeout', '60s').finally(() => sh('touch /run/over'));
      // It came while the deployment held the lock.
      expect(await healing).toContain('held:yes');
      for (const vm of guests) await ready(vm);
      const events = (await told()).slice(from);
      const at = (kind: string) => events.findIndex((event) => event.kind === kind);
      expect(at('deployment.locked')).toBeGreaterThan(-1);
      expect(at('deployment.ended')).toBeGreaterThan(at('deployment.locked'));
      const meanwhile = events.slice(at('deployment.locked'), at('deployment.ended'));
      const acts = /^guest\.(restarted|unhealthy|failed|again)$/;
      expect(meanwhile.filter(({ kind }) => acts.test(String(kind)))).toEqual([]);
    });

    test('its guests are taken for nobody’s processes at no look', async () => {
      expect((await told()).filter(({ kind }) => String(kind).startsWith('orphan.'))).toEqual([]);
    });
  },
);
