import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, type LabHost, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

/** What fleet-autostart gives each guest for itself, less what whole seconds may cut off. */
const patienceMs = 9000;
/** Until the journal has what a guest wrote to its console. */
const sayingMs = 1000;

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'guests after a reboot of their hypervisor',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let desk: Desk;
    let look: Look;
    const addresses = {
      app: '10.1.0.2',
      db: '10.2.0.2',
      sick: '10.1.0.3',
      spare: '10.1.0.4',
      well: '10.1.0.5',
    };

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      hv1 = lab.hosts[0]!;
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.hypervisors.hv1.autostart = 'healthy';
      fleet.networks = { front: { subnet: '10.1.0.0/24' }, back: { subnet: '10.2.0.0/24' } };
      const guest = (name: keyof typeof addresses, more: object) => ({
        on: 'hv1',
        network: name === 'db' ? 'back' : 'front',
        address: addresses[name],
        ...more,
      });
      fleet.vms = {
        app: guest('app', { autostart: 'always', dependsOn: ['db'] }),
        db: guest('db', { autostart: 'always' }),
        sick: guest('sick', {}),
        spare: guest('spare', { autostart: 'never' }),
        well: guest('well', {}),
      };
      desk = new Desk(world, 'reboot', fleet);
      await desk.open();
      await desk.apply(0);
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    const active = async () =>
      (await look.sh("systemctl list-units --plain --no-legend --state=active 'microvm@*'"))
        .split('\n')
        .map((line) => line.replace(/^microvm@(\S+)\.service .*$/, '$1'));
    const said = () => look.sh('journalctl -b -o cat -u fleet-autostart');

    /** Milliseconds, by the clock of the journal, at which a guest's QEMU was started. */
    const startOf = async (vm: string) =>
      Number(
        await look.sh(
          `systemctl show --value -p ExecMainStartTimestampMonotonic microvm@${vm}.service`,
        ),
      ) / 1000;
    /** And at which it answered at the latest: it says so a moment after it has its address. */
    const upOf = async (vm: string) => {
      const lines = await look.sh(
        `journalctl -b -o json --output-fields=MESSAGE -u microvm@${vm}.service`,
      );
      const up = lines
        .split('\n')
        .map((line) => JSON.parse(line))
        .find(({ MESSAGE }) => /guest: \S+ has 10\./.test(String(MESSAGE)));
      return Number(up?.__MONOTONIC_TIMESTAMP) / 1000 - sayingMs;
    };

    /** Of the hypervisor and its guests, those that fleet verify finds as they should be. */
    const sound = async () => {
      const { code, stdout } = await desk.fleet(['verify']);
      expect(code).toBe(1);
      return [...stdout.matchAll(/^ok +(\S+)/gm)].map(([, name]) => name);
    };

    test('come back as declared, one after another, each behind what it needs', async () => {
      // Its processors stand still, as those of a guest that hangs: active, and never an answer. The watch would restart it.
      await look.sh(
        `systemctl stop fleet-watch.timer; printf '%s' '{"execute":"qmp_capabilities"}{"execute":"stop"}' | socat - UNIX:/var/lib/microvms/sick/sick.sock`,
      );
      expect(await sound()).toEqual(['hv1', 'app', 'db', 'spare', 'well']);
      expect(await active()).toEqual(['app', 'db', 'sick', 'spare', 'well']);
      // Looking alone writes nothing: a deployment does, of guests that it leaves alone, too.
      desk.edit((d) => {
        d.hypervisors.hv1.packages = ['htop'];
      });
      await desk.apply(0);

      await hv1.reboot();

      await until('well answers', 60_000, async () =>
        (await look.answers(addresses.well)) ? true : undefined,
      );
      expect(await active()).toEqual(['app', 'db', 'well']);
      expect((await said()).match(/^\S+ started$/gm)).toEqual([
        'db started',
        'app started',
        'well started',
      ]);
      expect(await said()).toContain('sick was not healthy at the last look: skipped');
      expect(await startOf('app')).toBeGreaterThan(await upOf('db'));
      expect(await startOf('well')).toBeGreaterThan(
        Math.min(await upOf('app'), (await startOf('app')) + patienceMs),
      );
    });

    test('are as they should be, in their bridges, and nothing is left failed', async () => {
      expect(await sound()).toEqual(['hv1', 'app', 'db', 'well']);
      expect(await look.master('vm-app')).toBe('br-front');
      expect(await look.master('vm-db')).toBe('br-back');
      expect(await look.master('vm-well')).toBe('br-front');
      expect(await look.sh('ls /sys/class/net')).not.toMatch(/vm-(sick|spare)/);
      expect(await look.sh('systemctl is-system-running')).toBe('running');
    });

    test('a bridge that is not up and a TAP that is in none keep only those down that need the guest', async () => {
      // Files of somebody else's that come before what is rendered.
      const matching = (name: string, more: string) =>
        look.sh(
          `printf '[Match]\nName=${name}\n${more}' > /etc/systemd/network/00-${name}.network`,
        );
      await matching('br-back', '[Link]\nActivationPolicy=always-down\n');
      await matching('vm-well', '[Network]\nLinkLocalAddressing=no\n');

      await hv1.kill();
      await hv1.boot();

      expect(await said()).toContain('db: bridge br-back is not up');
      expect(await said()).toContain('db did not start as it should, going on with the next');
      expect(await said()).toContain('app needs db, which does not run as it should: skipped');
      expect(await said()).toContain('well: vm-well is not in bridge br-front');
      expect(await active()).toEqual(['db', 'well']);
      expect(await look.sh('systemctl is-system-running')).toBe('running');
    });
  },
);
