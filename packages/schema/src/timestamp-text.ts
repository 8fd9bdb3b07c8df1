/** Nanoseconds since the Unix epoch → `2026-11-22T02:41:07.412913Z`. Digits below a microsecond are cut. */
export function formatTimestamp(wallNs: bigint): string {
  const micros = wallNs / 1000n;
  const wholeMs = Number(micros / 1000n);
  const restMicros = (micros % 1000n).toString().padStart(3, '0');
  return `${new Date(wholeMs).toISOString().slice(0, -1)}${restMicros}Z`;
}

/** RFC 3339 → microseconds since the Unix epoch (a safe integer until the year 2255). */
export function parseTimestampUs(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  const wholeMs = Date.parse(text.replace(/\.\d+/, ''));
  if (Number.isNaN(wholeMs)) throw new RangeError(`not an RFC 3339 time: ${text.slice(0, 64)}`);
  return wholeMs * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
