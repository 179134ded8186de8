import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { addresses } from './fleet.ts';
import { all, type Story } from './story.ts';

/** The first deployment of an empty fleet and the ones after it, roll-backs, and who is refused. */
export const first: Story = {
  begins: 'empty',
  tell: (scenario) => {
    scenario(
      'a plan for an empty host says what apply would do and changes nothing',
      async ({ desk, look }) => {
        const plan = await desk.fleet(['plan', '--no-diff', '--detailed-exitcode']);
        expect(plan.code).toBe(2);
        expect(plan.stdout).toMatch(/2 to switch, 5 to create/);
        expect(await look.exists('/var/lib/fleet')).toBe(false);
        expect(await desk.git('status', '--porcelain')).toBe('');
      },
    );

    scenario(
      'init writes a first fleet.yaml from what it sees of a host',
      async ({ world, desk, hv1 }) => {
        const folder = `${desk.folder}-new`;
        const key = `${world.home}/.ssh/id_ed25519.pub`;
        const flags = ['--ssh', hv1.ssh, '--hypervisor', 'hv1', '--state-version', '25.11'];
        const run = await desk.fleet(['-C', folder, 'init', ...flags, '--ssh-key', key]);
        expect(run.code).toBe(0);
        const text = readFileSync(`${folder}/fleet.yaml`, 'utf8');
        expect(text).toContain(`system: ${hv1.system}`);
        expect(text).toMatch(/uplink: (host0|enp1s0)/);
        expect((await desk.fleet(['-C', folder, 'validate'])).code).toBe(0);
      },
    );

    scenario(
      'a first switch that would lock us out is refused, and the host stays as it was',
      async ({ desk, look }) => {
        const system = await look.system();
        const { users, modules } = desk.data.hypervisors.hv1;
        desk.edit((d) => {
          d.hypervisors.hv1.users = {};
          d.hypervisors.hv1.modules = [];
        });
        const run = await desk.apply(1, '--on', 'hv1');
        expect(run.stdout).toContain('would lock you out');
        expect(await look.system()).toBe(system);
        expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
        desk.edit((d) => {
          d.hypervisors.hv1.users = users;
          d.hypervisors.hv1.modules = modules;
        });
      },
    );

    scenario(
      'the first apply brings five vms up, booted and answering',
      async ({ desk, look, answersAll }) => {
        await desk.apply(0);
        await answersAll();
        expect(await look.master('vm-vm1')).toBe('br-front');
        expect(await look.master('vm-vm5')).toBe('br-back');
        expect(await look.profile()).toBe(await look.system());
        const journal = await look.sh('cat "$FLEET_ROOT"/var/lib/fleet/deployments/*/journal');
        expect(journal).toMatch(/\tbuild\tbegin[\s\S]*\tbuild\tend\t0/);
        expect(await desk.git('status', '--porcelain')).toBe('');
        expect(await desk.git('rev-parse', 'HEAD')).toBe(
          await desk.git('rev-parse', 'origin/main'),
        );
      },
    );

    scenario('a second apply does nothing', async ({ desk, look }) => {
      const before = await look.invocations(all);
      const run = await desk.apply(0);
      expect(run.stdout).toBe('No changes.\n');
      expect(await look.invocations(all)).toEqual(before);
    });

    scenario('verify says of every guest that it is as it should be', async ({ desk }) => {
      const run = await desk.fleet(['verify']);
      expect(run.stdout).toMatch(/All \d+ checks passed/);
      expect(run.code).toBe(0);
    });

    scenario('a package for one vm restarts only that vm', async ({ desk, look, nothingToDo }) => {
      const before = await look.invocations(all);
      desk.edit((d) => {
        d.vms.vm2.packages = ['htop'];
      });
      await desk.apply(0);
      const after = await look.invocations(all);
      expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm2']);
      await nothingToDo();
    });

    scenario(
      'a commit that changes no vm restarts nothing, though the checkout moves',
      async ({ desk, look, nothingToDo }) => {
        const before = await look.invocations(all);
        desk.write('NOTES', 'a file of ours that no vm reads\n');
        await desk.git('add', 'NOTES');
        await desk.git('commit', '-qm', 'notes');
        const run = await desk.apply(0);
        expect(run.stderr).toContain('runner unchanged, not restarted');
        expect(await look.invocations(all)).toEqual(before);
        expect(await look.sh('git -C "$FLEET_ROOT/var/lib/fleet/repo" rev-parse HEAD')).toBe(
          await desk.git('rev-parse', 'HEAD'),
        );
        await nothingToDo();
      },
    );

    scenario(
      'a package for all restarts all of them, one after another',
      async ({ desk, look, answersAll, nothingToDo }) => {
        const before = await look.invocations(all);
        desk.edit((d) => {
          d.defaults.packages = ['vim', 'curl'];
        });
        await desk.apply(0);
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(all);
        await answersAll();
        await nothingToDo();
      },
    );

    scenario(
      'a vm can be rolled back alone, and is then held',
      async ({ desk, look, nothingToDo }) => {
        const before = await look.invocations(all);
        const good = await look.runner('vm3');
        desk.edit((d) => {
          d.vms.vm3.packages = ['tmux'];
        });
        await desk.apply(0);
        const run = await desk.fleet(['rollback', 'vm3', '--yes']);
        expect(run.code).toBe(0);
        expect(run.stdout).toContain('Volumes stay as they are');
        expect(await look.booted('vm3')).toBe(good);
        expect(await look.answers(addresses.vm3 ?? '')).toBe(true);
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm3']);
        const plan = await desk.fleet(['plan', '--no-diff']);
        expect(plan.stdout).toMatch(/vm3: held by/);
        expect((await desk.apply(0)).stdout).toContain('No changes.');
        await desk.apply(0, '--release', 'vm3');
        expect(await look.booted('vm3')).not.toBe(good);
        await nothingToDo();
      },
    );

    scenario('a roll-back survives nix-collect-garbage -d', async ({ desk, look }) => {
      const newer = await look.runner('vm3');
      await look.sh('nix-collect-garbage -d >/dev/null 2>&1 || nix-collect-garbage -d');
      expect((await desk.fleet(['rollback', 'vm3', '--yes'])).code).toBe(0);
      expect(await look.booted('vm3')).not.toBe(newer);
      expect(await look.answers(addresses.vm3 ?? '')).toBe(true);
      await desk.apply(0, '--release', 'vm3');
      expect(await look.booted('vm3')).toBe(newer);
    });

    scenario(
      'a hypervisor that is locked by somebody else is left alone: exit 5',
      async ({ desk, look, nothingToDo }) => {
        const id = '20260101-000000-abcd';
        const folder = `"$FLEET_ROOT/var/lib/fleet/deployments/${id}"`;
        const timer = `systemd-run --quiet --unit=fleet-back-${id} --on-active=3600`;
        await look.sh(
          `mkdir -p ${folder} && touch ${folder}/begun && printf 'operator\\teve@laptop\\noperation\\tapply\\nstarted\\t1760000000\\n' > ${folder}/meta && ln -s deployments/${id} "$FLEET_ROOT/var/lib/fleet/lock" && ${timer} /bin/sh -c :`,
        );
        const head = await desk.git('rev-parse', 'HEAD');
        desk.edit((d) => {
          d.vms.vm1.packages = ['jq'];
        });
        const run = await desk.apply(5);
        expect(run.stderr).toContain('eve@laptop');
        expect(await desk.git('rev-parse', 'HEAD')).toBe(head);
        const refused = await desk.fleet(['unlock', 'hv1', '--yes']);
        expect(refused.code).toBe(5);
        expect(refused.stderr).toContain('is still running');
        await look.sh(`systemctl stop fleet-back-${id}.timer`);
        expect((await desk.fleet(['unlock', 'hv1', '--yes'])).stdout).toContain('hv1 is free');
        expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
        desk.edit((d) => {
          delete d.vms.vm1.packages;
        });
        await nothingToDo();
      },
    );

    scenario(
      'the commit can travel over ssh, for a hypervisor that has no access to the remote',
      async ({ desk, look, nothingToDo }) => {
        desk.edit((d) => {
          d.git.transport = 'send';
          d.git.url = 'file:///nowhere.git';
          d.vms.vm1.packages = ['jq'];
        });
        await desk.apply(0);
        expect(await look.sh('git -C "$FLEET_ROOT/var/lib/fleet/repo" rev-parse HEAD')).toBe(
          await desk.git('rev-parse', 'HEAD'),
        );
        await nothingToDo();
      },
    );

    scenario(
      'of two hypervisors one is down: the other is planned, apply refuses, or leaves it out',
      async ({ desk, look, hv2, nothingToDo }) => {
        await hv2.cutLink();
        desk.edit((d) => {
          d.vms.vm1.packages = [];
        });
        const plan = await desk.fleet(['plan', '--no-diff']);
        expect(plan.code).toBe(0);
        expect(plan.stdout).toMatch(/hv2\n\s+unreachable/);
        expect(plan.stdout).toMatch(/vm1\s+rebuild/);
        const before = await look.runner('vm1');
        const refused = await desk.apply(1);
        expect(refused.stderr).toContain('--allow-unreachable');
        expect(await look.runner('vm1')).toBe(before);
        await desk.apply(0, '--allow-unreachable');
        expect(await look.runner('vm1')).not.toBe(before);
        await hv2.restoreLink();
        await desk.apply(0);
        await nothingToDo();
      },
    );

    scenario(
      'a hypervisor whose host key is not known is refused, with the way to accept it',
      async ({ world, desk, nothingToDo }) => {
        const file = `${world.home}/.ssh/known_hosts`;
        const known = readFileSync(file, 'utf8');
        writeFileSync(file, '');
        try {
          const run = await desk.apply(1);
          expect(run.stderr).toContain('SHA256:');
          expect(run.stderr).toContain('known_hosts');
        } finally {
          writeFileSync(file, known);
        }
        await nothingToDo();
      },
    );
  },
};
