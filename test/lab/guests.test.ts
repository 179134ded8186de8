import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, type LabHost, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { flake, SampleFleet, succeed } from './sample.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'guests of the lab that misbehave',
  { timeout: 360_000 },
  () => {
    let lab: Lab;
    let hv1: LabHost;
    let fleet: SampleFleet;
    let parameter = '"lab.http=80"';

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      hv1 = lab.hosts[0]!;
      fleet = await SampleFleet.create(lab, hv1);
      await succeed(hv1, `${await fleet.buildSystem()}/bin/switch-to-configuration test`);
      await succeed(hv1, `microvm -f ${flake} -c vm1`);
    }, 1_200_000);
    afterAll(() => lab.stop());

    /** Starts vm1 with one kernel parameter, as an update does. */
    const startWith = async (word: string): Promise<void> => {
      await fleet.edit('hosts/vm1/default.nix', (text) => text.replace(parameter, `"${word}"`));
      parameter = `"${word}"`;
      await fleet.deliver();
      await succeed(hv1, 'microvm -Ru vm1');
    };
    const show = (property: string) =>
      succeed(hv1, `systemctl show --value -p ${property} microvm@vm1`);
    const pings = async () => (await hv1.exec('ping -c1 -W1 10.1.0.11')).code === 0;
    const untilTrue = (what: string, ask: () => Promise<boolean>) =>
      until(what, 80_000, async () => ((await ask()) ? true : undefined));

    test('lab.mute: runs and never answers', async () => {
      await startWith('lab.mute');
      await untilTrue('mute', async () =>
        (await succeed(hv1, 'journalctl -o cat -u microvm@vm1')).includes('guest: muted'),
      );
      expect(await pings()).toBe(false);
      expect(await show('SubState')).toBe('running');
    });

    test('lab.http and lab.tcp: answers with what it is told to', async () => {
      await startWith('lab.http=80:503" "lab.tcp=5432');
      await untilTrue('ping', pings);
      const status = 'curl -s -o /dev/null -w "%{http_code}" http://10.1.0.11/healthz';
      await untilTrue('http', async () => (await hv1.exec(status)).stdout === '503');
      await untilTrue(
        'tcp',
        async () => (await hv1.exec('exec 3<>/dev/tcp/10.1.0.11/5432')).code === 0,
      );
    });

    test('lab.hang-stop: stopping it takes until SIGKILL, and it goes on answering', async () => {
      await startWith('lab.hang-stop');
      await untilTrue('ping', pings);
      expect((await hv1.exec('timeout 4 systemctl stop microvm@vm1')).code).toBe(124);
      expect(await show('SubState')).toBe('stop-sigterm');
      expect(await pings()).toBe(true);
      await succeed(hv1, 'systemctl kill --signal=KILL microvm@vm1');
      await untilTrue('end', async () => (await show('ActiveState')) === 'failed');
    });

    test('lab.die: powers off after it was up, and is started again', async () => {
      await startWith('lab.die=2');
      await untilTrue('ping', pings);
      const before = await show('InvocationID');
      await untilTrue('end', async () => (await show('SubState')) === 'auto-restart');
      await untilTrue('start', async () => (await show('SubState')) === 'running');
      expect(await show('InvocationID')).not.toBe(before);
    });

    test('lab.crash: QEMU is killed again and again', async () => {
      await startWith('lab.crash=1');
      await untilTrue('end', async () => (await show('SubState')) === 'auto-restart');
      expect(await show('ExecMainStatus')).toBe('9');
    });

    test('lab.wrong-tap: QEMU does not start', async () => {
      await startWith('lab.wrong-tap');
      await untilTrue('end', async () => (await show('SubState')) === 'auto-restart');
      expect(await succeed(hv1, 'journalctl -o cat -u microvm@vm1')).toContain(
        'could not configure /dev/net/tun (vm-vm1): Operation not permitted',
      );
      expect(await succeed(hv1, 'ip -br link')).toContain('xvm-vm1');
    });
  },
);
