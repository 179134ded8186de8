import { type Boot, bootComment } from './boot.ts';
import { comment, yaml } from './text.ts';

/** What a fleet.yaml says of the hypervisor that it begins with. */
export interface FirstHypervisor {
  readonly fleet: string;
  /** The branch that is deployed. */
  readonly branch: string;
  readonly name: string;
  readonly ssh: string;
  readonly system: string;
  readonly stateVersion: string;
  readonly uplink: string;
  /** Who fleet connects as. */
  readonly user: string;
  /** Port that its sshd listens on. */
  readonly sshdPort: number;
  /** Public key of that user. */
  readonly key: string | undefined;
  /** Of its hardware configuration in the repository. */
  readonly hardware: string | undefined;
  readonly boot: Boot;
}

/** How a fleet.yaml begins. */
export const fleetHead = ({ branch, fleet }: FirstHypervisor): string => `version: 1
name: ${yaml(fleet).trim()}

${comment(
  '',
  'The commit travels to hypervisors over fleet’s own ssh connection. With transport: pull each of them fetches it from this repository’s remote: root there needs a key that may read it, and the remote’s host key in known_hosts.',
)}git: { branch: ${/^[a-z][a-z/-]*$/i.test(branch) ? branch : JSON.stringify(branch)}, transport: send }
`;

/** Its entry under `hypervisors`, but for `config`. */
export function hypervisorEntry(first: FirstHypervisor): Record<string, unknown> {
  const { ssh, user, system, stateVersion, uplink, key, hardware } = first;
  const groups = user === 'root' ? undefined : ['wheel'];
  return {
    ssh,
    system,
    stateVersion,
    uplink,
    ...((key ?? groups) !== undefined && {
      users: {
        [user]: { ...(groups && { groups }), ...(key !== undefined && { sshKeys: [key] }) },
      },
    }),
    ...(hardware !== undefined && { modules: [`./${hardware}`] }),
  };
}

/** Its `config`: without it the first system would not boot, or be out of reach. */
export function hypervisorConfig({ sshdPort, boot }: FirstHypervisor): Record<string, unknown> {
  return { ...boot.config, ...(sshdPort !== 22 && { 'services.openssh.ports': [sshdPort] }) };
}

/** What a person has to know or to decide of it, as comment lines above its `config`. */
export function hypervisorComment({ boot, hardware, key, user }: FirstHypervisor): string {
  return (
    comment(
      '    ',
      ...(hardware === undefined
        ? [
            'DECIDE: without a hardware configuration it will not boot: add its hardware-configuration.nix to this repository and name it under modules (fleet init --hardware FILE).',
          ]
        : []),
      ...(key === undefined
        ? [
            `DECIDE: without a key nobody can log in: users: { ${user}: { sshKeys: [ssh-ed25519 AAAA… you@desk] } } (fleet init --ssh-key FILE).`,
          ]
        : []),
      'DECIDE: the first apply replaces all that /etc/nixos says of this host: boot loader, static addresses, firewall, services. What you still want of it goes here: NixOS options that have no field of their own under config, your own Nix files under modules.',
    ) + bootComment('    ', boot)
  );
}
