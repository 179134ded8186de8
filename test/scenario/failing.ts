import { expect } from 'vitest';
import { all, type Story } from './story.ts';

/** What does not build, does not answer, dies or is interrupted: old or new, never between. */
export const failing: Story = {
  begins: 'deployed',
  tell: (scenario) => {
    scenario('a build error changes nothing that runs', async ({ desk, look }) => {
      const before = await look.invocations(all);
      const system = await look.system();
      desk.edit((d) => {
        d.vms.vm1.packages = ['does-not-build'];
      });
      const run = await desk.apply(1);
      expect(run.stdout).toMatch(/hv1\s+failed, untouched/);
      expect(run.stdout).toContain('build failed on hv1');
      expect(run.stdout).toContain('does-not-build');
      expect(await look.invocations(all)).toEqual(before);
      expect(await look.system()).toBe(system);
      expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
      desk.edit((d) => {
        delete d.vms.vm1.packages;
      });
      await desk.apply(0);
      expect(await look.invocations(all)).toEqual(before);
    });

    scenario(
      'a guest that never answers puts back it and what was changed before it',
      async ({ desk, look, answersAll }) => {
        const [one, two] = [await look.runner('vm1'), await look.runner('vm2')];
        desk.edit((d) => {
          d.vms.vm1.packages = ['jq'];
          d.vms.vm2.config = { boot: { kernelParams: ['lab.mute'] } };
        });
        const run = await desk.apply(3);
        expect(run.stdout).toMatch(/vm2 answers: expected ping, seen no answer/);
        expect(await look.booted('vm1')).toBe(one);
        expect(await look.booted('vm2')).toBe(two);
        await answersAll();
        desk.edit((d) => {
          delete d.vms.vm1.packages;
          delete d.vms.vm2.config;
        });
        await desk.apply(0);
      },
    );

    scenario(
      'a guest that dies after three seconds is not taken for a healthy one',
      async ({ world, desk, look, answersAll }) => {
        const good = await look.runner('vm2');
        desk.edit((d) => {
          d.vms.vm2.config = { boot: { kernelParams: ['lab.die=3'] } };
          d.rollout.settle = '5s';
        });
        const run = await desk.apply(3);
        expect(run.stdout).toMatch(/vm2 (died|is not healthy)/);
        expect(await look.booted('vm2')).toBe(good);
        await answersAll();
        desk.edit((d) => {
          delete d.vms.vm2.config;
          d.rollout.settle = world.rollout.settle;
        });
        await desk.apply(0);
      },
    );

    scenario(
      'a guest that will not stop is killed after stopTimeout, and that is said',
      async ({ desk, answersAll }) => {
        desk.edit((d) => {
          d.vms.vm4.config = { boot: { kernelParams: ['lab.hang-stop'] } };
        });
        await desk.apply(0);
        desk.edit((d) => {
          delete d.vms.vm4.config;
        });
        const run = await desk.apply(0);
        expect(run.stderr).toContain('vm4 did not stop in time and was killed');
        await answersAll();
      },
    );

    scenario(
      'a TAP whose name is wrong is seen, and rolled back',
      async ({ desk, look, answersAll }) => {
        const good = await look.runner('vm1');
        desk.edit((d) => {
          d.vms.vm1.config = { boot: { kernelParams: ['lab.wrong-tap'] } };
        });
        const run = await desk.apply(3);
        expect(run.stdout).toMatch(/vm1 tap: expected vm-vm1 up in br-front/);
        expect(await look.booted('vm1')).toBe(good);
        await answersAll();
        desk.edit((d) => {
          delete d.vms.vm1.config;
        });
        await desk.apply(0);
      },
    );

    scenario(
      'a TAP outside its bridge is drift, fails verify, and apply joins it without a restart',
      async ({ world, desk, look }) => {
        const before = await look.invocations(all);
        // Where networkd and fleet-watch run, they put the TAP back by themselves.
        const watch = world.kind === 'lab' ? 'fleet-watch.timer' : '';
        await look.sh(
          `systemctl stop ${watch} systemd-networkd.socket systemd-networkd.service; ip link set dev vm-vm1 nomaster`,
        );
        expect((await desk.fleet(['plan', '--no-diff'])).stdout).toContain(
          'vm-vm1 is in no bridge',
        );
        const verify = await desk.fleet(['verify']);
        expect(verify.code).toBe(1);
        expect(verify.stdout).toContain('vm-vm1 up in no bridge');
        await desk.apply(0);
        expect(await look.master('vm-vm1')).toBe('br-front');
        await look.sh(`systemctl start ${watch} systemd-networkd.service`);
        expect(await look.invocations(all)).toEqual(before);
      },
    );

    scenario(
      'a TAP that is gone under a running guest is made again by restarting only that guest',
      async ({ desk, look, answersAll }) => {
        const before = await look.invocations(all);
        await look.sh('ip link delete vm-vm1');
        expect((await desk.fleet(['plan', '--no-diff'])).stdout).toContain('vm-vm1 is missing');
        await desk.apply(0);
        await answersAll();
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm1']);
      },
    );

    scenario(
      'one failing in the middle leaves none of them changed',
      async ({ desk, look, answersAll }) => {
        const runners = await Promise.all(all.map((vm) => look.runner(vm)));
        desk.edit((d) => {
          d.defaults.packages = ['vim', 'jq'];
          d.vms.vm3.config = { boot: { kernelParams: ['lab.mute'] } };
        });
        await desk.apply(3);
        expect(await Promise.all(all.map((vm) => look.booted(vm)))).toEqual(runners);
        await answersAll();
        desk.edit((d) => {
          d.defaults.packages = ['vim'];
          delete d.vms.vm3.config;
        });
        await desk.apply(0);
      },
    );

    scenario(
      'a new vm that is not healthy is stopped and set aside',
      async ({ desk, look, answersAll }) => {
        desk.edit((d) => {
          d.vms.vm6 = {
            on: 'hv1',
            network: 'back',
            address: '10.2.0.6',
            config: { boot: { kernelParams: ['lab.mute'] } },
          };
        });
        await desk.apply(3);
        expect(await look.exists('/var/lib/microvms/vm6')).toBe(false);
        expect(await look.isActive('vm6')).toBe(false);
        expect(await look.sh('ls -d "$FLEET_ROOT"/var/lib/microvms/.aside/*/vm6')).toContain(
          '/vm6',
        );
        desk.edit((d) => {
          delete d.vms.vm6;
        });
        await desk.apply(0);
        await answersAll();
      },
    );

    scenario(
      'an interrupted apply puts back what it had changed',
      async ({ desk, look, answersAll }) => {
        const good = await look.runner('vm1');
        desk.edit((d) => {
          d.defaults.packages = ['vim', 'git'];
        });
        let sent = false;
        const run = await desk.fleet(['apply', '--yes'], (stderr, kill) => {
          if (sent || !stderr.includes('update vm2')) return;
          sent = true;
          kill('SIGINT');
        });
        expect(run.code).toBe(130);
        expect(await look.booted('vm1')).toBe(good);
        await answersAll();
        expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
        desk.edit((d) => {
          d.defaults.packages = ['vim'];
        });
        await desk.apply(0);
      },
    );
  },
};
