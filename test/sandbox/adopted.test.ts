import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

const guest = '"$FLEET_ROOT/var/lib/microvms/web1"';
const unit = '"$FLEET_ROOT"/run/current-system/etc/systemd/system/install-microvm-web1.service';

describe('guests of a hypervisor that is adopted', () => {
  let stage: Stage;
  let again: () => Promise<void>;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { web1: {} };
    await stage.finish(await stage.deploy());
    again = await stage.keep();
  }, 180_000);
  afterAll(() => stage.stop());
  beforeEach(() => again());

  it('are declarative by the unit of the system that runs, not by a link that it left', async () => {
    const declarative = async () => (await stage.facts()).vms.get('web1')?.declarative;
    await stage.host.exec(`ln -sfn /x ${guest}/toplevel`);
    expect(await declarative()).toBe(false);
    await stage.host.exec(`mkdir -p "$(dirname ${unit})" && touch ${unit}`);
    expect(await declarative()).toBe(true);
  });

  it('are taken over though microvm.vms left its link, which goes', async () => {
    await stage.host.exec(`ln -sfn "$FLEET_ROOT/nix/store" ${guest}/toplevel`);
    stage.vms.web1 = { packages: ['curl'] };
    await stage.begin();
    const built = await stage.build('web1');
    expect((await stage.update('web1')).code).toBe(0);
    expect((await stage.facts()).vms.get('web1')?.booted).toBe(built.get('web1'));
    expect((await stage.host.exec(`test -e ${guest}/toplevel`)).code).toBe(1);
  });

  it.each([
    [
      'of somebody',
      "printf 'git+https://u:secret@example.org/vms'",
      'git+https://u:secret@example.org/vms',
    ],
    ['there is none of (microvm.vms)', '', ''],
  ])(
    'are, after a roll-back, built by hand from the flake that they were: where it is %s',
    async (_, print, flake) => {
      await stage.host.exec(`rm ${guest}/flake${print && `; ${print} >${guest}/flake`}`);
      const mode = async () => (await stage.host.exec(`stat -c %a ${guest}`)).stdout;
      const before = await mode();
      stage.vms.web1 = { packages: ['curl'] };
      await stage.begin();
      await stage.build('web1');
      expect((await stage.update('web1')).code).toBe(0);
      const read = async () => (await stage.host.exec(`cat ${guest}/flake`)).stdout;
      expect(await read()).toMatch(/^git\+file:.*fleet\/repo$/);
      expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tweb1\n');
      expect(await read()).toBe(flake);
      expect(await mode()).toBe(before);
      const told = await stage.call('history', '5');
      expect(told.stdout).not.toContain('secret');
    },
  );

  it('keep what they run on through garbage collection, from the first deployment on', async () => {
    const runner = (await stage.facts()).vms.get('web1')?.current as string;
    // As the system that had declared them kept it, and a name that fleet cannot have.
    await stage.host.exec(`cd "$FLEET_ROOT" && rm -r nix/var/nix/gcroots/fleet/*web1* \
      nix/var/nix/gcroots/microvm/* var/lib/fleet/profiles/* && mkdir var/lib/microvms/Web_1 &&
      cp -P ${guest}/current var/lib/microvms/Web_1/current`);
    await stage.begin();
    await stage.call('end', stage.id, 'untouched');
    await stage.host.exec('nix-collect-garbage -d');
    expect((await stage.host.exec(`test -e ${runner}`)).code).toBe(0);
    expect((await stage.facts()).lost).toEqual(new Map());
    const roots = await stage.host.exec('ls "$FLEET_ROOT/nix/var/nix/gcroots/microvm"');
    expect(roots.stdout).toBe('Web_1\nbooted-Web_1\nbooted-web1\nweb1\n');
    await stage.host.exec(`rm -r ${runner}`);
    expect((await stage.facts()).lost).toEqual(
      new Map([
        ['Web_1', ['current']],
        ['web1', ['current', 'booted']],
      ]),
    );
  });
});

describe('bridges that networkd does not know', () => {
  let stage: Stage;
  const exec = (command: string) => stage.host.exec(command);
  const master = async (port: string) => (await stage.facts()).interfaces.get(port)?.master;
  beforeEach(async () => {
    stage = await Stage.start();
    await exec('ip link add br-web1 type bridge && ip link set br-web1 up');
  }, 180_000);
  afterEach(() => stage.stop());

  it('are taken over by the first switch that has them, with the guests in them', async () => {
    stage.vms = { db1: {} };
    await stage.finish(await stage.deploy());
    stage.vms = { db1: {}, web1: {} };
    await stage.begin();
    const built = await stage.build('hv1', 'web1');
    await stage.switchTo(built.get('hv1') as string);
    await stage.create('web1', built);
    await stage.step('vm-start', 'web1');
    await stage.until((f) => f.interfaces.get('vm-web1')?.master === 'br-web1');
  });

  it('have the ports again that the roll-back of a switch took out of them', async () => {
    // As a script of NixOS' networking.bridges: the bridge is made anew when the system is activated.
    await exec('ip link add lan-old type tun && ip link set lan-old master br-web1 up');
    await stage.begin();
    const old = (await stage.facts()).currentSystem as string;
    const script = `${old}/bin/switch-to-configuration`;
    await exec(`mv ${script} ${script}.real && printf '%s\n' '#!/bin/sh' \
      'case $1 in test) ip link del br-web1; ip link add br-web1 type bridge ;; esac' 'exec "$0.real" "$@"' >${script} && chmod +x ${script}`);
    stage.vms = { web1: {} };
    await stage.switchTo((await stage.build('hv1')).get('hv1') as string);
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tsystem.\n');
    expect(await master('lan-old')).toBe('br-web1');
  });

  it('have the TAPs again that a switch to a system that makes them by a script took out of them', async () => {
    await exec(
      'ip link add lan-old type tun && ip link set lan-old master br-web1 up && echo 0x1002 >"$FLEET_ROOT/sys/class/net/lan-old/tun_flags"',
    );
    await stage.begin();
    const next = (await stage.build('hv1')).get('hv1') as string;
    const script = `${next}/bin/switch-to-configuration`;
    await exec(`mv ${script} ${script}.real && printf '%s\n' '#!/bin/sh' \
      'case $1 in test) ip link del br-web1; ip link add br-web1 type bridge ;; esac' 'exec "$0.real" "$@"' >${script} && chmod +x ${script}`);
    await stage.switchTo(next);
    expect(await master('lan-old')).toBe('br-web1');
  });

  it('that are gone after a roll-back are named, with the ports that were in them', async () => {
    await exec('ip link add lan-old type tun && ip link set lan-old master br-web1 up');
    await stage.begin();
    await stage.switchTo((await stage.build('hv1')).get('hv1') as string);
    await exec('ip link del br-web1');
    expect(await stage.back()).toContain('not-back\tnot back in their bridges: lan-old(br-web1)\n');
  });
});
