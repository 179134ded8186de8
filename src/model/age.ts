/**
 * How long ago, in its two largest units: `3 h 12 min`. Both times by the same clock, in seconds since the epoch.
 * Undefined if it is unknown.
 */
export function age(since: number | undefined, now: number): string | undefined {
  // Nix sets times in the store to 1; an incomplete record has none.
  if (since === undefined || !(since > 1) || !Number.isFinite(now)) return undefined;
  const minutes = Math.floor((now - since) / 60);
  if (minutes < 1) return 'less than a minute';
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return two(days, 'd', hours % 24, 'h');
  return hours > 0 ? two(hours, 'h', minutes % 60, 'min') : `${minutes} min`;
}

/** Seconds in one unit, and in no larger one than leaves two of it: `90 s`, `119 min`. */
export function span(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, unit] = units.find(([size]) => seconds >= 2 * size) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
