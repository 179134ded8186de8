import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from './desk.ts';
import { addresses, fiveVms } from './fleet.ts';
import { Look } from './look.ts';
import type { World, WorldHost } from './world.ts';

const all = Object.keys(addresses);

/**
 * What fleet promises, told as one story on two hypervisors: each scenario begins where the one
 * before it ended, with `fleet plan` having nothing to do. Both worlds run it.
 */
export function scenarios(kind: string, open: () => Promise<World>, lock?: string): void {
  describe(`on the ${kind}`, { timeout: 600_000 }, () => {
    let world: World;
    let desk: Desk;
    let look: Look;
    let hv1: WorldHost;
    let hv2: WorldHost;

    beforeAll(async () => {
      world = await open();
      hv1 = world.hosts[0] as WorldHost;
      hv2 = world.hosts[1] as WorldHost;
      look = new Look(hv1);
      desk = new Desk(world, 'story', fiveVms(world));
      await desk.open(lock);
    }, 600_000);

    afterAll(async () => {
      desk?.close();
      await world?.stop();
    }, 60_000);

    const answersAll = async (vms = all) => {
      for (const vm of vms)
        expect(await look.answers(addresses[vm] ?? ''), `${vm} answers`).toBe(true);
    };
    const nothingToDo = async () => {
      const plan = await desk.fleet(['plan', '--detailed-exitcode', '--no-diff']);
      expect(plan.stdout).toContain('No changes.');
      expect(plan.code).toBe(0);
    };

    test('a plan for an empty host says what apply would do and changes nothing', async () => {
      const plan = await desk.fleet(['plan', '--no-diff', '--detailed-exitcode']);
      expect(plan.code).toBe(2);
      expect(plan.stdout).toMatch(/2 to switch, 5 to create/);
      expect(await look.exists('/var/lib/fleet')).toBe(false);
      expect(await desk.git('status', '--porcelain')).toBe('');
    });

    test('init writes a first fleet.yaml from what it sees of a host', async () => {
      const folder = `${desk.folder}-new`;
      const key = `${world.home}/.ssh/id_ed25519.pub`;
      const flags = ['--ssh', hv1.ssh, '--hypervisor', 'hv1', '--state-version', '25.11'];
      const run = await desk.fleet(['-C', folder, 'init', ...flags, '--ssh-key', key]);
      expect(run.code).toBe(0);
      const text = readFileSync(`${folder}/fleet.yaml`, 'utf8');
      expect(text).toContain(`system: ${hv1.system}`);
      expect(text).toMatch(/uplink: (host0|enp1s0)/);
      expect((await desk.fleet(['-C', folder, 'validate'])).code).toBe(0);
    });

    test('a first switch that would lock us out is refused, and the host stays as it was', async () => {
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
    });

    test('the first apply brings five vms up, booted and answering', async () => {
      await desk.apply(0);
      await answersAll();
      expect(await look.master('vm-vm1')).toBe('br-front');
      expect(await look.master('vm-vm5')).toBe('br-back');
      expect(await look.profile()).toBe(await look.system());
      const journal = await look.sh('cat "$FLEET_ROOT"/var/lib/fleet/deployments/*/journal');
      expect(journal).toMatch(/\tbuild\tbegin[\s\S]*\tbuild\tend\t0/);
      expect(await desk.git('status', '--porcelain')).toBe('');
      expect(await desk.git('rev-parse', 'HEAD')).toBe(await desk.git('rev-parse', 'origin/main'));
    });

    test('a second apply does nothing', async () => {
      const before = await look.invocations(all);
      const run = await desk.apply(0);
      expect(run.stdout).toBe('No changes.\n');
      expect(await look.invocations(all)).toEqual(before);
    });

    test('verify says of every guest that it is as it should be', async () => {
      const run = await desk.fleet(['verify']);
      expect(run.stdout).toMatch(/All \d+ checks passed/);
      expect(run.code).toBe(0);
    });

    test('a package for one vm restarts only that vm', async () => {
      const before = await look.invocations(all);
      desk.edit((d) => {
        d.vms.vm2.packages = ['htop'];
      });
      await desk.apply(0);
      const after = await look.invocations(all);
      expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm2']);
      await nothingToDo();
    });

    test('a commit that changes no vm restarts nothing, though the checkout moves', async () => {
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
    });

    test('a package for all restarts all of them, one after another', async () => {
      const before = await look.invocations(all);
      desk.edit((d) => {
        d.defaults.packages = ['vim', 'curl'];
      });
      await desk.apply(0);
      const after = await look.invocations(all);
      expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(all);
      await answersAll();
      await nothingToDo();
    });

    test('a vm can be rolled back alone, and is then held', async () => {
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
    });

    test('a roll-back survives nix-collect-garbage -d', async () => {
      const newer = await look.runner('vm3');
      await look.sh('nix-collect-garbage -d >/dev/null 2>&1 || nix-collect-garbage -d');
      expect((await desk.fleet(['rollback', 'vm3', '--yes'])).code).toBe(0);
      expect(await look.booted('vm3')).not.toBe(newer);
      expect(await look.answers(addresses.vm3 ?? '')).toBe(true);
      await desk.apply(0, '--release', 'vm3');
      expect(await look.booted('vm3')).toBe(newer);
    });

    test('a build error changes nothing that runs', async () => {
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

    test('a guest that never answers puts back it and what was changed before it', async () => {
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
    });

    test('a guest that dies after three seconds is not taken for a healthy one', async () => {
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
    });

    test('a guest that will not stop is killed after stopTimeout, and that is said', async () => {
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
    });

    test('a TAP whose name is wrong is seen, and rolled back', async () => {
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
    });

    test('a TAP outside its bridge is drift, fails verify, and apply joins it without a restart', async () => {
      const before = await look.invocations(all);
      // Where networkd runs, it puts the TAP back by itself.
      await look.sh(
        'systemctl stop systemd-networkd.socket systemd-networkd.service; ip link set dev vm-vm1 nomaster',
      );
      expect((await desk.fleet(['plan', '--no-diff'])).stdout).toContain('vm-vm1 is in no bridge');
      const verify = await desk.fleet(['verify']);
      expect(verify.code).toBe(1);
      expect(verify.stdout).toContain('vm-vm1 up in no bridge');
      await desk.apply(0);
      expect(await look.master('vm-vm1')).toBe('br-front');
      await look.sh('systemctl start systemd-networkd.service');
      expect(await look.invocations(all)).toEqual(before);
    });

    test('a TAP that is gone under a running guest is made again by restarting only that guest', async () => {
      const before = await look.invocations(all);
      await look.sh('ip link delete vm-vm1');
      expect((await desk.fleet(['plan', '--no-diff'])).stdout).toContain('vm-vm1 is missing');
      await desk.apply(0);
      await answersAll();
      const after = await look.invocations(all);
      expect(all.filter((vm) => after[vm] !== before[vm])).toEqual(['vm1']);
    });

    test('one failing in the middle leaves none of them changed', async () => {
      const runners = await Promise.all(all.map((vm) => look.runner(vm)));
      desk.edit((d) => {
        d.defaults.packages = ['vim', 'curl', 'jq'];
        d.vms.vm3.config = { boot: { kernelParams: ['lab.mute'] } };
      });
      await desk.apply(3);
      expect(await Promise.all(all.map((vm) => look.booted(vm)))).toEqual(runners);
      await answersAll();
      desk.edit((d) => {
        d.defaults.packages = ['vim', 'curl'];
        delete d.vms.vm3.config;
      });
      await desk.apply(0);
    });

    test('a vm is stopped, started, taken out and put in again with its data', async () => {
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
    });

    test('a new vm that is not healthy is stopped and set aside', async () => {
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
      expect(await look.sh('ls -d "$FLEET_ROOT"/var/lib/microvms/.aside/*/vm6')).toContain('/vm6');
      desk.edit((d) => {
        delete d.vms.vm6;
      });
      await desk.apply(0);
      await answersAll();
    });

    test('a change of the hypervisor’s networks restarts only the vm that moves', async () => {
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
    });

    test('a bridge gets another name while its network keeps its subnet', async () => {
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
    });

    test('a further NIC restarts its vm alone, and goes again with its bridge', async () => {
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
      if (kind === 'lab') expect(await look.answers('fd00:3::2')).toBe(true);
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
    });

    test('a change of who reaches whom restarts nothing, and holds at once', async () => {
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
      if (kind === 'lab') {
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
    });

    test('a guest that fails after its bridge was renamed brings the old bridge back with it', async () => {
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
    });

    test('a switch that cuts the uplink puts itself back', async () => {
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

    test('a hypervisor can be rolled back to its previous system', async () => {
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
    });

    test('a roll-back across a change of network names the command that works, and leaves no bridge', async () => {
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
      expect([await look.runner('vm3'), await look.master('vm-vm3')]).toEqual([moved, 'br-extra']);
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
    });

    test('an interrupted apply puts back what it had changed', async () => {
      const good = await look.runner('vm1');
      desk.edit((d) => {
        d.defaults.packages = ['vim', 'curl', 'git'];
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
        d.defaults.packages = ['vim', 'curl'];
      });
      await desk.apply(0);
    });

    test('a hypervisor that is locked by somebody else is left alone: exit 5', async () => {
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
      expect(refused.stderr).toContain('is still at work');
      await look.sh(`systemctl stop fleet-back-${id}.timer`);
      expect((await desk.fleet(['unlock', 'hv1', '--yes'])).stdout).toContain('hv1 is free');
      expect(await look.exists('/var/lib/fleet/lock')).toBe(false);
      desk.edit((d) => {
        delete d.vms.vm1.packages;
      });
      await nothingToDo();
    });

    test('the commit can travel over ssh, for a hypervisor that has no access to the remote', async () => {
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
    });

    test('of two hypervisors one is down: the other is planned, apply refuses, or leaves it out', async () => {
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
    });

    test('a hypervisor whose host key is not known is refused, with the way to accept it', async () => {
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
    });
  });
}
