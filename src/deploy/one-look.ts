import type { Health } from '../model/facts.ts';

type Look = (addresses: readonly string[]) => Promise<Health>;

/**
 * Looks once for all callers at the same time. A caller during a look gets the next one: the look under way began earlier
 * and may not show what was done since.
 */
export function oneLook(look: Look): Look {
  let underWay: Promise<Health> | undefined;
  /** The one after it, with the addresses that it will ping. */
  let next: { readonly asked: Set<string>; readonly health: Promise<Health> } | undefined;
  const shared: Look = (addresses) => {
    if (underWay === undefined) {
      underWay = look(addresses).finally(() => {
        underWay = undefined;
      });
      return underWay;
    }
    if (next === undefined) {
      const asked = new Set<string>();
      const health = underWay.then(nothing, nothing).then(() => {
        next = undefined;
        return shared([...asked]);
      });
      next = { asked, health };
    }
    for (const address of addresses) next.asked.add(address);
    return next.health;
  };
  return shared;
}

const nothing = () => {};
