import { expect, test } from 'vitest';
import { chosenSeed, Dice } from '../../chaos/dice.ts';
import { type Ground, guests } from './ground.ts';

/** A deployment, and a watch that would act at any moment of it. */
export function fightOf(of: () => Ground): void {
  test('a deployment and the watch that takes a guest for hung at any moment do not fight', async () => {
    const ground = of();
    const seed = chosenSeed();
    console.log(`FLEET_SEED=${seed}`);
    const dice = new Dice(seed);
    const from = await ground.count();
    ground.desk.edit((d) => {
      d.vms.web.packages = ['htop', 'jq'];
    });
    // What the watch would do, and more often: an order for the other guest, and the unit that carries it out.
    const waits = Array.from({ length: 60 }, () => (dice.below(20) / 10).toFixed(1));
    const healing = ground.sh(`restarts=0; for wait in ${waits.join(' ')}; do
        [ ! -e /run/over ] || break
        sleep $wait
        held=; for f in /var/lib/fleet/deployments/*/locked; do [ ! -e "$f" ] || [ -e "\${f%/*}/result" ] || held=yes; done
        [ $restarts -lt 2 ] || [ -n "$held" ] || continue
        life=$(systemctl show --value -p InvocationID microvm@db)
        printf 'hang\\t%s\\tanswers\\tby dice\\n' "$life" >/run/fleet/watch/heal.db
        systemctl start fleet-watch fleet-heal@db
        [ "$(systemctl show --value -p InvocationID microvm@db)" = "$life" ] || restarts=$((restarts + 1))
        echo "held:$held restarts:$restarts"
      done; rm -f /run/over`);
    await ground.desk.apply(0, '--lock-timeout', '60s').finally(() => ground.sh('touch /run/over'));
    // It came while the deployment held the lock.
    expect(await healing).toContain('held:yes');
    for (const vm of guests) await ground.ready(vm);
    const events = (await ground.told()).slice(from);
    const at = (kind: string) => events.findIndex((event) => event.kind === kind);
    expect(at('deployment.locked')).toBeGreaterThan(-1);
    expect(at('deployment.ended')).toBeGreaterThan(at('deployment.locked'));
    const meanwhile = events.slice(at('deployment.locked'), at('deployment.ended'));
    const acts = /^guest\.(restarted|unhealthy|failed|again)$/;
    expect(meanwhile.filter(({ kind }) => acts.test(kind))).toEqual([]);
  });
}
