import { expect, test } from 'vitest';
import type { Event, Ground } from './ground.ts';

/** What a boot does: the last of a hypervisor's life here. */
export function bootsOf(of: () => Ground): void {
  test('the shutdown of the hypervisor', async () => {
    const ground = of();
    await Promise.all([ground.fleet('stop', 'app', '--yes'), ground.fleet('stop', 'db', '--yes')]);
    // One that never comes up: twice already, as far as is known, and the watch sees it well no more.
    await ground.sh(`systemctl stop fleet-watch.timer fleet-watch.service
      folder=/usr/local/lib/systemd/system/microvm@job.service.d
      mkdir -p $folder && printf '[Service]\\nExecStartPre=/bin/false\\n' >$folder/never.conf
      sed -i 's/^state\t.*/state\tStarting/; $a failedBoots\t2' /var/lib/fleet/guests/job`);
    await ground.isUp('web');
    const event: Event = await ground.endOf('web', () => ground.lab.hosts[0]!.reboot());
    expect(event).toMatchObject({ who: 'shutdown', intended: true });
    await ground.isUp('web');
    expect(await ground.look.isActive('app')).toBe(false);
    expect(await ground.state('job', 'failedBoots')).toBe('3');
  });

  test('a guest that was not well after three boots in a row is held back at the fourth, and said', async () => {
    const ground = of();
    await ground.fleet('stop', 'web', '--yes');
    await ground.lab.hosts[0]!.reboot();
    expect(await ground.events('guest.held', 'job')).toMatchObject([
      { why: 'it was not well after any of the last three boots' },
    ]);
    expect(await ground.state('job')).toBe('Failed');
    expect(
      await ground.sh('systemctl show --value -p NRestarts -p ActiveState microvm@job'),
    ).toMatch(/inactive/);
    const { code, stdout } = await ground.desk.fleet(['status', 'job']);
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'held back: it was not well after any of the last three boots',
    );
  });
}
