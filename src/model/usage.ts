/** How something was over an hour, the oldest first; a gap: nothing is known of that time. */
export interface Trend {
  /** Processors in use. */
  readonly cpu: readonly (number | null)[];
  /** Bytes in use. */
  readonly memory: readonly (number | null)[];
}

/** What one vm has and uses. What nobody could say is absent. */
export interface VmUsage {
  readonly name: string;
  readonly hypervisor: string;
  /** As fleet status says. */
  readonly state: string;
  readonly health: string;
  /** It was stopped because memory was short. */
  readonly shed: boolean;
  /** Whether it is meant to run: what is not has nothing reserved. */
  readonly meant: boolean;
  readonly priority: number;
  readonly vcpu: number;
  /** Processors in use over the last minute. */
  readonly cpu?: number;
  /** Bytes: as declared, and `capacity.perVm`. */
  readonly memoryReserved: number;
  /** Bytes that its VMM and virtiofsd have. */
  readonly memoryUsed?: number;
  readonly memoryPeak?: number;
  /** Bytes that its images take, and may grow to. */
  readonly diskUsed?: number;
  readonly diskReserved?: number;
  /** Bytes a second that the guest receives and sends. */
  readonly receives?: number;
  readonly sends?: number;
  /** Part of the time that it was meant to be up; of a day and of 30. */
  readonly availability?: { readonly day?: number; readonly month?: number };
  /** As its agent says. */
  readonly inside?: GuestUsage;
  readonly trend: Trend;
}

/** What the agent inside a guest says. */
export interface GuestUsage {
  readonly memoryTotal?: number;
  readonly memoryAvailable?: number;
  readonly load?: number;
  readonly uptime?: number;
  readonly failedUnits?: number;
  readonly units: readonly string[];
  readonly disks: readonly {
    readonly mount: string;
    readonly size?: number;
    readonly free?: number;
  }[];
}

export interface HypervisorUsage {
  readonly name: string;
  /** When it was sampled, in seconds since the epoch. */
  readonly at: number;
  readonly cpus?: number;
  readonly cpusReserved: number;
  /** Processors in use over the last minute. */
  readonly cpu?: number;
  readonly load?: number;
  readonly memory?: number;
  readonly memoryAvailable?: number;
  readonly memoryReserved: number;
  /** Vms that are meant to run, for which that is. */
  readonly reservedFor: number;
  /** Bytes that vms have. */
  readonly memoryOfVms: number;
  /** Percent of ten seconds in which every task waited for memory. */
  readonly stalled?: number;
  readonly disks: readonly {
    readonly folder: string;
    readonly size: number;
    readonly free: number;
  }[];
  readonly clockSynchronised?: boolean;
  readonly flakeCopies?: number;
  readonly vmGenerations?: number;
  readonly systemGenerations?: number;
  readonly trend: Trend;
}

/** A hypervisor and its vms. */
export interface Usage {
  readonly hypervisor: HypervisorUsage;
  readonly vms: readonly VmUsage[];
}

/** The same of one of several, or why nothing is known of it. */
export interface UsageOn {
  readonly hypervisor: string;
  readonly answer: Usage | Error;
}
