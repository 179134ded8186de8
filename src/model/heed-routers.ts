/**
 * A file of sysctl.d: a host that forwards IPv6 goes on heeding router advertisements, on whatever interface the
 * operator came in by, but never on the guests' bridges. A key by name goes before a pattern (sysctl.d(5)).
 */
export const heedRouters = (bridges: readonly string[]): string =>
  [
    '-net/ipv6/conf/*/accept_ra = 2\n',
    ...bridges.map((bridge) => `-net/ipv6/conf/${bridge}/accept_ra = 0\n`),
  ].join('');
