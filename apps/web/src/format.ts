/** Seconds as a person reads them: 0.4 s, 41.2 s, 3 m 20 s, 2 h 05 m. Cut, never rounded up: it has been that long. */
export function formatSeconds(seconds: number): string {
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  if (tenths < 1000) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.floor(tenths / 10);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} m`;
}

/** Bytes in the largest unit that keeps a digit before the point: 21.9 GB, 512 MB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit] ?? 'B'}`;
}

/** Time of day in UTC: 02:41:07, with so many digits of a second. */
export function formatClock(ms: number, digits: 0 | 1 | 3 = 0): string {
  const text = new Date(ms).toISOString();
  return text.slice(11, digits === 0 ? 19 : 20 + digits);
}

export function formatDay(ms: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(ms);
}

/** 0, 1, 2 and 5 → "0 to 2 and 5". */
export function formatRanks(ranks: readonly number[]): string {
  const sorted = [...new Set(ranks)].sort((a, b) => a - b);
  const runs: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while ((sorted[end + 1] ?? Number.NaN) === (sorted[end] ?? 0) + 1) end += 1;
    if (end - at >= 2) runs.push(`${sorted[at]} to ${sorted[end]}`);
    else for (let each = at; each <= end; each += 1) runs.push(String(sorted[each]));
    at = end + 1;
  }
  return runs.length < 2 ? (runs[0] ?? '') : `${runs.slice(0, -1).join(', ')} and ${runs.at(-1)}`;
}
