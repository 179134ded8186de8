import type { Fault } from '../fault.ts';

const checkout = '"$FLEET_ROOT/var/lib/fleet/repo"';
const apply = { fleet: 'apply --yes', named: 'apply' } as const;

export const deployments: readonly Fault[] = [
  {
    symptom: 'Somebody edited files on a hypervisor',
    make: async (night) => {
      await night.sh(`echo '# quick fix' >>${checkout}/hosts/web1/default.nix`);
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! 1 file in the checkout changed by hand (hosts/web1/default.nix): fleet apply'],
      },
      apply,
    ],
    mends: 'What was edited is not lost: it is kept there, in git stash. What runs is not touched.',
    isMended: async (night) => {
      const stash = await night.sh(`git -C ${checkout} stash show -p`);
      if (!stash.includes('quick fix')) throw new Error(stash);
    },
  },
  {
    symptom: 'A hypervisor is on the wrong commit',
    make: async (night) => {
      await night.sh(`git -C ${checkout} reset -q --hard HEAD~1`);
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! the checkout is at …, and … was deployed: fleet apply'],
      },
      apply,
    ],
    mends: 'The checkout returns to the commit of the branch. What runs is not touched.',
    isMended: async (night) => {
      const head = await night.desk.git('rev-parse', 'HEAD');
      await night.sh(`[ "$(git -C ${checkout} rev-parse HEAD)" = ${head} ]`);
    },
  },
  {
    symptom: 'fleet was killed in the middle of apply',
    make: async (night) => {
      night.desk.edit((d) => {
        d.vms.web1.packages = ['tmux'];
      });
      let isSent = false;
      await night.desk.fleet(['apply', '--yes'], (stderr, kill) => {
        if (isSent || !stderr.includes('hv1: update web1')) return;
        isSent = true;
        kill('SIGKILL');
      });
      // The step in hand ends by itself. As if then half of the time had gone that a hypervisor waits for fleet.
      const lock = '"$FLEET_ROOT"/var/lib/fleet/lock';
      await night.sh(
        `until tail -n 1 ${lock}/journal | grep -q '	end	'; do sleep 0.1; done; sleep 1`,
      );
      for (const { name } of night.world.hosts)
        await night
          .look(name)
          .sh(
            `[ ! -L ${lock} ] || { read -r up _ </proc/uptime; echo $((\${up%.*} + 25)) >${lock}/deadline; }`,
          );
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'hv1: apply … under way for … s',
          '! nothing was heard of its fleet for … s; without fleet it rolls itself back in … s; if the fleet process behind it is gone: finish it (fleet apply --resume …)',
        ],
      },
      { fleet: 'apply --resume --yes', named: 'apply --resume' },
    ],
    mends:
      'It finishes what was begun. With --undo it takes it back. If nobody does anything, each hypervisor rolls back by itself.',
    isMended: (night) => night.sh('[ ! -L "$FLEET_ROOT/var/lib/fleet/lock" ]'),
  },
  {
    symptom: 'A guest is not well since a deployment an hour ago',
    make: async (night) => {
      night.desk.edit((d) => {
        d.vms.web1.packages = ['htop', 'tmux'];
      });
      await night.desk.apply(0);
      await night.isOld('web1');
      // The new program ends some time after its start.
      const runner = await night.look().runner('web1');
      await night.sh(
        `chmod -R u+w ${runner} && grep -v lab.http ${runner}/sandbox/parameters >${runner}/p; mv ${runner}/p ${runner}/sandbox/parameters`,
      );
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'web1 on hv1: Failed',
          'http 80/: expected 200, seen …: fleet restart web1',
          'changed … ago by …: …',
          '(fleet diff web1) shows how, (fleet rollback web1) takes it back',
        ],
      },
      { fleet: 'diff web1', shows: ['htop'] },
      { fleet: 'rollback web1 --yes', named: 'rollback web1', shows: ['web1 is on generation …'] },
    ],
    mends:
      'It needs neither git nor a build. The guest is held on the old generation until fleet apply --release web1; its volumes stay as they are.',
    isMended: (night) => night.isWell('web1', '10.1.0.2'),
  },
  {
    symptom: 'A deployment failed: it does not build',
    make: async (night) => {
      night.desk.edit((d) => {
        d.vms.db1.packages = ['does-not-build'];
      });
      await night.desk.apply(1);
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        shows: [
          '! the last deployment changed nothing: build failed on hv2… (fleet history …)',
          'To take its commit back: git revert --no-edit …',
        ],
      },
      {
        printed: /(git revert --no-edit \S+ && git push)/,
        as: 'git revert --no-edit … && git push',
      },
      apply,
    ],
    mends:
      'Nothing that runs was changed. Whoever wrote the commit mends it tomorrow; tonight it is taken back, so that apply works again.',
    isMended: async (night) => {
      const { stdout } = await night.desk.fleet(['plan', '--no-diff']);
      if (!stdout.includes('No changes')) throw new Error(stdout);
    },
  },
];
