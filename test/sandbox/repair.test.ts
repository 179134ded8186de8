import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/host/answers/history.ts';
import { Stage } from './stage.ts';

describe('what somebody took apart on a hypervisor', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { web: {} };
    await stage.finish(await stage.deploy());
    await stage.begin();
  }, 180_000);
  afterAll(() => stage.stop());
  const network = async () => {
    const { plumbing, interfaces, answers } = await stage.facts(stage.address('web'));
    const bridge = interfaces.get('br-web');
    const { table, dnsmasq, closed4 } = plumbing;
    const addresses = bridge?.addresses;
    return {
      table,
      dnsmasq,
      closed4: [...closed4],
      up: bridge?.up,
      addresses,
      answers: [...answers.values()],
    };
  };
  const well = {
    table: 'as deployed',
    dnsmasq: 'active',
    closed4: [],
    up: true,
    addresses: ['10.1.0.1/24'],
    answers: [true],
  };

  it('is seen in facts, and comes back by the smallest means', async () => {
    expect(await network()).toEqual(well);
    await stage.host.exec(
      'nft delete table inet fleet; systemctl stop dnsmasq.service; ip link set br-web down; ip address del 10.1.0.1/24 dev br-web; for f in "$FLEET_ROOT"/proc/sys/net/ipv4/conf/*/forwarding; do echo 0 >"$f"; done',
    );
    expect(await network()).toEqual({
      table: 'missing',
      dnsmasq: 'inactive',
      closed4: expect.arrayContaining(['all', 'br-web']),
      up: false,
      addresses: [],
      answers: [false],
    });
    await stage.step('repair', 'link', 'br-web');
    await stage.step('repair', 'address', 'br-web', '10.1.0.1/24');
    await stage.step('repair', 'unit', 'nftables.service');
    await stage.step('repair', 'unit', 'dnsmasq.service');
    expect((await network()).closed4).toContain('br-web');
    for (const name of (await network()).closed4) await stage.step('repair', 'forward4', name);
    expect(await network()).toEqual(well);
  });

  it('is named by history: each repair with what it brought back', async () => {
    const steps = parseHistory((await stage.call('history', '1')).stdout)[0]?.steps ?? [];
    const repairs = steps.filter(({ name }) => name === 'repair');
    expect(repairs.map(({ about }) => about).slice(0, 4)).toEqual([
      'link br-web',
      'address br-web 10.1.0.1/24',
      'unit nftables.service',
      'unit dnsmasq.service',
    ]);
    expect(repairs[0]).toMatchObject({ code: 0 });
    expect(steps.filter(({ name }) => name !== 'repair').map(({ about }) => about)).toEqual([]);
  });

  it('a table that was edited by hand is not the one that was deployed', async () => {
    await stage.host.exec('echo "# mine" >>"$FLEET_ROOT/sandbox/nft/inet fleet"');
    expect((await network()).table).toBe('changed');
    await stage.step('repair', 'unit', 'nftables.service');
    expect((await network()).table).toBe('as deployed');
  });

  it('such a table is not that of the next system either, which has the same rules and loads them not anew', async () => {
    await stage.host.exec('echo "# mine" >>"$FLEET_ROOT/sandbox/nft/inet fleet"');
    stage.hypervisor = { packages: ['htop'] };
    await stage.switchTo((await stage.build('hv1')).get('hv1') as string);
    expect((await network()).table).toBe('changed');
    await stage.step('repair', 'unit', 'nftables.service');
    expect((await network()).table).toBe('as deployed');
    stage.hypervisor = { packages: ['vim'] };
    await stage.switchTo((await stage.build('hv1')).get('hv1') as string);
    expect((await network()).table).toBe('as deployed');
  });

  it('chains of others that drop what is forwarded are told, with the names in their tables', async () => {
    await stage.host.exec(
      `printf '%s\\n' 'table ip filter {' '	chain DOCKER-USER {' '		iifname "br-web" accept' '	}' '	chain FORWARD {' '		type filter hook forward priority filter; policy drop;' '		ip saddr 172.17.0.0/16 accept' '	}' '	chain INPUT {' '		type filter hook input priority filter; policy drop;' '	}' '}' >"$FLEET_ROOT/sandbox/nft/ip filter"`,
    );
    expect((await stage.facts()).plumbing.drops).toEqual([
      { chain: 'ip filter FORWARD', names: expect.arrayContaining(['br-web', '172.17.0.0/16']) },
    ]);
  });
});
