import { Forge, type Forged, zero } from './forge.ts';

export const web = { vm: 'web' };
export const tap = { what: 'vm-web' };

/** Histories as they should be, by what was done. */
export const good = {
  'nothing was done': () => new Forge().history(300),
  'QEMU is killed': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'vmm', 'killed')
      .start('web', 107, 'web2')
      .history(300),
  'a guest hangs': () =>
    new Forge()
      .injure('hang', 100, web)
      .tell('guest.unhealthy', 150, web)
      .tell('guest.restarted', 150, { ...web, why: 'it hangs' })
      .end('web', 155, 'signal', 'fleet', 'it hangs')
      .start('web', 160, 'web2')
      .history(400),
  'it crashes until it is given up, and a person starts it': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'vmm', 'killed')
      .start('web', 107, 'web2')
      .injure('vmm-kill', 110, web)
      .end('web', 111, 'signal', 'vmm', 'killed')
      .start('web', 117, 'web3')
      .injure('vmm-kill', 120, web)
      .end('web', 121, 'signal', 'vmm', 'killed')
      .tell('guest.failed', 121, { ...web, why: '3 ends in 10 minutes' })
      .injure('fleet-start', 200, web)
      .start('web', 201, 'web4')
      .history(400),
  'it is given up, and left alone': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'vmm', 'killed')
      .start('web', 107, 'web2')
      .injure('vmm-kill', 110, web)
      .end('web', 111, 'signal', 'vmm', 'killed')
      .start('web', 117, 'web3')
      .injure('vmm-kill', 120, web)
      .end('web', 121, 'signal', 'vmm', 'killed')
      .tell('guest.failed', 121, { ...web, why: '3 ends in 10 minutes' })
      .history(400, { web: 'Failed' }),
  'somebody stops it': () =>
    new Forge()
      .injure('fleet-stop', 100, web)
      .end('web', 101, 'success', 'fleet', 'fleet stop')
      .tell('vm.stopped', 101, web)
      .history(300, { web: 'Terminated' }),
  'its TAP is taken out of its bridge': () =>
    new Forge()
      .injure('tap-out', 100, tap)
      .tell('network.broken', 112, tap)
      .tell('network.repaired', 113, tap)
      .history(300),
  'the power is cut': () => {
    const history = new Forge()
      .boot('power-cut', 100, '001764450104-00000001')
      .start('web', 110, 'web2')
      .start('db', 120, 'db2')
      .history(300);
    return history;
  },
  'a deployment restarts one': () =>
    new Forge()
      .injure('deploy', 100, { until: zero + 140 })
      .tell('deployment.began', 101, { id: 'd1' })
      .tell('deployment.locked', 110, { id: 'd1' })
      .end('web', 115, 'success', 'fleet', 'fleet stop')
      .start('web', 117, 'web2')
      .tell('deployment.ended', 139, { id: 'd1', result: 'done' })
      .history(300),
} satisfies Record<string, () => Forged>;
