import type { Fault } from '../fault.ts';
import type { Night } from '../night.ts';

const [address, address2] = ['10.1.0.2', '10.1.0.3'];
const dropIn = (unit: string) => `/run/systemd/system/${unit}.d/night.conf`;

export const guests: readonly Fault[] = [
  {
    symptom: 'A guest is down',
    lab: true,
    make: async (night) => {
      await night.sh('systemctl stop microvm@web1');
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'web1 on hv1: Terminated…: exit 0',
          'microvm@web1 is inactive (dead): fleet start web1',
        ],
      },
      { fleet: 'start web1', shows: ['web1 started on hv1 in …, healthy'] },
    ],
    mends:
      'start waits until the guest has answered and held still. If somebody stopped it with fleet, the screen says who, and when: ask before you start it.',
    isMended: (night) => night.isWell('web1', address),
  },
  {
    symptom: 'A guest was gone for a moment: it crashed, and came back',
    lab: true,
    make: async (night) => {
      await night.isWell('web1', address);
      const before = await night.look().invocation('web1');
      await night.sh('systemctl kill --signal=KILL microvm@web1');
      await night.until(
        async () =>
          (await night.look().isActive('web1')) &&
          (await night.look().invocation('web1')) !== before,
      );
      await night.isWell('web1', address);
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        shows: [
          'web1 on hv1: Ready…; last end …: killed by KILL; restarted … in 24 h',
          'it ended by itself, and systemd started it again: fleet logs web1',
        ],
      },
      { fleet: 'logs web1 -n 30', named: 'logs web1', shows: ['systemd: …status=9/KILL'] },
    ],
    mends: 'Nothing is left to mend: it runs again. The log says how it ended. Pass it on.',
    isMended: (night) => night.isWell('web1', address),
  },
  {
    symptom: 'A guest was killed because memory ran out',
    make: async (night) => {
      await night.isWell('web1', address);
      await night.sh('"$FLEET_ROOT/sandbox/tools/lib/oom" web1');
      await night.until(async () => !(await night.look().isActive('web1')));
      await night.isWell('web1', address);
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        shows: ['web1 on hv1: Ready…: killed by KILL, out of memory; restarted … in 24 h'],
      },
    ],
    mends:
      'It runs again by itself. If memory is still short, a line about the hypervisor says so: stop a guest that can be spared (fleet stop NAME). Lasting is less memory for its guests in fleet.yaml, or more in the machine.',
    isMended: (night) => night.isWell('web1', address),
  },
  {
    symptom: 'A guest hangs: it runs, and does not answer',
    lab: true,
    make: async (night) => {
      await night.isWell('web1', address);
      await night.isOld('web1');
      await night.sh(
        night.isLab
          ? 'systemctl kill --signal=STOP microvm@web1'
          : 'rm "$FLEET_ROOT/sandbox/up/web1"',
      );
      return undefined;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['web1 on hv1: Failed', 'does not answer (ping 10.1.0.2): fleet restart web1'],
      },
      { fleet: 'restart web1', shows: ['web1 restarted on hv1 in …, healthy'] },
    ],
    mends:
      'A guest that does not stop in time is killed. What it had not written to its volumes is lost.',
    isMended: (night) => night.isWell('web1', address),
  },
  {
    symptom: 'virtiofsd of a guest is dead: its shares hang',
    lab: true,
    make: async (night) => {
      await night.isWell('web1', address);
      await night.isOld('web1');
      const unit = 'microvm-virtiofsd@web1.service';
      const hold = night.isLab
        ? `mkdir -p "$(dirname ${dropIn(unit)})" && printf '[Service]\\nRestart=no\\n' >${dropIn(unit)} && systemctl daemon-reload`
        : `mkdir -p "$FLEET_ROOT/sandbox/no-restart" && : >"$FLEET_ROOT/sandbox/no-restart/${unit}"`;
      const release = night.isLab
        ? `rm ${dropIn(unit)}; systemctl daemon-reload`
        : `rm "$FLEET_ROOT/sandbox/no-restart/${unit}"`;
      // Otherwise systemd restarts both of them after some seconds.
      await night.sh(`${hold}; systemctl kill --signal=KILL ${unit}`);
      return () => night.sh(release);
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'web1 on hv1: Failed',
          'microvm-virtiofsd@web1 is failed (failed): fleet restart web1',
        ],
      },
      { fleet: 'restart web1', shows: ['web1 restarted on hv1 in …, healthy'] },
    ],
    mends: 'A new virtiofsd helps no guest that runs: both start anew.',
    isMended: async (night) => {
      await night.isWell('web1', address);
      await night.sh('systemctl is-active -q microvm-virtiofsd@web1.service');
    },
  },
  {
    symptom: 'A volume in a guest is full',
    make: async (night) => {
      await night.look('hv2').isActive('db1');
      await night
        .look('hv2')
        .sh(
          'mkdir -p "$FLEET_ROOT/sandbox/guests/db1/data" && : >"$FLEET_ROOT/sandbox/guests/db1/data/old.log"',
        );
      return () => night.look('hv2').sh('rm -f "$FLEET_ROOT/sandbox/guests/db1/data/old.log"');
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'db1 on hv2: Failed',
          'seen exit 1: /data is full: fleet ssh db1; or fleet restart db1',
        ],
      },
      { fleet: "ssh db1 -- 'rm data/old.log'", named: 'ssh db1' },
    ],
    mends:
      'A run check of fleet.yaml finds this; without one fleet does not look into guests. Look for what fills it, and delete it inside the guest.',
  },
  {
    symptom: 'A guest comes up and ends again, over and over',
    lab: true,
    make: loop,
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'web2 on hv1: …restarted … in 24 h',
          'it ends again and again, … times within ten minutes: fleet logs web2',
          'changed … ago by …: …',
          '(fleet rollback web2) takes it back',
        ],
      },
      {
        fleet: 'logs web2 -n 40',
        named: 'logs web2',
        shows: ['no such disk', 'systemd: …exited, code=exited, status='],
      },
      {
        fleet: 'rollback web2 --yes',
        shows: ['web2 is on generation …', 'held until fleet apply --release web2'],
      },
    ],
    mends:
      'The log says why it ends. If it was changed lately, the roll-back mends it; its volumes stay as they are. If it was not, what the log names is gone: bring that back.',
    isMended: (night) => night.isWell('web2', address2),
  },
];

