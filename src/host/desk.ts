import type { SshTarget } from '../model/fleet.ts';

/** What this machine has to reach hypervisors with. Every call has a limit of some seconds. */
export interface DeskTools {
  /** As `ssh -V` says it. @throws FleetError `ssh.no-openssh` */
  sshVersion(): Promise<string>;
  /**
   * Where ssh goes for this destination: by ~/.ssh/config, or without any, as on a machine that has none.
   * @throws FleetError `ssh.config`
   */
  wayTo(target: SshTarget, by?: 'no-config'): Promise<Way>;
  /** How many keys the agent at a socket holds; undefined: none answers. */
  agentKeys(socket: string): Promise<number | undefined>;
  /** What a name resolves to; nothing: it does not, or nobody answered. */
  addressesOf(hostname: string): Promise<readonly string[]>;
  /** As `tailscale status` says it (`Running`, `NeedsLogin`, `Stopped`); undefined: there is no such command here, or it does not say. */
  tailscale(): Promise<string | undefined>;
}

export interface Way {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  /** As ProxyJump has it: `user@host[:port]`, several with commas. */
  readonly jump: string | undefined;
  /** Through a jump host or a ProxyCommand, which resolves the name itself. */
  readonly isProxied: boolean;
  /** Of the agent that ssh asks; undefined: of none. */
  readonly agentSocket: string | undefined;
}
