import { span } from '../model/age.ts';
import type { Condition } from '../model/condition.ts';
import { Examination, type Examined } from '../model/examined.ts';
import type { Facts } from '../model/facts.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName, tailscaleInterface } from '../model/names.ts';
import { unknownState } from '../model/unknown-state.ts';
import { drift } from './drift.ts';
import type { Drift } from './plan.ts';
import { foreign, missingTool, wrongMachine } from './problems.ts';
import { shortages } from './resources.ts';

/** The oldest Nix that fleet has been seen to work with. */
const oldestNix = [2, 8];

/** Seconds that a clock may be off before ages, orders and certificates are. */
const tolerance = 5;

/** Inodes that a build needs, or a deployment's records. */
const neededInodes = (mount: string) => (mount.startsWith('/nix') || mount === '/' ? 50_000 : 1000);

/** What a hypervisor said, and between which moments of this machine's clock, in ms. */
export interface Looked {
  readonly facts: Facts;
  readonly condition: Condition;
  readonly asked: number;
  readonly answered: number;
}

/** Whatever keeps a hypervisor from being deployed to, as far as it says by itself; how guests are is not among it. */
export function examineHypervisor(
  index: FleetIndex,
  hypervisor: Hypervisor,
  looked: Looked,
): Examined[] {
  const { facts, condition } = looked;
  const found = new Examination(hypervisor.name);
  const state = unknownState(facts);
  found.judge('records', state === undefined ? [] : [state], '');
  found.judge(
    'architecture',
    wrongMachine(index, hypervisor.name, facts),
    `Correct hypervisors.${hypervisor.name}.system in fleet.yaml, or its ssh.`,
  );
  found.judge('fleet', foreign(index, facts), '');
  examineRights(found, hypervisor, condition);
  examineVersions(found, looked);
  examineRoom(found, hypervisor.name, looked);
  examineKernel(found, index, condition);
  examineCheckout(found, hypervisor, condition);
  const own = drift(index, hypervisor.name, facts).filter((d) => d.target === hypervisor.name);
  for (const { check, codes, none, fix } of concerns) {
    const messages = own.filter((d) => codes.includes(d.code)).map((d) => d.message);
    found.judge(check, messages, fix, none);
  }
  for (const { message } of own.filter((d) => d.code === 'collecting'))
    found.note('collection', message);
  examineTailnet(found, hypervisor, facts);
  return found.all;
}

interface Concern {
  readonly check: string;
  readonly codes: readonly Drift['code'][];
  /** What is well where there is none of it. */
  readonly none?: 'none';
  /** Empty where what drift says has it. */
  readonly fix: string;
}

/** What drift says of the hypervisor itself, by what it keeps from being deployed to. */
const concerns: readonly Concern[] = [
  {
    ...{ check: 'lock', none: 'none', codes: ['lock', 'open-deployment'] },
    fix: 'What it has done so far: fleet history',
  },
  { check: 'second writers', none: 'none', codes: ['second-writer'], fix: '' },
  {
    ...{ check: 'system', codes: ['system', 'profile'] },
    fix: 'Somebody switched it without fleet. What an apply would do about it: fleet plan',
  },
  {
    ...{ check: 'pending reboot', none: 'none', codes: ['reboot'] },
    fix: 'Reboot it when its guests may stop for it.',
  },
  {
    ...{ check: 'edits', none: 'none', codes: ['dirty'] },
    fix: 'To see them, there: git status. The next fleet apply keeps them in git stash.',
  },
  { check: 'state', codes: ['not-kept'], fix: '' },
];

function examineRights(found: Examination, { name, ssh }: Hypervisor, { user }: Condition): void {
  const fix =
    ssh.sudo === false
      ? `Take ssh.sudo: false away from hypervisors.${name}, and let that user run sudo without a password.`
      : 'Connect as root, or let that user run sudo without a password.';
  found.judge('root', user === undefined ? [] : [`commands run as ${user}, not as root`], fix);
}

function examineVersions(found: Examination, { facts, condition }: Looked): void {
  const { nixos, nix, flakes } = condition;
  if (nixos === undefined || facts.currentSystem === undefined)
    found.wrong(
      'NixOS',
      'is no NixOS, or has no system that was switched to: there is nothing to roll back to',
      'Install NixOS there; on a NixOS: nixos-rebuild switch',
    );
  else found.ok(`NixOS ${nixos}`);
  const isNew = !facts.deployed.has(systemName);
  // A first switch brings it.
  const missing = [...facts.missingTools, ...condition.missingTools].filter(
    (tool) => !(isNew && tool === 'microvm'),
  );
  found.judge('tools', missing.map(missingTool), '');
  if (facts.missingTools.includes('nix')) return;
  const [major = 0, minor = 0] = nix ?? [];
  const [oldMajor = 0, oldMinor = 0] = oldestNix;
  if (nix === undefined)
    found.wrong(
      'nix',
      `nix --version says no version; fleet needs ${oldestNix.join('.')} or newer`,
      'See there, as root: nix --version',
    );
  else if (major < oldMajor || (major === oldMajor && minor < oldMinor))
    found.wrong(
      'nix',
      `nix is ${nix.join('.')}; fleet needs ${oldestNix.join('.')} or newer`,
      'Update NixOS there, or set nix.package.',
    );
  else found.ok(`nix ${nix.join('.')}`);
  if (flakes) found.ok('flakes');
  else
    found.wrong(
      'flakes',
      'flakes are not enabled',
      'nix.settings.experimental-features = [ "nix-command" "flakes" ];',
    );
}

