import { expect } from 'vitest';
import { addresses } from './fleet.ts';
import { all, type Story } from './story.ts';

/** Vms and networks come, go and change: who restarts, and who goes back with whom. */
export const changes: Story = {
  begins: 'deployed',
  tell: (scenario) => {
    scenario(
      'a vm is stopped, started, taken out and put in again with its data',
      async ({ desk, look, answersAll, nothingToDo }) => {
        const others = ['vm1', 'vm3', 'vm4', 'vm5'];
        const before = await look.invocations(others);
        desk.edit((d) => {
          d.vms.vm2.state = 'stopped';
        });
        await desk.apply(0);
        expect(await look.isActive('vm2')).toBe(false);
        await nothingToDo();
        await look.sh('echo precious > "$FLEET_ROOT/var/lib/microvms/vm2/var.img"');
        const { vm2 } = desk.data.vms;
        desk.edit((d) => {
          delete d.vms.vm2;
        });
        await desk.apply(0);
        expect(await look.exists('/var/lib/microvms/vm2')).toBe(false);
        await expect(() => desk.read('hosts/vm2/default.nix')).toThrow();
        desk.edit((d) => {
          d.vms.vm2 = { ...vm2, state: 'running' };
        });
        await desk.apply(0);
        expect(await look.sh('cat "$FLEET_ROOT/var/lib/microvms/vm2/var.img"')).toBe('precious');
        await answersAll();
        expect(await look.invocations(others)).toEqual(before);
        await nothingToDo();
      },
    );

    scenario(
      'a change of the hypervisor’s networks restarts only the vm that moves',
      async ({ desk, look, answersAll, nothingToDo }) => {
        const before = await look.invocations(all);
        desk.edit((d) => {
          d.networks.side = { subnet: '10.3.0.0/24' };
          d.vms.vm5.network = 'side';
          d.vms.vm5.address = '10.3.0.2';
        });
        await desk.apply(0);
        expect(await look.answers('10.3.0.2')).toBe(true);
        expect(await look.master('vm-vm5')).toBe('br-side');
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm5']);
        desk.edit((d) => {
          delete d.networks.side;
          d.vms.vm5.network = 'back';
          d.vms.vm5.address = '10.2.0.3';
        });
        await desk.apply(0);
        expect(await look.exists('/sys/class/net/br-side')).toBe(false);
        await answersAll();
        await nothingToDo();
      },
    );

    scenario(
      'a bridge gets another name while its network keeps its subnet',
      async ({ desk, look, answersAll }) => {
        const before = await look.invocations(all);
        desk.edit((d) => {
          d.networks.back.bridge = 'br-rear';
        });
        await desk.apply(0);
        await answersAll();
        expect(await look.master('vm-vm4')).toBe('br-rear');
        expect(await look.exists('/sys/class/net/br-back')).toBe(false);
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm4', 'vm5']);
        desk.edit((d) => {
          delete d.networks.back.bridge;
        });
        await desk.apply(0);
        await answersAll();
      },
    );

    scenario(
      'a further NIC restarts its vm alone, and goes again with its bridge',
      async ({ world, desk, look, answersAll, nothingToDo }) => {
        const before = await look.invocations(all);
        const { vm3 } = desk.data.vms;
        desk.edit((d) => {
          d.networks.side = { subnet: '10.3.0.0/24', subnet6: 'fd00:3::/64' };
          d.vms.vm3 = {
            on: 'hv1',
            networks: [{ name: 'front', address: addresses.vm3 }, { name: 'side' }],
          };
        });
        await desk.apply(0);
        const further = (await look.sh('ip -j address show')).match(/vm-vm3[0-9a-f]{5}/)?.[0] ?? '';
        expect(await look.master('vm-vm3')).toBe('br-front');
        expect(await look.master(further)).toBe('br-side');
        expect(await look.answers('10.3.0.2')).toBe(true);
        // No address of the sandbox's guests is of IPv6.
        if (world.kind === 'lab') expect(await look.answers('fd00:3::2')).toBe(true);
        const after = await look.invocations(all);
        expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm3']);
        await nothingToDo();
        desk.edit((d) => {
          delete d.networks.side;
          d.vms.vm3 = vm3;
        });
        await desk.apply(0);
        expect(await look.exists('/sys/class/net/br-side')).toBe(false);
        expect(await look.exists(`/sys/class/net/${further}`)).toBe(false);
        await answersAll();
        await nothingToDo();
      },
    );

    scenario(
      'a change of who reaches whom restarts nothing, and holds at once',
      async ({ world, desk, look, hv1, answersAll, nothingToDo }) => {
        desk.edit((d) => {
          d.vms.vm1.config = { boot: { kernelParams: ['lab.http=80'] } };
        });
        await desk.apply(0);
        const before = await look.invocations(all);
        const networkd = 'systemctl show -p InvocationID --value systemd-networkd.service';
        const running = await look.sh(networkd);
        desk.edit((d) => {
          d.networks.front = { subnet: '10.1.0.0/24', egress: 'none', metadata: true };
          d.networks.back.isolated = false;
          d.networks.back.allow = ['front'];
          d.vms.vm1.publish = ['8080:80/tcp'];
        });
        await desk.apply(0);
        expect(await look.invocations(all)).toEqual(before);
        expect(await look.sh(networkd)).toBe(running);
        if (world.kind === 'lab') {
          const address = hv1.ssh.replace('root@', '');
          expect((await fetch(`http://${address}:8080/`)).status).toBe(200);
          expect(await look.sh('nft list set inet fleet allowed')).toContain(
            '"br-front" . "br-back"',
          );
        }
        await answersAll();
        desk.edit((d) => {
          d.networks.front = { subnet: '10.1.0.0/24' };
          d.networks.back = { subnet: '10.2.0.0/24' };
          delete d.vms.vm1.publish;
          delete d.vms.vm1.config;
        });
        await desk.apply(0);
        await nothingToDo();
      },
    );

    scenario(
      'a guest that fails after its bridge was renamed brings the old bridge back with it',
      async ({ desk, look, answersAll, nothingToDo }) => {
        desk.edit((d) => {
          d.networks.back.bridge = 'br-rear';
          d.vms.vm5.config = { boot: { kernelParams: ['lab.mute'] } };
        });
        await desk.apply(3);
        expect(await look.master('vm-vm4')).toBe('br-back');
        await answersAll();
        desk.edit((d) => {
          delete d.networks.back.bridge;
          delete d.vms.vm5.config;
        });
        await desk.apply(0);
        await look.sh('ip link delete br-rear 2>/dev/null || true');
        await nothingToDo();
      },
    );

    scenario('a switch that cuts the uplink puts itself back', async ({ desk, look }) => {
      const before = await look.invocations(all);
      const system = await look.system();
      const { modules } = desk.data.hypervisors.hv1;
      desk.edit((d) => {
        d.hypervisors.hv1.modules = [];
      });
      const run = await desk.apply(3);
      expect(run.stdout).toContain('hv1 is on its previous system');
      expect(await look.system()).toBe(system);
      expect(await look.profile()).toBe(system);
      expect(await look.invocations(all)).toEqual(before);
      expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
      desk.edit((d) => {
        d.hypervisors.hv1.modules = modules;
      });
      await desk.apply(0);
    });

    scenario(
      'a hypervisor can be rolled back to its previous system',
      async ({ desk, look, answersAll, nothingToDo }) => {
        const before = await look.system();
        desk.edit((d) => {
          d.hypervisors.hv1.packages = ['tmux'];
        });
        await desk.apply(0);
        expect(await look.system()).not.toBe(before);
        expect((await desk.fleet(['rollback', 'hv1', '--yes'])).code).toBe(0);
        expect(await look.system()).toBe(before);
        expect(await look.profile()).toBe(before);
        await answersAll();
        desk.edit((d) => {
          delete d.hypervisors.hv1.packages;
        });
        await desk.apply(0, '--release', 'hv1');
        await nothingToDo();
      },
    );

    scenario(
      'a roll-back across a change of network names the command that works, and leaves no bridge',
      async ({ desk, look, answersAll, nothingToDo }) => {
        const before = await look.system();
        desk.edit((d) => {
          d.networks.extra = { subnet: '10.3.0.0/24' };
          d.vms.vm3.network = 'extra';
          d.vms.vm3.address = '10.3.0.2';
        });
        await desk.apply(0);
        const moved = await look.runner('vm3');
        const alone = await desk.fleet(['rollback', 'vm3', '--yes']);
        expect([alone.code, alone.stderr]).toEqual([
          1,
          expect.stringContaining('used a network at that generation'),
        ]);
        const refused = await desk.fleet(['rollback', 'hv1', '--yes']);
        expect(refused.code).toBe(1);
        const [, words = ''] = /fleet (rollback hv1 vm3 --to .*)/.exec(refused.stderr) ?? [];
        expect(words).toMatch(/--to hv1=\d+ --to vm3=\d+$/);
        expect([await look.runner('vm3'), await look.master('vm-vm3')]).toEqual([
          moved,
          'br-extra',
        ]);
        const together = await desk.fleet([...words.split(' '), '--yes']);
        expect(together.code, together.stdout).toBe(0);
        expect(await look.system()).toBe(before);
        expect(await look.master('vm-vm3')).toBe('br-front');
        expect(await look.exists('/sys/class/net/br-extra')).toBe(false);
        await answersAll();
        desk.edit((d) => {
          delete d.networks.extra;
          d.vms.vm3.network = 'front';
          d.vms.vm3.address = '10.1.0.4';
        });
        await desk.apply(0, '--release', 'hv1,vm3');
        await nothingToDo();
      },
    );
  },
};
