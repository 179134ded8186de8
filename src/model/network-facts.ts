export interface Interface {
  readonly name: string;
  readonly up: boolean;
  readonly master: string | undefined;
  /** `address/prefix`, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** Those of them that are for a time: by DHCP, or advertised. */
  readonly leased?: readonly string[];
}

export interface Route {
  readonly destination: string;
  readonly device: string;
  /** Its machines are on the wire of the device, not behind a router. */
  readonly connected: boolean;
}

/** What decides whether packets of guests get through, besides interfaces. */
export interface Plumbing {
  /** Interfaces that the kernel forwards no IPv4 from. */
  readonly closed4: ReadonlySet<string>;
  /** Whether the kernel forwards IPv6; undefined: not told. */
  readonly forwards6: boolean | undefined;
  /** Of fleet's nftables table; undefined where there is no nft to tell. `as deployed`, where that was not written down, too. */
  readonly table: 'as deployed' | 'changed' | 'missing' | undefined;
  /** Chains of others that drop what is forwarded and they do not accept. */
  readonly drops: readonly ForwardDrop[];
  /** ActiveState of dnsmasq.service; undefined: not told. */
  readonly dnsmasq: string | undefined;
}

export interface ForwardDrop {
  /** Family, table and chain, as in `ip filter FORWARD`. */
  readonly chain: string;
  /** Interfaces and subnets that its table names. */
  readonly names: readonly string[];
}