function examineRoom(found: Examination, hypervisor: string, looked: Looked): void {
  const { facts, condition, asked, answered } = looked;
  const lacks = shortages(hypervisor, facts, true).map(({ message }) => message);
  found.judge('room', lacks, '');
  const few = condition.inodes.filter(({ mount, free }) => free < neededInodes(mount));
  found.judge(
    'inodes',
    [
      ...new Set(
        few.map(({ mount, free, total }) => `${mount} has ${free} of ${total} inodes free`),
      ),
    ],
    'Many small files fill it: run nix-collect-garbage there, and see du --inodes -x',
  );
  // Its own second may have begun just before.
  const behind = asked / 1000 - 1 - facts.now;
  const ahead = facts.now - answered / 1000;
  const off = Math.round(Math.max(behind, ahead));
  if (off <= tolerance) found.ok('clock');
  else
    found.wrong(
      'clock',
      `its clock is ${span(off)} ${ahead > behind ? 'ahead of' : 'behind'} this machine's`,
      'See timedatectl on both; NixOS keeps time with services.timesyncd.enable.',
    );
}

function examineKernel(found: Examination, index: FleetIndex, { kernel }: Condition): void {
  const vms = index.vmsOn(found.where);
  const lacks = (feature: string) => !kernel.has(feature);
  if (vms.length === 0) return;
  const native = vms.filter(({ hypervisor }) => hypervisor !== 'qemu').map(({ name }) => name);
  const slow = 'qemu emulates, which is many times slower';
  if (lacks('kvm'))
    found.wrong(
      'kvm',
      `the kernel has no KVM: ${native.length > 0 ? `${listed(native)} cannot start; ` : ''}${slow}`,
      'Enable virtualisation in its firmware; nesting, if it is a virtual machine.\nThen: boot.kernelModules = [ "kvm-intel" ]; with AMD "kvm-amd"',
    );
  else found.ok('kvm');
  if (lacks('tun'))
    found.wrong(
      'tun',
      'the kernel has no tun: no guest gets an interface',
      'boot.kernelModules = [ "tun" ];\nIf the modules of the running kernel are gone from the disk: reboot it.',
    );
  else found.ok('tun');
  const dialled = vms.filter(({ vsock }) => vsock !== undefined).map(({ name }) => name);
  if (dialled.length > 0 && lacks('vhost-vsock'))
    found.wrong(
      'vhost-vsock',
      `the kernel has no vhost-vsock: ${listed(dialled)} cannot start with a vsock`,
      'boot.kernelModules = [ "vhost_vsock" ];',
    );
  if (lacks('vhost-net'))
    found.note('vhost-net', 'the kernel has no vhost-net; only interfaces with tap.vhost need it');
  else found.ok('vhost');
}

/** Names, as far as anybody reads them. */
function listed(names: readonly string[]): string {
  const more = names.length - 5;
  return more > 0 ? `${names.slice(0, 5).join(', ')} and ${more} more` : names.join(', ');
}

function examineCheckout(
  found: Examination,
  { checkout }: Hypervisor,
  { isShared, isUnusable }: Condition,
): void {
  if (isShared)
    found.wrong(
      'checkout',
      `others than root may change ${checkout}: whoever does decides what is built`,
      `On ${found.where}: chown -R root: ${checkout} && chmod go-rwx ${checkout}`,
    );
  else if (isUnusable)
    found.wrong(
      'checkout',
      `git cannot use ${checkout}`,
      `See git -C ${checkout} status on ${found.where}. If it is broken, move it aside: the next apply fetches it anew.`,
    );
  else found.ok('checkout');
}

function examineTailnet(found: Examination, { tailscale }: Hypervisor, facts: Facts): void {
  if (!tailscale.enable || !facts.deployed.has(systemName)) return;
  const link = facts.interfaces.get(tailscaleInterface);
  if (link?.addresses.some((address) => !address.startsWith('fe80:'))) found.ok('tailnet');
  else
    found.wrong(
      'tailnet',
      `tailscale is enabled, but ${tailscaleInterface} ${link ? 'has no address' : 'is not there'}`,
      `On ${found.where}: tailscale up; if that fails: systemctl status tailscaled`,
    );
}
