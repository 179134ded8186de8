/** The fleet that a use case is about. */
export interface Where {
  /** The fleet repository; may be relative. */
  readonly directory: string;
  /** Name of the fleet file in it. */
  readonly config: string;
  /** The one hypervisor that is in scope, with its vms; absent: all are. */
  readonly only?: string;
}
