import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from '../../package/installation.ts';
import { addresses, type Ground } from './ground.ts';

/** Where the lab's hypervisor has what npm installed, and Node beside it. */
const home = '/opt/lab/fleet';
/** A line for each alert that somebody was told of: the way, its authorization, and what was sent. */
export const toldFile = '/run/lab-alerts';

const receiver = `
require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    require('node:fs').appendFileSync('${toldFile}', [request.url, request.headers.authorization, body.trim()].join('\\t') + '\\n');
    response.end();
  });
}).listen(8099, '127.0.0.1');`;

/** The first deployment, and beside it what it has to find there: fleet's package, and whom to tell. */
export async function deploy(ground: Ground): Promise<void> {
  const { desk, lab } = ground;
  // Four guests that boot by emulation, on a machine that may have other work.
  desk.data.rollout.deadline = '3m';
  desk.data.inputs.fleet = desk.data.inputs.nixpkgs.replace(/nixpkgs$/, 'fleet');
  Object.assign(desk.data.hypervisors.hv1, {
    cli: true,
    gc: { keep: 1, olderThan: '1d' },
    alerts: {
      webhookFile: '/run/lab-keys',
      command: '/opt/lab/page',
      rules: [{ when: 'failed' }],
    },
  });
  desk.data.networks = { front: { subnet: '10.1.0.0/24' }, back: { subnet: '10.2.0.0/24' } };
  desk.data.defaults = {
    ...desk.data.defaults,
    recovery: { attempts: 90, maxPerHour: 720, unhealthy: { after: 1, every: '15s' } },
  };
  const guest = (name: keyof typeof addresses, network: string, more = {}, config = {}) => ({
    ...{ on: 'hv1', network, address: addresses[name], memory: '256MiB' },
    config: { boot: { kernelParams: ['lab.shell=7'] }, ...config },
    ...more,
  });
  desk.data.vms = {
    web: guest('web', 'front'),
    app: guest('app', 'front', { shares: [{ source: '/srv/app', mount: '/srv' }] }),
    db: guest(
      'db',
      'back',
      { agent: true, dumps: { guest: true }, volumes: [{ mount: '/data', size: '64MiB' }] },
      { systemd: { services: { broken: { wantedBy: ['multi-user.target'], script: 'exit 1' } } } },
    ),
    job: guest('job', 'back', { priority: 1 }),
  };

  await ground.sh('mkdir -p /srv/app');
  await desk.open();
  const installed = install(join(lab.home, '.ssh/config')).then(() =>
    ground.sh(`printf '%s\\n' http://127.0.0.1:8099/webhook 'Authorization: Bearer of-the-lab' >/run/lab-keys
      chmod 600 /run/lab-keys
      printf '%s\\n' '#!/bin/sh' 'curl -s --data-binary @- http://127.0.0.1:8099/command' >/opt/lab/page
      chmod 755 /opt/lab/page
      systemd-run -q --unit=lab-receiver ${home}/bin/node -e '${receiver.replaceAll("'", `'\\''`).replaceAll('\n', ' ')}'`),
  );
  await Promise.all([desk.apply(0), installed]);
}

/** What npm installs of fleet's package, on the hypervisor. */
async function install(sshConfig: string): Promise<void> {
  const made = await new Installation().make();
  try {
    mkdirSync(join(made.prefix, 'bin'), { recursive: true });
    copyFileSync(process.execPath, join(made.prefix, 'bin/node'));
    const command = `mkdir -p ${home} && tar -C ${home} -x`;
    const code = await new Promise((resolve, reject) => {
      const child = spawn(
        'sh',
        ['-c', 'tar -C "$1" -c . | ssh -F "$2" hv1 "$3"', 'sh', made.prefix, sshConfig, command],
        { stdio: 'inherit' },
      );
      child.once('error', reject).once('close', resolve);
    });
    if (code !== 0) throw new Error(`fleet could not be installed in the lab: ${code}`);
  } finally {
    made.remove();
  }
}