/** What was deployed last begins to fail some time after. */
async function loop(night: Night): Promise<() => unknown> {
  night.desk.edit((d) => {
    d.vms.web2.packages = ['htop'];
  });
  await night.desk.apply(0);
  const runner = await night.look().runner('web2');
  const file = dropIn('microvm@web2.service');
  await night.sh(
    night.isLab
      ? `mkdir -p "$(dirname ${file})" && printf '%s\\n' '[Service]' 'RestartSec=1' 'ExecStartPre=/bin/sh -c "[ $$(readlink current) != ${runner} ] || { echo no such disk; exit 7; }"' >${file} && systemctl daemon-reload`
      : `parameters=${runner}/sandbox/parameters && chmod -R u+w ${runner} && printf '%s\\n' 'lab.die=0' 'lab.says=no such disk' >>"$parameters"`,
  );
  await night.sh('systemctl kill --signal=KILL microvm@web2');
  const returns = async () => {
    const said = await night.sh(
      `journalctl --quiet --no-pager --output=short-unix --since=-24h _PID=1 UNIT=microvm@web2.service | grep -c 'Scheduled restart' || true`,
    );
    return Number(said) >= 4;
  };
  await night.until(returns);
  return () => (night.isLab ? night.sh(`rm ${file}; systemctl daemon-reload`) : undefined);
}
