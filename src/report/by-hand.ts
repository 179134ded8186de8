import type { Hypervisor, Network, Vm } from '../model/fleet.ts';
import { gatewaysOf } from '../model/gateways.ts';
import type { BroughtGeneration } from '../model/generation-diff.ts';
import type { IncidentMachine, IncidentOn } from '../model/incident.ts';
import type { FleetIndex } from '../model/index.ts';
import { shellQuote as q } from '../model/shell-quote.ts';

/** The commands that do by hand what fleet does, for exactly these: names are quoted for a shell. */
export function byHand(index: FleetIndex, on: IncidentOn): string {
  const { hypervisor, machines } = on;
  const own = machines.find(({ vm }) => !vm);
  return [
    section(`${hypervisor.name}: log in`, login(hypervisor)),
    section(`${hypervisor.name}: is somebody at work there?`, atWork(on)),
    section(`${hypervisor.name}: look`, [
      'systemctl --failed',
      'df -h /nix/store /var/lib/fleet /var/lib/microvms',
      'timedatectl',
      'journalctl -p warning -n 100 --no-pager',
    ]),
    section(`${hypervisor.name}: its networks`, networks(index.networksOn(hypervisor.name))),
    ...(own ? [section(`${hypervisor.name}: back to the system before`, system(own.before))] : []),
    ...machines.flatMap(({ vm, ...more }) => (vm ? ofVm(index, vm, more) : [])),
  ].join('');
}

const section = (title: string, lines: readonly string[]): string =>
  `\n${title}\n\n${lines.map((line) => (line === '' ? '\n' : `    ${line}\n`)).join('')}`;

function login({ ssh }: Hypervisor): string[] {
  const { host, identityFile, jump, port, user } = ssh;
  const words = [
    'ssh',
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(jump === undefined ? [] : ['-J', jump]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    user === undefined ? host : `${user}@${host}`,
  ];
  return [
    words.map(q).join(' '),
    '# no answer: is it on, and on the network?',
    `ping -c 3 ${q(host)}`,
  ];
}

function atWork({ facts }: IncidentOn): string[] {
  return [
    '# a deployment that has begun and has no result has not ended',
    'ls -l /var/lib/fleet/lock',
    "systemctl list-units --all 'fleet-*'",
    '# its steps, and why the last one failed',
    'cd "/var/lib/fleet/deployments/$(ls /var/lib/fleet/deployments | tail -n 1)" && cat journal',
    'cat failure; tail -n 40 steps/*.log',
    ...(facts?.open ?? []).flatMap(({ id }) => [
      `# ${id} has not ended. If nobody is at work on it: finish it, or roll it back`,
      `systemd-run --wait --unit=${q(`fleet-back-${id}-now`)} sh ${q(`/var/lib/fleet/deployments/${id}/back.sh`)} lapsed`,
    ]),
  ];
}

function networks(all: readonly Network[]): string[] {
  return [
    'ip -d link show',
    ...all.flatMap((network) => [
      '',
      `# ${network.name}`,
      `ip link set dev ${q(network.bridge)} up`,
      ...gatewaysOf(network).map(
        (address) => `ip address replace ${q(address)} dev ${q(network.bridge)}`,
      ),
    ]),
    '',
    '# a bridge that is not there: networkd makes it when it starts',
    'systemctl restart systemd-networkd.service',
    '# forwarding, and the rules',
    'sysctl -w net.ipv4.ip_forward=1',
    'nft list table inet fleet',
    'systemctl reload-or-restart nftables.service',
  ];
}

function system(before: BroughtGeneration | undefined): string[] {
  const profile = '/nix/var/nix/profiles/system';
  if (before === undefined) return [`ls -l ${profile}-*-link`];
  const path = q(before.path);
  return [
    `ls -l ${profile}-*-link`,
    '# try it; a reboot takes it back',
    `${path}/bin/switch-to-configuration test`,
    '# it is well: keep it',
    before.number === undefined
      ? `nix-env -p ${profile} --set ${path}`
      : `nix-env -p ${profile} --switch-generation ${before.number}`,
    `${path}/bin/switch-to-configuration boot`,
  ];
}

function ofVm(
  { networks }: FleetIndex,
  { name, nics }: Vm,
  { before }: Omit<IncidentMachine, 'vm'>,
): string[] {
  const unit = q(`microvm@${name}.service`);
  const folder = `/var/lib/microvms/${name}`;
  return [
    section(`${name}: look`, [
      `systemctl list-units --all --no-pager ${q(`microvm*@${name}.service`)}`,
      `journalctl -u ${q(`microvm@${name}`)} -n 100 --no-pager`,
      `journalctl -u ${q(`microvm-virtiofsd@${name}`)} -u ${q(`microvm-tap-interfaces@${name}`)} -n 30 --no-pager`,
      '# what starts next, and what runs',
      `readlink ${q(`${folder}/current`)} ${q(`${folder}/booted`)}`,
      '# is there: somebody wants it stopped',
      `cat ${q(`/var/lib/fleet/stopped/${name}`)}`,
      ...nics.map(({ address }) => `ping -c 3 ${q(address)}`),
    ]),
    section(`${name}: start or restart`, [
      `systemctl reset-failed ${q(`microvm*@${name}.service`)}`,
      `systemctl restart ${unit}`,
      '# it hangs: kill it; systemd starts it again',
      `systemctl kill --signal=KILL ${unit}`,
    ]),
    section(
      `${name}: its network`,
      nics.flatMap(({ network, tap }) => [
        `ip -d link show ${q(tap)}`,
        `ip link set dev ${q(tap)} master ${q(networks.get(network)?.bridge ?? '')}`,
        `ip link set dev ${q(tap)} up`,
      ]),
    ),
    section(`${name}: back to the generation before`, [
      `ls -l ${q(`/var/lib/fleet/profiles/${name}`)}-*-link`,
      ...(before === undefined
        ? ['# choose one: PATH is what the link shows']
        : [
            `# ${before.number === undefined ? 'the one that fleet kept' : `generation ${before.number}`}`,
          ]),
      `runuser -u microvm -- ln -sfn ${before ? q(before.path) : 'PATH'} ${q(`${folder}/current`)}`,
      `systemctl restart ${unit}`,
    ]),
  ];
}
