import { readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import type { Ground } from './ground.ts';

/** What people and fleet do to guests, and a helper that fails. */
export function stopsOf(of: () => Ground): void {
  describe('stops, a dump and a helper, at the same time', () => {
    test.concurrent('a person stops it: it stays stopped, and is Terminated', async ({
      expect,
    }) => {
      const ground = of();
      const event = await ground.endOf('web', () => ground.sh('systemctl stop microvm@web'));
      expect(event).toMatchObject({ who: 'person', why: 'systemctl stop', intended: true });
      expect(await ground.state('web')).toBe('Terminated');
      await ground.sh('systemctl start microvm@web');
    });

    test.concurrent('fleet stops it: told with the id of the operation', async ({ expect }) => {
      const ground = of();
      await ground.isUp('app');
      const event = await ground.endOf('app', () => ground.fleet('stop', 'app', '--yes'));
      expect(event).toMatchObject({ who: 'fleet', why: 'fleet stop', intended: true });
      expect(await ground.look.exists(`/var/lib/fleet/operations/${event.id}`)).toBe(true);
      await ground.fleet('start', 'app');
    });

    test.concurrent('a dump of its memory: root’s alone, and the guest goes on', async ({
      expect,
    }) => {
      const ground = of();
      await ground.isUp('db');
      const before = await ground.life('db');
      const text = ['lib', 'deployments', 'spool', 'guest-state', 'dump']
        .map((name) =>
          readFileSync(new URL(`../../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
        )
        .join('\n');
      const script = Buffer.from(
        `${text}\ndump_guest db || { echo "$no_dump"; exit 1; }\necho "$dump"\n`,
      ).toString('base64');
      const file = await ground.sh(
        `PATH=$PATH:/usr/bin; echo ${script} | base64 -d >/run/dump.sh && sh /run/dump.sh`,
      );
      expect(await ground.sh(`stat -c '%a %U %h' ${file}`)).toBe('600 root 1');
      // An ELF core of all of its memory.
      expect(await ground.sh(`head -c 4 ${file} | tail -c 3`)).toBe('ELF');
      expect(Number(await ground.sh(`stat -c %s ${file}`))).toBeGreaterThan(256 * 1024 * 1024);
      expect(await ground.sh('ls -A /var/lib/fleet/dumps')).toBe('db');
      expect(await ground.life('db')).toBe(before);
      await ground.isUp('db');
      expect(await ground.events('guest.dumped', 'db')).toHaveLength(1);
      await ground.sh(`rm ${file}`);
    });

    test.concurrent('a helper that fails once does not keep its guest down', async ({ expect }) => {
      const ground = of();
      const virtiofsd = 'microvm-virtiofsd@job.service';
      const drop = '/run/systemd/system/microvm-tap-interfaces@job.service.d';
      await ground.sh(
        `mkdir -p ${drop} && printf '[Service]\\nExecStartPre=/bin/sh -c "rm /run/fails-once && exit 1 || exit 0"\\n' >${drop}/fails.conf && touch /run/fails-once && systemctl daemon-reload`,
      );
      const { invocation } = await ground.endOf('job', () => ground.kill('job'));
      // virtiofsd, which is stopped with its guest, may have to be killed, which is told, too.
      const ended = async () =>
        (await ground.events('helper.ended', 'job')).filter(({ unit }) => unit !== virtiofsd);
      await ground.untilSo('the helper', async () => (await ended()).length > 0);
      expect(await ended()).toMatchObject([
        {
          unit: 'microvm-tap-interfaces@job.service',
          why: 'did not start (exit-code)',
          intended: false,
        },
      ]);
      await ground.runsAgain('job', invocation);
      await ground.ready('job');
      await ground.sh(`rm -r ${drop} && systemctl daemon-reload`);
    });
  });
}
