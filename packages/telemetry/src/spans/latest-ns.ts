/** The latest of the times that are known; null when none is. */
export function latestNs(times: readonly (bigint | null | undefined)[]): bigint | null {
  let latest: bigint | null = null;
  for (const ns of times) if (ns !== null && ns !== undefined && (latest === null || ns > latest)) latest = ns;
  return latest;
}
