import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { must, run } from './run.ts';
import { worldOf } from './world.ts';

const missing = labMissing();
const answering = { boot: { kernelParams: ['lab.http=80'] } };
const gets = (address: string) => `wget -q -T 3 -O /dev/null http://${address}/`;

/** What stands outside the hypervisor, and who asked it for something. */
class Outside {
  readonly seen: Set<string> = new Set();
  readonly #server: Server = createServer((request, response) => {
    this.seen.add(request.socket.remoteAddress ?? '');
    response.end('ok');
  });

  /** Gives its address with its port. */
  async start(address: string): Promise<string> {
    this.#server.listen(0, address);
    await once(this.#server, 'listening');
    return `${address}:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** packets.test.ts asks every question, of namespaces; this is the same table between real guests. */
describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'networks, between guests on a hypervisor',
  { timeout: 600_000 },
  () => {
    let lab: Lab;
    let desk: Desk;
    let look: Look;
    const guests = ['back1', 'front1'];
    const outside = new Outside();

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      look = new Look(world.hosts[0]!);
      const beyond = await outside.start(lab.hosts[0]!.address.replace(/2$/, '1'));
      desk = new Desk(world, 'guest-networks', {
        ...emptyFleet(world),
        // On a busy machine a login into one takes longer than a check may, and the watch would restart it.
        defaults: { recovery: { unhealthy: { restart: false } } },
        networks: {
          front: { subnet: '10.1.0.0/24' },
          back: { subnet: '10.2.0.0/24', allow: ['front'] },
        },
        vms: {
          back1: {
            on: 'hv1',
            network: 'back',
            config: answering,
            checks: [{ run: `! ${gets('10.1.0.2')}` }],
          },
          front1: {
            on: 'hv1',
            network: 'front',
            config: answering,
            // In one login: it is most of what they take.
            checks: [{ run: `${gets('10.2.0.2')} && ${gets(beyond)}` }],
            dependsOn: ['back1'],
          },
        },
      });
      await desk.open();
    }, 1_200_000);
    afterAll(async () => {
      outside.stop();
      desk?.close();
      await lab?.stop();
    });

    test('a guest reaches the network that allows its own, and is not reached from there', async () => {
      await desk.apply(0);
      // Now that both are up.
      await desk.verified();
      // Not for want of an answer: the hypervisor gets one.
      expect(await look.sh('curl -sf http://10.1.0.2/ >/dev/null && echo there')).toBe('there');
    });

    test('guests are answered, and reach beyond the hypervisor, past NixOS’s reverse path filter', async () => {
      expect(await look.sh('nft list chain inet nixos-fw rpfilter')).toMatch(
        /policy drop;[\s\S]*fib saddr \. mark \. iif oif exists accept/,
      );
      expect([...outside.seen]).toEqual([lab.hosts[0]!.address]);
    });

    test('a guest that starts takes no policy rule of others away from the hypervisor', async () => {
      await look.sh('ip rule add from 198.51.100.5 table 200');
      const tap = await look.sh('cat /sys/class/net/vm-front1/ifindex');
      await look.sh('systemctl restart microvm@front1 microvm-tap-interfaces@front1');
      expect(await look.sh('cat /sys/class/net/vm-front1/ifindex')).not.toBe(tap);
      await look.sh('networkctl list vm-front1 | grep -q configured');
      expect(await look.sh('ip rule list from 198.51.100.5')).toContain('lookup 200');
      await desk.apply(0);
    });

    test('what a network is opened for goes through at once, and restarts nobody', async () => {
      const before = await look.invocations(guests);
      desk.edit((d) => {
        d.networks.front.allow = ['back'];
        d.vms.back1.checks = [{ run: gets('10.1.0.2') }];
      });
      await desk.apply(0);
      expect(await look.invocations(guests)).toEqual(before);
      await desk.verified();
    });

    test('no login of fleet’s that is refused makes the sshd shut its address out', async () => {
      const { address } = lab.hosts[0]!;
      const config = join(lab.home, '.ssh/config');
      const ours = readFileSync(config, 'utf8');
      await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(lab.home, '.ssh/other'));
      const login = () => run('ssh', ['-F', config, `root@${address}`, 'true']);
      const failed = async () =>
        (await look.sh('journalctl -b -o cat -t sshd -t sshd-session'))
          .split('\n')
          .filter((line) => /(by|from) (authenticating|invalid) user \S+ .*\[preauth\]/.test(line))
          .length;
      writeFileSync(config, ours.replace('/id_ed25519', '/other'));
      const refused = await desk.fleet(['apply', '--yes']);
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining('accepts none of our keys'),
      ]);
      writeFileSync(config, ours);
      expect((await login()).code).toBe(0);
      expect(await failed()).toBe(1);

      desk.edit((d) => {
        d.hypervisors.hv1.ssh = `nobody-here@${address}`;
      });
      const unknown = await desk.fleet(['plan', '--no-diff']);
      expect(unknown.stdout).toMatch(/hv1\n\s+unreachable/);
      desk.edit((d) => {
        d.hypervisors.hv1.ssh = `root@${address}`;
      });
      expect((await login()).code).toBe(0);
      expect(await failed()).toBe(2);

      await desk.apply(0);
      expect((await login()).code).toBe(0);
    });
  },
);
