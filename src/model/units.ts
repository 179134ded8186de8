const mebibytes: Record<string, number> = { MiB: 1, GiB: 1024, TiB: 1024 ** 2 };
const milliseconds: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function read(text: string, units: Record<string, number>): number | undefined {
  const [, amount, unit] = /^([0-9]+)([A-Za-z]+)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Number(amount) * units[unit]!;
}

/** `3GiB` → 3072; undefined when it is not a size. */
export const parseSize = (text: string): number | undefined => read(text, mebibytes);

/** `15s` → 15000; undefined when it is not a duration. */
export const parseDuration = (text: string): number | undefined => read(text, milliseconds);

const ages: Record<string, number> = { h: 3_600_000, d: 86_400_000 };

/** `30d` → milliseconds; undefined when it is not an age. */
export const parseAge = (text: string): number | undefined => read(text, ages);

/** MiB for a reader: `512 MiB`, `3 GiB`, `31.3 GiB`, `12.5 TiB`. */
export function formatSize(mib: number): string {
  const { GiB, TiB } = { GiB: 1024, TiB: 1024 ** 2 };
  if (mib >= 10 * TiB || (mib > 0 && mib % TiB === 0)) return `${oneDecimal(mib / TiB)} TiB`;
  return mib >= 10 * GiB || mib % GiB === 0 ? `${oneDecimal(mib / GiB)} GiB` : `${mib} MiB`;
}

const oneDecimal = (n: number): string => (Number.isInteger(n) ? String(n) : n.toFixed(1));
