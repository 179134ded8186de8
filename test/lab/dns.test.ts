import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { until } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();
/** Name servers on the host's loopback, and what each of them says of every name. */
const servers = { '127.0.0.153': '192.0.2.7', '127.0.0.154': '192.0.2.8' };
const gateway = '10.1.0.1';

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'the DNS forwarder, on a hypervisor',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const fleet = emptyFleet(world);
      fleet.hypervisors.hv1.dns = { forwardTo: ['127.0.0.153'] };
      desk = new Desk(world, 'dns', {
        ...fleet,
        networks: { front: { subnet: '10.1.0.0/24' } },
        vms: {
          vm1: {
            on: 'hv1',
            network: 'front',
            checks: [{ run: `nslookup x.test ${gateway} | grep -q 192.0.2` }],
          },
        },
      });
      await desk.open();
      for (const [server, address] of Object.entries(servers))
        await look.sh(
          `systemd-run -q dnsmasq -k -C /dev/null --pid-file= --no-resolv --no-hosts ` +
            `--bind-interfaces --listen-address=${server} --address=/x.test/${address}`,
        );
    }, 1_200_000);
    afterAll(async () => {
      desk?.close();
      await lab?.stop();
    });

    /** Stands for a guest whose resolver knows TCP, as busybox' does not. */
    async function plugInClient(): Promise<void> {
      await look.sh(`ip netns add client
        mkdir -p /etc/netns/client
        echo nameserver ${gateway} > /etc/netns/client/resolv.conf
        ip link add client0 up type veth peer name eth0 netns client
        ip link set client0 master br-front
        ip -n client address add 10.1.0.200/24 dev eth0
        ip -n client link set eth0 up`);
    }

    async function bringBack(): Promise<void> {
      await look.sh('networkctl reload');
      await until('the bridge', 20_000, async () =>
        (await look.exists('/sys/class/net/br-front')) ? true : undefined,
      );
      await look.sh('ip link set client0 master br-front');
    }

    /** What the client is told by UDP, or by TCP with the option use-vc. */
    async function told(option = ''): Promise<string> {
      const resolver = `RES_OPTIONS='timeout:1 attempts:1 ${option}'`;
      return look.sh(
        `ip netns exec client env ${resolver} getent -s dns ahostsv4 x.test | sed -n 's/ *STREAM.*//p'`,
      );
    }

    const answered = (address: string) =>
      until('an answer', 20_000, async () => ((await told()) === address ? true : undefined));

    /** Changes with every start of the guest and with every making of its TAP. */
    const guest = () =>
      Promise.all([look.invocation('vm1'), look.sh('cat /sys/class/net/vm-vm1/ifindex')]);
    const forwarder = () => look.sh('systemctl show -p InvocationID --value dnsmasq');

    test('answers on the gateway address, over UDP and over TCP', async () => {
      // Its guest asks, too, or the deployment would not end well.
      await desk.apply(0);
      expect(await look.sh('systemctl is-active dnsmasq')).toBe('active');
      await plugInClient();
      await answered('192.0.2.7');
      expect(await told('use-vc')).toBe('192.0.2.7');
    });

    test('asks other servers when they change, and no guest restarts', async () => {
      const before = { guest: await guest(), forwarder: await forwarder() };
      desk.edit((d) => {
        d.hypervisors.hv1.dns.forwardTo = ['127.0.0.154'];
      });
      await desk.apply(0);
      expect(await guest()).toEqual(before.guest);
      expect(await forwarder()).not.toBe(before.forwarder);
      expect(await told()).toBe('192.0.2.8');
      await desk.verified();
    });

    test.each([
      ['that was gone, without a restart', 'true'],
      // As after a boot; only then does bind-dynamic matter.
      ['that comes after it', 'systemctl restart dnsmasq'],
    ])('answers on a bridge %s', async (_, meanwhile) => {
      await look.sh(`ip link delete br-front; ${meanwhile}`);
      const before = await forwarder();
      expect(await told()).toBe('');
      await bringBack();
      await answered('192.0.2.8');
      expect(await told('use-vc')).toBe('192.0.2.8');
      expect(await forwarder()).toBe(before);
    });

    test('goes, and no guest restarts', async () => {
      const before = await guest();
      desk.edit((d) => {
        d.hypervisors.hv1.dns.forwardTo = [];
        d.vms.vm1.checks = [{ run: 'true' }];
      });
      await desk.apply(0);
      expect(await look.sh('systemctl is-active dnsmasq || true')).toBe('inactive');
      expect(await guest()).toEqual(before);
    });
  },
);
